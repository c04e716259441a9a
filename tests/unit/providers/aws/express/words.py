"""Small readings of expressed specs that several tests share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.aws import provider
from providers.aws.account import Facts, Source
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import Value


def answering(
    account: Facts,
    *,
    web_acls: Mapping[str, str] = NO_STRINGS,
    trust_stores: Mapping[str, str] = NO_STRINGS,
    ssl_policies: frozenset[str] | None = None,
    log_buckets: Mapping[str, str] = NO_STRINGS,
    shield_subscribed: bool | None = None,
    protections: Mapping[str, str] | None = None,
    unread: tuple[Source, ...] = (),
) -> Facts:
    """Return an account that answers questions about names in annotations like this."""
    return replace(
        account,
        web_acls=web_acls,
        trust_stores=trust_stores,
        ssl_policies=ssl_policies,
        log_buckets=log_buckets,
        shield_subscribed=shield_subscribed,
        protections=protections,
        unread=tuple(source.value for source in unread),
    )


def pairs(value: Value) -> dict[str, str]:
    """Return a list of Key and Value as a mapping."""
    entries = [e for e in value if isinstance(e, Mapping)] if isinstance(value, tuple) else []
    return {str(e["Key"]): str(e["Value"]) for e in entries}


def provider_rules() -> dict[str, Mapping[str, frozenset[str]]]:
    """Return what the provider says about its fields, for the diff."""
    return {
        "immutable": provider.immutable,
        "create_only": provider.create_only,
        "partial": provider.partial,
    }

"""Look up what annotations name in the account: web ACLs, trust stores, policies, buckets.

Each costs a call or two, and only where somebody names one. None of it is needed to keep traffic
flowing, and the credentials of many a cluster may not read it, or a private network has no way to
the service; so whatever goes wrong is remembered as *not read* and stops nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from providers.aws.account import Source, Wanted
from providers.aws.client import Clients
from providers.aws.live.asking import ask, objects, text
from providers.aws.live.paging import THREADS
from provisioner.model.errors import NotFound, ProviderError
from provisioner.model.kube import NO_STRINGS

T = TypeVar("T")

REGIONAL = "REGIONAL"
_SUBSCRIBED = "ACTIVE"
_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What was found, in the form of ``Facts``."""

    web_acls: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    trust_stores: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    ssl_policies: frozenset[str] | None = None
    log_buckets: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    shield_subscribed: bool | None = None
    protections: Mapping[str, str] | None = None
    unread: tuple[str, ...] = ()


def read_named(clients: Clients, wanted: Wanted) -> Named:
    """Return what the account says about names in annotations."""
    unread: list[Source] = []

    def guarded(source: Source, read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except ProviderError:
            unread.append(source)
            return otherwise

    with ThreadPoolExecutor(THREADS) as pool:
        acls = pool.submit(
            guarded, Source.WEB_ACLS, lambda: _web_acls(clients, wanted.web_acls), NO_STRINGS
        )
        stores = pool.submit(
            guarded,
            Source.TRUST_STORES,
            lambda: _trust_stores(clients, wanted.trust_stores),
            NO_STRINGS,
        )
        policies: frozenset[str] | None = guarded(
            Source.SSL_POLICIES, lambda: _ssl_policies(clients, wanted.ssl_policies), None
        )
        subscribed: bool | None = guarded(
            Source.SUBSCRIPTION, lambda: _subscribed(clients, wanted), None
        )
        protections: Mapping[str, str] | None = guarded(
            Source.PROTECTIONS, lambda: _protections(clients, asked=subscribed is True), None
        )
        buckets, hidden = _log_buckets(clients, wanted.log_buckets)
        if hidden:
            unread.append(Source.LOG_BUCKETS)
        return Named(
            web_acls=acls.result(),
            trust_stores=stores.result(),
            ssl_policies=policies,
            log_buckets=buckets,
            shield_subscribed=subscribed,
            protections=protections,
            unread=tuple(sorted(source.value for source in unread)),
        )


def _resolved(wanted: Iterable[str], arns: Mapping[str, str]) -> Mapping[str, str]:
    """Return the ARN for every name or ARN that is wanted, "" where there is none."""
    known = frozenset(arns.values())
    return MappingProxyType(
        {name: name if name in known else arns.get(name, "") for name in sorted(wanted)}
    )


def _web_acls(clients: Clients, wanted: Iterable[str]) -> Mapping[str, str]:
    if not wanted:
        return NO_STRINGS
    found: dict[str, str] = {}
    more: dict[str, object] = {}
    while True:
        answer = ask(clients, "wafv2", "list_web_acls", Scope=REGIONAL, Limit=_PAGE, **more)
        page = objects(answer.get("WebACLs"))
        found |= {text(acl, "Name"): text(acl, "ARN") for acl in page}
        # The service gives a marker with the last page, too.
        if not text(answer, "NextMarker") or not page:
            return _resolved(wanted, found)
        more = {"NextMarker": text(answer, "NextMarker")}


def _trust_stores(clients: Clients, wanted: Iterable[str]) -> Mapping[str, str]:
    if not wanted:
        return NO_STRINGS
    pages = clients.elbv2.get_paginator("describe_trust_stores").paginate()
    stores = [store for page in pages for store in page["TrustStores"]]
    return _resolved(
        wanted, {store.get("Name", ""): store.get("TrustStoreArn", "") for store in stores}
    )


def _ssl_policies(clients: Clients, wanted: Iterable[str]) -> frozenset[str] | None:
    """Return every policy there is; a question about a wrong name would fail as a whole."""
    if not wanted:
        return None
    pages = clients.elbv2.get_paginator("describe_ssl_policies").paginate(
        LoadBalancerType="application"
    )
    return frozenset(policy.get("Name", "") for page in pages for policy in page["SslPolicies"])


def _log_buckets(clients: Clients, wanted: Iterable[str]) -> tuple[Mapping[str, str], bool]:
    """Return the Region of each bucket, and whether there are some that are not ours to see."""
    found: dict[str, str] = {}
    hidden = False
    for bucket in wanted:
        try:
            answer = ask(clients, "s3", "head_bucket", Bucket=bucket)
        except NotFound:
            found[bucket] = ""
        except ProviderError:
            hidden = True
        else:
            found[bucket] = text(answer, "BucketRegion") or clients.region
    return MappingProxyType(found), hidden


def _subscribed(clients: Clients, wanted: Wanted) -> bool | None:
    """Return whether the account has Shield Advanced; None where nobody asks."""
    if not wanted.shield:
        return None
    answer = ask(clients, "shield", "get_subscription_state")
    return text(answer, "SubscriptionState") == _SUBSCRIBED


def _protections(clients: Clients, *, asked: bool) -> Mapping[str, str] | None:
    if not asked:
        return None
    found: dict[str, str] = {}
    more: dict[str, object] = {}
    while True:
        try:
            answer = ask(clients, "shield", "list_protections", MaxResults=_PAGE, **more)
        except NotFound:  # what the service says where there is none
            return MappingProxyType(found)
        for protection in objects(answer.get("Protections")):
            found[text(protection, "ResourceArn")] = text(protection, "Id")
        token = text(answer, "NextToken")
        if not token:
            return MappingProxyType(found)
        more = {"NextToken": token}

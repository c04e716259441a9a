"""Settings of a listener besides its certificates and rules: TLS policy, mutual TLS, attributes.

A setting that AWS would refuse leaves an existing listener as it is and is told to those who state
it; it never takes the port from the other members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from providers.aws import addresses, managed
from providers.aws.account import Source
from providers.aws.desired.context import Context, native_field
from providers.aws.desired.lookups import unread_hint
from providers.aws.desired.mutual_tls import SPEC_FIELD, choose_mutual_tls
from providers.aws.managed import Managed
from providers.aws.settings import LISTENER_ATTRIBUTES
from provisioner.core.annotations import SSL_POLICY
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import ListenerIntent, ListenerProtocol
from provisioner.model.resource import PlainInput, Value

DEFAULT_SSL_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.2 and 1.3: AWS's own recommendation. The API's default still offers TLS 1.0."""

INCUMBENT_SSL_POLICY = "ELBSecurityPolicy-2016-08"
"""The incumbent controller's default, which is the API's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """Fields of a listener's spec, and which of them its tags name.

    ``possible`` is False where the listener cannot be opened with what is stated.
    """

    spec: Mapping[str, PlainInput]
    managed: frozenset[Managed] = frozenset()
    possible: bool = True
    diagnostics: tuple[Diagnostic, ...] = ()


def listener_settings(context: Context, listener: ListenerIntent) -> ListenerSettings:
    """Return the settings of one port."""
    spec: dict[str, PlainInput] = {}
    ours: set[Managed] = set()
    attributes = _attributes(context, listener)
    unseen = _unseen(context, listener) if attributes else ()
    if attributes:
        ours.add(Managed.ATTRIBUTES)
    if attributes and not unseen:
        spec["Attributes"] = [{"Key": k, "Value": attributes[k]} for k in sorted(attributes)]
    if listener.protocol is ListenerProtocol.HTTP:
        return ListenerSettings(spec=spec, managed=frozenset(ours), diagnostics=unseen)
    mutual = choose_mutual_tls(context, listener)
    if mutual.value is not None:
        spec[SPEC_FIELD] = mutual.value
    if mutual.ours:
        ours.add(Managed.MUTUAL_TLS)
    policy, problems = _ssl_policy(context, listener)
    if policy is not None:
        spec["SslPolicy"] = policy
    return ListenerSettings(
        spec=spec,
        managed=frozenset(ours),
        possible=mutual.possible and policy is not None,
        diagnostics=(*unseen, *mutual.diagnostics, *problems),
    )


def unused_attributes(
    context: Context, listeners: Iterable[ListenerIntent]
) -> tuple[Diagnostic, ...]:
    """Return a warning for the attributes of every port that is no listener."""
    listed = context.intent.options.get(LISTENER_ATTRIBUTES.name)
    known = {f"{listener.protocol.value}-{listener.port}" for listener in listeners}
    unknown = sorted(set(listed) - known) if isinstance(listed, Mapping) else []
    return tuple(
        finding
        for port in unknown
        for finding in context.warnings(
            "LISTENER-ATTRIBUTES-UNUSED",
            f"{port} is no listener of this load balancer, so these attributes have no effect",
            field=native_field(f"{LISTENER_ATTRIBUTES.name}.{port}"),
            setting=f"{LISTENER_ATTRIBUTES.name}.{port}",
            hint=f"its listeners are {', '.join(sorted(known))}",
        )
    )


def _attributes(context: Context, listener: ListenerIntent) -> Mapping[str, str]:
    """Return the attributes listed for a port (``listener-attributes.HTTPS-443``)."""
    listed = context.intent.options.get(LISTENER_ATTRIBUTES.name)
    port = f"{listener.protocol.value}-{listener.port}"
    found = listed.get(port) if isinstance(listed, Mapping) else None
    if isinstance(found, Mapping):
        return {str(key): str(value) for key, value in found.items()}
    return _present_attributes(context, listener) if context.holding else {}


def _unseen(context: Context, listener: ListenerIntent) -> tuple[Diagnostic, ...]:
    """Return what to say where we have set attributes and may not look at them now."""
    existing = context.at(addresses.listener(context.group, listener.port))
    if existing is None or "Attributes" in existing.spec:
        return ()
    if Managed.ATTRIBUTES not in managed.of_spec(existing.spec.get("Tags")):
        return ()
    return context.warnings(
        "CLOUD-UNREAD",
        f"the attributes of port {listener.port} could not be read, so they stay as they are",
        field=native_field(f"{LISTENER_ATTRIBUTES.name}.{listener.protocol.value}-{listener.port}"),
        among=listener.members,
        hint="allow elasticloadbalancing:DescribeListenerAttributes in the IAM policy of these "
        "credentials",
    )


def _present_attributes(context: Context, listener: ListenerIntent) -> Mapping[str, str]:
    """Return what a held Ingress may have listed: attributes are read only where we set some."""
    existing = context.at(addresses.listener(context.group, listener.port))
    listed = existing.spec.get("Attributes") if existing is not None else None
    entries = listed if isinstance(listed, tuple) else ()
    return {str(e["Key"]): str(e["Value"]) for e in entries if isinstance(e, Mapping)}


def _ssl_policy(context: Context, listener: ListenerIntent) -> tuple[Value, tuple[Diagnostic, ...]]:
    """Return the policy stated, if there is one of that name, else what is or the default."""
    address = addresses.listener(context.group, listener.port)
    existing = context.at(address)
    present = existing.spec.get("SslPolicy") if existing is not None else None
    stated = listener.ssl_policy
    if stated is None:
        default = INCUMBENT_SSL_POLICY if context.incumbent else DEFAULT_SSL_POLICY
        return (present if context.holding and present else default), ()
    known = context.facts.ssl_policies
    if known is None or stated in known:
        return stated, _unchecked(context, listener)
    return present, context.errors(
        "LISTENER-SSL-POLICY",
        f"AWS has no security policy {stated} for load balancers in this Region; port "
        f"{listener.port} {f'keeps {present}' if present else 'is not opened'}",
        field=native_field("ssl-policy"),
        setting=SSL_POLICY.name,
        among=listener.members,
        hint=f"{DEFAULT_SSL_POLICY} is AWS's recommendation",
    )


def _unchecked(context: Context, listener: ListenerIntent) -> tuple[Diagnostic, ...]:
    if Source.SSL_POLICIES.value not in context.facts.unread:
        return ()
    return context.warnings(
        "CLOUD-UNCHECKED",
        f"whether security policy {listener.ssl_policy} exists could not be checked",
        field=native_field("ssl-policy"),
        setting=SSL_POLICY.name,
        among=listener.members,
        hint=unread_hint(Source.SSL_POLICIES),
    )

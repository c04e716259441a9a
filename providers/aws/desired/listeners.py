"""Listeners: what each port speaks, which certificates it holds, and what it answers by default.

An HTTPS listener cannot exist without a certificate. Where none can be found for anyone, the
listener is not planned and its members are told; where it exists already, it keeps the certificate
it has. A member whose host has no certificate loses that host on that port, and nobody else does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from providers.aws import addresses
from providers.aws.addresses import Kind
from providers.aws.desired import retain
from providers.aws.desired.certificates import (
    CertificateChoice,
    certificate_arns,
    choose_certificates,
    host_field,
    named_by,
)
from providers.aws.desired.context import Context
from providers.aws.routing import rules
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import (
    BackendId,
    ListenerIntent,
    ListenerProtocol,
    Quarantined,
    Redirect,
)
from provisioner.model.kube import Key
from provisioner.model.resource import PlainInput, Ref, Resource, Unknown, Value, freeze_spec

_DEFAULT_BACKEND = "spec.defaultBackend"  # the field of a quarantined default backend

DEFAULT_SSL_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.2 and 1.3: AWS's own recommendation. The API's default still offers TLS 1.0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """One port as it can be served: the rules that are left, and its certificates.

    ``kept`` are last good rules that stand beside the planned ones. ``planned`` is False where the
    listener cannot exist.
    """

    listener: ListenerIntent
    planned: bool = True
    certificates: tuple[Value, ...] = ()
    wanted_by: Mapping[str, frozenset[Key]] = field(default_factory=lambda: MappingProxyType({}))
    kept: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()


def front(context: Context, listener: ListenerIntent) -> Front:
    """Return one port as it can be served."""
    kept = retain.kept_rules(context, listener.port)
    if listener.protocol is ListenerProtocol.HTTP:
        return Front(listener=listener, kept=kept)
    choice = choose_certificates(context, listener)
    certificates = _with_present(context, listener, choice)
    problems = choice.diagnostics
    if not certificates and not choice.missing:
        problems += _without_certificate(listener)
    return Front(
        listener=_without_hosts(listener, choice),
        planned=bool(certificates),
        certificates=certificates,
        wanted_by=choice.wanted_by,
        kept=retain.kept_rules(context, listener.port, hosts=choice.missing),
        diagnostics=problems,
        quarantined=_quarantined(listener, choice),
    )


def listener_resources(
    context: Context, this: Front, target_groups: Mapping[BackendId, str]
) -> tuple[Resource, ...]:
    """Return a listener and its certificates besides the default one."""
    listener = this.listener
    address = addresses.listener(context.group, listener.port)
    spec: dict[str, PlainInput] = {
        "LoadBalancerArn": Ref(context.address, "LoadBalancerArn"),
        "Protocol": listener.protocol.value,
        "Port": listener.port,
        "DefaultActions": _default_actions(context, listener, target_groups),
        "Tags": context.tags(address, role=str(listener.port), user=_tags(context)),
    }
    if listener.protocol is ListenerProtocol.HTTPS:
        spec["SslPolicy"] = _ssl_policy(context, listener)
        spec["Certificates"] = [{"CertificateArn": this.certificates[0]}]
    resource = Resource(
        kind=Kind.LISTENER,
        address=address,
        group=context.group,
        ingresses=tuple(sorted(listener.members)),
        spec=freeze_spec(spec),
        title=f"{listener.protocol.value} on port {listener.port}",
    )
    return (resource, *_further_certificates(context, this))


def is_redirect(context: Context, listener: ListenerIntent) -> bool:
    """Tell whether a port redirects everything, so that it has no rules."""
    return listener.redirect_to is not None or (
        listener.default_ingress is None
        and listener.protocol is ListenerProtocol.HTTP
        and retain.default_is_held(context, listener.port)
        and _present_default_is_redirect(context, listener.port)
    )


def _tags(context: Context) -> Mapping[str, str]:
    return context.intent.tags


def _further_certificates(context: Context, this: Front) -> tuple[Resource, ...]:
    port = this.listener.port
    listener = addresses.listener(context.group, port)
    return tuple(
        Resource(
            kind=Kind.LISTENER_CERTIFICATE,
            address=addresses.listener_certificate(context.group, port, arn),
            group=context.group,
            ingresses=_wanting(context, this, arn),
            spec=freeze_spec(
                {
                    "ListenerArn": Ref(listener, "ListenerArn"),
                    "Certificates": [{"CertificateArn": arn}],
                }
            ),
            title=f"certificate on port {port}",
        )
        for arn in this.certificates[1:]
        if isinstance(arn, str)
    )


def _wanting(context: Context, this: Front, arn: str) -> tuple[Key, ...]:
    """Return whose certificate it is: who names it or has hosts that it was found for."""
    wanting = {*named_by(context, arn), *this.wanted_by.get(arn, ())}
    return tuple(sorted(wanting.intersection(this.listener.members) or this.listener.members))


def _default_actions(
    context: Context, listener: ListenerIntent, target_groups: Mapping[BackendId, str]
) -> Value:
    """Return what answers when no rule matches: a redirect, a default backend, or 404."""
    if listener.redirect_to is not None:
        to_https = Redirect(status=301, protocol="HTTPS", port=str(listener.redirect_to))
        return rules.actions(to_https, target_groups)
    present = context.at(addresses.listener(context.group, listener.port))
    if present is not None and _default_stays(context, listener):
        return present.spec.get("DefaultActions")
    return rules.actions(listener.default, target_groups)


def _default_stays(context: Context, listener: ListenerIntent) -> bool:
    """Tell whether a listener answers as it did: its default backend is held or quarantined."""
    if listener.default_ingress is None:
        return retain.default_is_held(context, listener.port)
    return any(
        entry.ingress == listener.default_ingress and entry.path == _DEFAULT_BACKEND
        for entry in context.intent.quarantined
    )


def _present_default_is_redirect(context: Context, port: int) -> bool:
    present = context.at(addresses.listener(context.group, port))
    actions = present.spec.get("DefaultActions") if present is not None else ()
    return isinstance(actions, tuple) and any(
        isinstance(action, Mapping) and action.get("Type") == "redirect" for action in actions
    )


def _ssl_policy(context: Context, listener: ListenerIntent) -> Value:
    if listener.ssl_policy is not None:
        return listener.ssl_policy
    present = context.at(addresses.listener(context.group, listener.port))
    if context.holding and present is not None and present.spec.get("SslPolicy"):
        return present.spec["SslPolicy"]
    return DEFAULT_SSL_POLICY


def _with_present(
    context: Context, listener: ListenerIntent, choice: CertificateChoice
) -> tuple[Value, ...]:
    """Return the chosen certificates, and those that must stay where something is held.

    A listener that exists keeps the certificates it has while some host has none to replace them
    with, and while Ingresses are held whose hosts are not known here.
    """
    if not (context.holding or choice.missing or not choice.certificates):
        return choice.certificates
    address = addresses.listener(context.group, listener.port)
    default: list[str] = []
    others: list[str] = []
    for resource in context.observed:
        if resource.address == address:
            default += certificate_arns(resource.spec.get("Certificates"))
        elif resource.kind == Kind.LISTENER_CERTIFICATE and _belongs(resource.spec, address):
            others += certificate_arns(resource.spec.get("Certificates"))
    named = [arn for arn in choice.certificates if arn in listener.certificates]
    first = named if listener.certificates and not context.holding else [*default, *named]
    everything = [*first, *choice.certificates, *default, *others]
    known = [arn for arn in everything if not isinstance(arn, Unknown)]
    return tuple(dict.fromkeys(known or everything))


def _belongs(spec: Mapping[str, Value], listener: str) -> bool:
    arn = spec.get("ListenerArn")
    return isinstance(arn, Ref) and arn.address == listener


def _without_hosts(listener: ListenerIntent, choice: CertificateChoice) -> ListenerIntent:
    left = tuple(r for r in listener.rules if (r.ingress, r.host) not in choice.missing)
    return replace(listener, rules=left)


def _quarantined(listener: ListenerIntent, choice: CertificateChoice) -> tuple[Quarantined, ...]:
    reasons: dict[tuple[Key, str], Diagnostic] = {}
    for member, host in choice.missing:
        field = host_field(listener, member, host)
        reasons[member, host] = next(
            d
            for d in choice.diagnostics
            if d.code == "CERTIFICATE-NOT-FOUND"
            and d.ingress == member
            and d.field == field
            and f"host {host} " in d.message
        )
    return tuple(
        Quarantined(
            ingress=rule.ingress, path=rule.field, diagnostic=reasons[rule.ingress, rule.host]
        )
        for rule in listener.rules
        if (rule.ingress, rule.host) in reasons
    )


def _without_certificate(listener: ListenerIntent) -> tuple[Diagnostic, ...]:
    """Return the errors of a port for which nobody names a certificate or a host to find one by."""
    return tuple(
        error(
            "LISTENER-NO-CERTIFICATE",
            f"Ingress {member}",
            message=(
                f"HTTPS port {listener.port} has no certificate: none is named that can be used, "
                "and no rule has a host to find one by"
            ),
            field="spec.tls",
            hint="name one in annotation alb.ingress.kubernetes.io/certificate-arn",
            ingress=member,
        )
        for member in listener.members
    )

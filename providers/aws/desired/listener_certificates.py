"""Put certificates on a listener: which stay for held Ingresses, and which host has none.

A listener that exists keeps the certificates it has while some host has none to replace them with,
while Ingresses are held whose hosts are not known here, and while nobody may look which are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.aws import addresses
from providers.aws.addresses import Kind
from providers.aws.desired.certificates import CertificateChoice, certificate_names
from providers.aws.desired.context import Context
from providers.aws.desired.named_certificates import named_by
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import ListenerIntent, Quarantined
from provisioner.model.kube import Key
from provisioner.model.resource import Ref, Resource, Unknown, Value, freeze_spec


def with_present(
    context: Context, listener: ListenerIntent, choice: CertificateChoice
) -> tuple[Value, ...]:
    """Return the chosen certificates, and those that must stay."""
    kept = context.holding or choice.missing or choice.held
    if choice.certificates and not kept:
        return choice.certificates
    address = addresses.listener(context.group, listener.port)
    default: list[str | Ref] = []
    others: list[str | Ref] = []
    for resource in context.observed:
        if resource.address == address:
            default += certificate_names(resource.spec.get("Certificates"))
        elif resource.kind == Kind.LISTENER_CERTIFICATE and _belongs(resource.spec, address):
            others += certificate_names(resource.spec.get("Certificates"))
    named = [arn for arn in choice.certificates if arn in listener.certificates]
    first = named if listener.certificates and not context.holding else [*default, *named]
    everything = [*first, *choice.certificates, *default, *others]
    known = [arn for arn in everything if not isinstance(arn, Unknown)]
    return tuple(dict.fromkeys(known or everything))


def listed_certificates(
    context: Context,
    listener: ListenerIntent,
    certificates: tuple[Value, ...],
    *,
    wanted_by: Mapping[str, frozenset[Key]],
) -> tuple[Resource, ...]:
    """Return the certificates of the listener's list: all but the default one.

    The incumbent controller lists that one, too.
    """
    address = addresses.listener(context.group, listener.port)
    listed = certificates if context.incumbent else certificates[1:]
    return tuple(
        Resource(
            kind=Kind.LISTENER_CERTIFICATE,
            address=addresses.listener_certificate(context.group, listener.port, identity(value)),
            group=context.group,
            ingresses=_wanting(context, listener, identity(value), wanted_by=wanted_by),
            spec=freeze_spec(
                {
                    "ListenerArn": Ref(address, "ListenerArn"),
                    "Certificates": [{"CertificateArn": value}],
                }
            ),
            title=f"certificate on port {listener.port}",
        )
        for value in listed
        if isinstance(value, str | Ref)
    )


def identity(certificate: str | Ref) -> str:
    """Return what tells a certificate from others: its ARN, or what is to have one."""
    return certificate.address if isinstance(certificate, Ref) else certificate


def without_missing(listener: ListenerIntent, choice: CertificateChoice) -> ListenerIntent:
    """Return the listener without the rules of hosts that have no certificate."""
    left = tuple(r for r in listener.rules if (r.ingress, r.host) not in choice.reasons)
    return replace(listener, rules=left)


def set_aside(listener: ListenerIntent, choice: CertificateChoice) -> tuple[Quarantined, ...]:
    """Return the rules of hosts that have no certificate, and why."""
    return tuple(
        Quarantined(
            ingress=rule.ingress,
            path=rule.field,
            diagnostic=choice.reasons[rule.ingress, rule.host],
        )
        for rule in listener.rules
        if (rule.ingress, rule.host) in choice.reasons
    )


def without_certificate(listener: ListenerIntent) -> tuple[Diagnostic, ...]:
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


def _belongs(spec: Mapping[str, Value], listener: str) -> bool:
    arn = spec.get("ListenerArn")
    return isinstance(arn, Ref) and arn.address == listener


def _wanting(
    context: Context,
    listener: ListenerIntent,
    name: str,
    *,
    wanted_by: Mapping[str, frozenset[Key]],
) -> tuple[Key, ...]:
    """Return whose certificate it is: who names it, brings it, or has hosts it was found for."""
    wanting = {*named_by(context, name), *wanted_by.get(name, ())}
    return tuple(sorted(wanting.intersection(listener.members) or listener.members))

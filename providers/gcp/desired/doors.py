"""Listen ports: which ones there can be, and the proxy and forwarding rule that each consists of.

A door is one port as it can be served. It stays shut where Google offers no such port, or where
HTTPS has no certificate; one that exists already stays open with what it has, and its members are
told.

Sources: "Forwarding rules overview" (port specifications), "Target proxies overview".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from providers.gcp.desired.certificates import (
    CertificateChoice,
    choose_certificates,
    lost,
    without_certificate,
)
from providers.gcp.desired.context import Context
from providers.gcp.desired.ip_address import IpAddress
from providers.gcp.desired.ssl_policy import SslPolicy, ssl_policy
from providers.gcp.shapes import shaped
from providers.gcp.variant import Variant
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import ListenerIntent, ListenerProtocol
from provisioner.model.resource import PlainInput, Ref, Resource

LINK = "selfLink"

_CLASSIC_PORTS: Mapping[ListenerProtocol, tuple[int, ...]] = {
    ListenerProtocol.HTTP: (80, 8080),
    ListenerProtocol.HTTPS: (443,),
}
_PORTS_FIELD = "metadata.annotations[ingress-provisioner.io/listen-ports]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One port as it can be served. ``planned`` is False where it cannot exist."""

    listener: ListenerIntent
    planned: bool = True
    choice: CertificateChoice = field(default_factory=CertificateChoice)
    policy: SslPolicy = field(default_factory=SslPolicy)
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def https(self) -> bool:
        """Whether clients speak TLS here."""
        return self.listener.protocol is ListenerProtocol.HTTPS


def door(context: Context, listener: ListenerIntent) -> Door:
    """Return one port as it can be served."""
    problems = tuple(_impossible(context, listener))
    if problems:
        return Door(listener=listener, planned=False, diagnostics=problems)
    if listener.protocol is ListenerProtocol.HTTP:
        return Door(listener=listener)
    choice = choose_certificates(context, listener)
    policy = ssl_policy(context, listener)
    findings = [*choice.diagnostics, *policy.diagnostics]
    if not choice.serves:
        findings += () if choice.explained else without_certificate(listener)
        findings += _nothing_left(context, listener)
    return Door(
        listener=listener,
        planned=choice.serves and policy.serves,
        choice=choice,
        policy=policy,
        diagnostics=tuple(findings),
    )


def _nothing_left(context: Context, listener: ListenerIntent) -> Iterator[Diagnostic]:
    """Yield the errors of members that lose all they have with this port: HTTP is off as well."""
    over_http = {
        member
        for each in context.intent.listeners
        if each.protocol is ListenerProtocol.HTTP
        for member in each.members
    }
    for member in dict.fromkeys(member for each in lost(listener) for member in each.members):
        if member not in over_http:
            yield error(
                "LISTENER-NONE",
                f"Ingress {member}",
                message="it has nothing to listen on: HTTP is turned off, and no certificate for"
                " HTTPS can be used",
                field="spec.tls",
                hint="bring a certificate, or allow HTTP",
                ingress=member,
            )


def door_resources(
    context: Context, this: Door, url_map: str, ip: IpAddress
) -> tuple[Resource, ...]:
    """Return what one port consists of: proxy, forwarding rule, and certificates of ours.

    Args:
        context: The load balancer.
        this: The port.
        url_map: Address of the URL map behind it.
        ip: The load balancer's address.
    """
    proxy = _proxy(context, this, url_map)
    return (*this.choice.resources, proxy, _rule(context, this, proxy, ip))


def _proxy(context: Context, this: Door, url_map: str) -> Resource:
    port, https = this.listener.port, this.https
    address = addresses.target_proxy(context.group, port, https=https, balancer=context.balancer)
    name = context.labels.target_proxy_name(address, port, https=https)
    fields: dict[str, PlainInput] = {
        "name": name,
        "description": context.labels.frontend_description(address),
        "urlMap": Ref(url_map, LINK),
        **context.place,
    }
    if https:
        fields |= {
            "sslCertificates": this.choice.certificates,
            "sslPolicy": this.policy.value,
            "certificateMap": this.choice.map,
        }
    kind = Kind.TARGET_HTTPS_PROXY if https else Kind.TARGET_HTTP_PROXY
    return Resource(
        kind=kind,
        address=address,
        group=context.group,
        name=name,
        ingresses=tuple(sorted(this.listener.members)),
        spec=shaped(kind, fields),
        title=f"{this.listener.protocol.value} on port {port}",
    )


def _rule(context: Context, this: Door, proxy: Resource, ip: IpAddress) -> Resource:
    port = this.listener.port
    address = addresses.forwarding_rule(context.group, port, balancer=context.balancer)
    name = context.labels.forwarding_rule_name(address, port, https=this.https)
    fields: dict[str, PlainInput] = {
        "name": name,
        "description": context.labels.frontend_description(address),
        "IPAddress": ip.value,
        "IPProtocol": "TCP",
        "portRange": f"{port}-{port}",
        "loadBalancingScheme": context.variant.scheme,
        "target": Ref(proxy.address, LINK),
        "networkTier": ip.tier,
        **context.place,
    }
    if context.variant.regional:
        fields["network"] = context.network
    if context.variant is Variant.REGIONAL_INTERNAL:
        fields["subnetwork"] = context.subnetwork
    return Resource(
        kind=Kind.FORWARDING_RULE,
        address=address,
        group=context.group,
        name=name,
        ingresses=tuple(sorted(this.listener.members)),
        spec=shaped(Kind.FORWARDING_RULE, fields),
        title=f"port {port}",
    )


def _impossible(context: Context, listener: ListenerIntent) -> Iterator[Diagnostic]:
    """Yield the errors of a port that Google does not offer."""
    allowed = _CLASSIC_PORTS[listener.protocol]
    if context.variant is not Variant.CLASSIC or listener.port in allowed:
        return
    ports = " or ".join(map(str, allowed))
    for member in listener.members:
        yield error(
            "LISTENER-PORT",
            f"Ingress {member}",
            message=f"a classic load balancer serves {listener.protocol.value} on port {ports},"
            f" not on {listener.port}",
            field=_PORTS_FIELD,
            hint="use these ports, or another kind of load balancer:"
            " ingress-provisioner.io/google-load-balancer: global-external",
            ingress=member,
        )

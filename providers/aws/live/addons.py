"""Read what guards our load balancers, where their tags say that we set it.

A question per load balancer and guard, so nobody is asked about load balancers without one. What
may not be read is left out: planning then sees the mark without the thing, leaves it alone and
says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from providers.aws import managed
from providers.aws.addresses import Kind
from providers.aws.client import Clients
from providers.aws.live.asking import ask, text
from providers.aws.live.index import Tagged
from providers.aws.managed import Managed
from provisioner.model.errors import NotFound, ProviderError
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import PlainInput

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import LoadBalancerTypeDef


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOn:
    """What one guard of a load balancer is: the part of its spec besides the load balancer."""

    kind: Kind
    spec: Mapping[str, PlainInput]
    outputs: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)


def read_addons(clients: Clients, balancer: Tagged[LoadBalancerTypeDef]) -> tuple[AddOn, ...]:
    """Return what guards a load balancer, as far as its tags say that we set it."""
    found = []
    for each, read in _READERS.items():
        if each in managed.of_tags(balancer.tags):
            try:
                found.append(read(clients, balancer.id))
            except ProviderError:
                continue
    return tuple(found)


def read_web_acl(clients: Clients, arn: str) -> AddOn:
    """Return the web ACL of a load balancer, "" where it has none."""
    try:
        answer = ask(clients, "wafv2", "get_web_acl_for_resource", ResourceArn=arn)
    except NotFound:
        return AddOn(kind=Kind.WEB_ACL_ASSOCIATION, spec={"WebACLArn": ""})
    acl = answer.get("WebACL")
    said = text(acl, "ARN") if isinstance(acl, dict) else ""
    return AddOn(kind=Kind.WEB_ACL_ASSOCIATION, spec={"WebACLArn": said})


def read_classic_web_acl(clients: Clients, arn: str) -> AddOn:
    """Return the web ACL of WAF Classic, "" where there is none."""
    try:
        answer = ask(clients, "waf-regional", "get_web_acl_for_resource", ResourceArn=arn)
    except NotFound:
        return AddOn(kind=Kind.CLASSIC_WEB_ACL_ASSOCIATION, spec={"WebACLId": ""})
    acl = answer.get("WebACLSummary")
    said = text(acl, "WebACLId") if isinstance(acl, dict) else ""
    return AddOn(kind=Kind.CLASSIC_WEB_ACL_ASSOCIATION, spec={"WebACLId": said})


def read_protection(clients: Clients, arn: str) -> AddOn:
    """Return whether Shield Advanced protects a load balancer."""
    try:
        answer = ask(clients, "shield", "describe_protection", ResourceArn=arn)
    except NotFound:
        return AddOn(kind=Kind.PROTECTION, spec={"Enabled": False})
    protection = answer.get("Protection")
    identifier = text(protection, "Id") if isinstance(protection, dict) else ""
    return AddOn(
        kind=Kind.PROTECTION,
        spec={"Enabled": bool(identifier)},
        outputs=MappingProxyType({"ProtectionId": identifier}),
    )


_READERS: Mapping[Managed, Callable[[Clients, str], AddOn]] = MappingProxyType(
    {
        Managed.WEB_ACL: read_web_acl,
        Managed.CLASSIC_WEB_ACL: read_classic_web_acl,
        Managed.PROTECTION: read_protection,
    }
)

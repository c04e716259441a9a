"""Every field of IngressClassParams, applied through a real class and against the annotation.

Each Ingress here says something else in its annotation; what AWS holds must be what its class says,
and when the class falls silent, what the Ingress says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from providers.aws.class_params import class_words
from provisioner.model.kube import Meta, Parameters
from provisioner.model.resource import Json
from tests.contract.annotations import look
from tests.contract.annotations.look import Look, Probe
from tests.contract.annotations.row import HTTPS, NATIVE
from tests.contract.annotations.site import Site
from tests.contract.provider import manifests
from tests.contract.provider.desk import calls_of
from tests.contract.provider.manifests import NAMESPACE, Document, Route

CONTROLLER = "ingress-provisioner.io/aws"
IDLE = "idle_timeout.timeout_seconds"
FRAMES = "routing.http.response.x_frame_options.header_value"
POLICY, STRICT = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-TLS13-1-3-2021-06"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of the class, the annotation that it outranks, and where to look.

    ``seen`` is what is found with the class, and once its field is gone.
    """

    name: str
    said: Json
    annotation: str
    value: str
    probe: Probe
    seen: tuple[Json, Json]


def _pair(key: str, value: str) -> list[Json]:
    return [{"key": key, "value": value}]


def _tag(look_at: Look) -> Json:
    return look_at.tags(look_at.arn).get("team")


FIELDS: tuple[Field, ...] = (
    Field(
        name="certificateArn",
        said=["$certificate_a"],
        annotation="certificate-arn",
        value="$certificate_b",
        probe=look.certificates,
        seen=(["$certificate_a"], ["$certificate_b"]),
    ),
    Field(
        name="inboundCIDRs",
        said=["10.0.0.0/8"],
        annotation="inbound-cidrs",
        value="192.168.0.0/16",
        probe=look.open_to,
        seen=(["10.0.0.0/8"], ["192.168.0.0/16"]),
    ),
    Field(
        name="ipAddressType",
        said="ipv4",
        annotation="ip-address-type",
        value="dualstack",
        probe=look.balancer("IpAddressType"),
        seen=("ipv4", "dualstack"),
    ),
    Field(
        name="ipamConfiguration",
        said={"ipv4IPAMPoolId": "$ipam_a"},
        annotation="ipam-ipv4-pool-id",
        value="$ipam_b",
        probe=look.ipam_pool,
        seen=("$ipam_a", "$ipam_b"),
    ),
    Field(
        name="listeners",
        said=[{"protocol": "HTTPS", "port": 443, "listenerAttributes": _pair(FRAMES, "DENY")}],
        annotation="listener-attributes.HTTPS-443",
        value=f"{FRAMES}=SAMEORIGIN",
        probe=look.listener_attribute(FRAMES),
        seen=("DENY", "SAMEORIGIN"),
    ),
    Field(
        name="loadBalancerAttributes",
        said=_pair(IDLE, "90"),
        annotation="load-balancer-attributes",
        value=f"{IDLE}=120",
        probe=look.balancer_attribute(IDLE),
        seen=(["90"], ["120"]),
    ),
    Field(
        name="loadBalancerName",
        said="of-the-class",
        annotation="load-balancer-name",
        value="of-the-ingress",
        probe=look.balancer("LoadBalancerName"),
        seen=("of-the-class", "of-the-class"),  # AWS cannot rename one
    ),
    Field(
        name="minimumLoadBalancerCapacity",
        said={"capacityUnits": 200},
        annotation="minimum-load-balancer-capacity",
        value="CapacityUnits=300",
        probe=look.capacity,
        seen=(200, 300),
    ),
    Field(
        name="PrefixListsIDs",
        said=["$prefixes_a"],
        annotation="security-group-prefix-lists",
        value="$prefixes_b",
        probe=look.open_to,
        seen=(["$prefixes_a"], ["$prefixes_b"]),
    ),
    Field(
        name="prefixListsIDs",
        said=["$prefixes_b"],
        annotation="security-group-prefix-lists",
        value="$prefixes_a",
        probe=look.open_to,
        seen=(["$prefixes_b"], ["$prefixes_a"]),
    ),
    Field(
        name="scheme",
        said="internet-facing",
        annotation="target-type",  # another scheme would be another load balancer
        value="ip",
        probe=look.balancer("Scheme"),
        seen=("internet-facing", "internet-facing"),
    ),
    Field(
        name="sslPolicy",
        said=POLICY,
        annotation="ssl-policy",
        value=STRICT,
        probe=look.listener("SslPolicy"),
        seen=(POLICY, STRICT),
    ),
    Field(
        name="sslRedirectPort",
        said="443",
        annotation="ssl-redirect",
        value="8443",
        probe=look.redirects_to,
        seen=(["443", 0], ["8443", 0]),
    ),
    Field(
        name="subnets",
        said={"ids": ["$six_a", "$six_b"]},
        annotation="subnets",
        value="$public_a,$public_b",
        probe=look.subnets,
        seen=(["$six_a", "$six_b"], ["$public_a", "$public_b"]),
    ),
    Field(
        name="tags",
        said=_pair("team", "class"),
        annotation="tags",
        value="team=ingress",
        probe=_tag,
        seen=("class", "ingress"),
    ),
    Field(
        name="targetType",
        said="ip",
        annotation="target-type",
        value="instance",
        probe=look.target_type,
        seen=(["ip", True], ["instance", True]),
    ),
    Field(
        name="wafv2AclArn",
        said="$acl_a",
        annotation="wafv2-acl-arn",
        value="$acl_b",
        probe=look.web_acl,
        seen=("$acl_a", "$acl_b"),
    ),
    Field(
        name="wafv2AclName",
        said="$acl_name_a",
        annotation="wafv2-acl-name",
        value="$acl_name_b",
        probe=look.web_acl,
        seen=("$acl_a", "$acl_b"),
    ),
)
BESIDE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "ipAddressType": {"subnets": "$six_a,$six_b"},
        "sslRedirectPort": {"listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}, {"HTTPS": 8443}]'},
    }
)
SELECTS_SUBNETS: Json = {"tags": {"Name": ["six-0", "six-1"]}}


def a_class(name: str, spec: Mapping[str, Json]) -> list[Document]:
    """Return an IngressClass of ours and the parameters that it names."""
    parameters: Document = {
        "apiGroup": "elbv2.k8s.aws",
        "kind": "IngressClassParams",
        "name": name,
    }
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": name},
            "spec": {"controller": CONTROLLER, "parameters": parameters},
        },
        {
            "apiVersion": "elbv2.k8s.aws/v1beta1",
            "kind": "IngressClassParams",
            "metadata": {"name": name},
            "spec": dict(spec),
        },
    ]


def an_ingress(site: Site, name: str, said: Mapping[str, str]) -> Document:
    """Return an Ingress of the class of its name, with native annotations."""
    notes = {f"{NATIVE}{key}": site.things.fill(value) for key, value in said.items()}
    route = Route(host=f"{name}.shop.example.com")
    annotations = {f"{NATIVE}scheme": "internet-facing", **HTTPS, **notes}
    made = manifests.ingress(name, route, class_name=name, annotations=annotations)
    metadata = made["metadata"]
    assert isinstance(metadata, dict)
    metadata["annotations"] = dict(annotations)  # no portable scheme beside the native one
    return made


def put(site: Site, *, with_fields: bool) -> None:
    """Write a class and an Ingress for every field."""
    for field in FIELDS:
        spec = {field.name: site.things.filled(field.said)} if with_fields else {}
        said = {**BESIDE.get(field.name, {}), field.annotation: field.value}
        name = field_name(field)
        site.desk.put(*a_class(name, spec), an_ingress(site, name, said))


def field_name(field: Field) -> str:
    """Return what the class and the Ingress of a field are called."""
    old = "old-" if field.name[0].isupper() else ""
    return f"{old}{field.name}".lower()


def differences(site: Site, number: int) -> dict[str, Json]:
    """Return what is not as a field expects."""
    found: dict[str, Json] = {}
    for field in FIELDS:
        seen = field.probe(Look(site.cloud.account, f"{NAMESPACE}/{field_name(field)}"))
        expected = site.things.filled(field.seen[number])
        if seen != expected:
            found[field.name] = {"seen": seen, "expected": expected}
    return found


def test_every_field_is_here() -> None:
    """The product names the fields it knows; each is in the table or has a test of its own."""
    nobody = Parameters(
        group="elbv2.k8s.aws",
        kind="IngressClassParams",
        meta=Meta(namespace="", name="nobody"),
        spec=MappingProxyType({"nonsense": 1}),
    )

    (unknown,) = class_words(nobody).diagnostics

    known = set(unknown.hint.removeprefix("known are ").split(", "))
    assert known == {field.name for field in FIELDS} | {"group", "namespaceSelector"}


def test_a_class_outranks_annotations_until_it_falls_silent(site: Site) -> None:
    """AWS holds what the class says; without the field, what the Ingress said all along."""
    put(site, with_fields=True)
    site.desk.converge()
    assert differences(site, 0) == {}

    put(site, with_fields=False)
    site.desk.converge()
    assert differences(site, 1) == {}
    site.clear_out()


def test_a_class_selects_subnets_by_tags(site: Site) -> None:
    """Subnets with the class' tags are used, although no role tag names them."""
    site.desk.put(*a_class("web", {"subnets": SELECTS_SUBNETS}), an_ingress(site, "web", {}))

    site.desk.converge()

    expected = site.things.filled(["$six_a", "$six_b"])
    assert look.subnets(Look(site.cloud.account, f"{NAMESPACE}/web")) == expected
    site.clear_out()


def test_a_class_puts_its_ingresses_into_a_group(site: Site) -> None:
    """The group of the class outranks that of the annotation, and is one load balancer."""
    spec: Mapping[str, Json] = {"group": {"name": "edge"}}
    for name in ("one", "two"):
        said = {"group.name": f"alone-{name}"}
        site.desk.put(*a_class(name, spec), an_ingress(site, name, said))

    site.desk.converge()

    assert len(Look(site.cloud.account, "edge").rules()) == 2
    assert len(site.cloud.leftovers()["load-balancers"]) == 1
    site.clear_out()


def test_a_class_that_does_not_select_the_namespace_serves_nobody(site: Site) -> None:
    """An Ingress outside the class' namespaces costs no call and is told why."""
    spec: Mapping[str, Json] = {"namespaceSelector": {"matchLabels": {"team": "web"}}}
    site.desk.put(*a_class("web", spec), an_ingress(site, "web", {}))
    namespace: Document = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": {"team": "shop"}},
    }
    site.desk.put(namespace)

    refused = site.desk.plan()
    namespace["metadata"] = {"name": NAMESPACE, "labels": {"team": "web"}}
    site.desk.put(namespace)
    site.desk.converge()

    assert calls_of(refused).total() == 0
    assert [str(d.ingress) for d in refused.diagnostics if d.blocking] == ["shop/web"]
    assert look.ports(Look(site.cloud.account, f"{NAMESPACE}/web")) == ["HTTP:80", "HTTPS:443"]
    site.clear_out()

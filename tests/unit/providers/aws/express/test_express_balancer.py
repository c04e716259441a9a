"""Promises of the load balancer itself: what can change, what cannot, and who may come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.aws.account import SecurityGroup
from provisioner.model.resource import Ref, Spec, Value
from tests.factories import an_ingress, some_settings
from tests.unit.providers.aws.express.worlds import (
    World,
    a_certificate,
    a_subnet,
    a_world,
    addresses_of,
    balancer_of,
    codes,
    finding,
    kinds,
    seen,
    some_backends,
    some_facts,
    spec_of,
)

BACKEND = Ref("aws:security-group/shared/backend", "GroupId")
FRONTEND = Ref("aws:security-group/shop/web/frontend", "GroupId")
PUBLIC = [a_subnet("a", public=True), a_subnet("b", "b", public=True)]


def pairs(value: Value) -> dict[str, str]:
    """Return a list of Key and Value as a mapping."""
    entries = [e for e in value if isinstance(e, Mapping)] if isinstance(value, tuple) else []
    return {str(e["Key"]): str(e["Value"]) for e in entries}


def permission(spec: Spec) -> Mapping[str, Value]:
    """Return the only permission of a security group rule."""
    permissions = spec["IpPermissions"]
    assert isinstance(permissions, tuple)
    (only,) = permissions
    assert isinstance(only, Mapping)
    return only


def blocks(spec: Spec, field: str, key: str) -> list[str]:
    """Return the sources that a permission lists in one of its fields."""
    entries = permission(spec).get(field, ())
    assert isinstance(entries, tuple)
    return [str(e[key]) for e in entries if isinstance(e, Mapping)]


def test_a_load_balancer_is_internal_until_someone_says_otherwise() -> None:
    """Nothing becomes reachable from the internet by leaving a line out."""
    assert balancer_of(a_world().express())["Scheme"] == "internal"


@pytest.mark.parametrize(
    ("annotations", "default", "scheme"),
    [
        ({"scheme": "internet-facing"}, "", "internet-facing"),
        ({}, "external", "internet-facing"),
        ({"ingress-provisioner.io/scheme": "internal"}, "external", "internal"),
    ],
)
def test_the_scheme_is_what_is_stated_else_the_installations_default(
    annotations: Mapping[str, str], default: str, scheme: str
) -> None:
    """An annotation outranks the controller's default."""
    world = replace(
        a_world(
            annotations, facts=some_facts(subnets=[*PUBLIC, a_subnet("c"), a_subnet("d", "d")])
        ),
        settings=replace(some_settings(), scheme=default),
    )

    assert balancer_of(world.express())["Scheme"] == scheme


def test_a_changed_scheme_is_refused_and_everything_else_goes_on() -> None:
    """The incumbent deletes the load balancer and makes another: an outage (LBC#1959, #2020)."""
    before = a_world().express()
    world = a_world({"scheme": "internet-facing", "tags": "team=shop"}, observed=seen(before))

    result = world.express()

    problem = finding(result, "CLOUD-REPLACEMENT-NEEDED")
    assert problem.blocking
    assert problem.field == "metadata.annotations[alb.ingress.kubernetes.io/scheme]"
    assert balancer_of(result)["Scheme"] == "internal"
    assert pairs(balancer_of(result)["Tags"])["team"] == "shop"
    assert kinds(result) == kinds(before)
    assert result.quarantined == ()


def test_what_exists_outranks_the_installations_default_scheme() -> None:
    """A new default never replaces what was made under the old one."""
    before = a_world().express()
    world = replace(
        a_world(observed=seen(before)), settings=replace(some_settings(), scheme="external")
    )

    assert balancer_of(world.express()) == balancer_of(before)


@pytest.mark.parametrize("name", ["internal-web", "-web", "web-", "web_1", "web.shop", "wéb"])
def test_a_name_that_aws_would_refuse_is_refused_here(name: str) -> None:
    """Letters, digits and inner hyphens, not starting with internal-; its length is read before."""
    result = a_world({"load-balancer-name": name}).express()

    assert codes(result) == ["CLOUD-NAME-INVALID"]
    assert kinds(result) == []


def test_a_name_that_somebody_else_uses_is_refused() -> None:
    """AWS answers an existing name with the existing load balancer; it would not be ours."""
    facts = some_facts(existing_names=["theirs"])

    result = a_world({"load-balancer-name": "theirs"}, facts=facts).express()

    assert codes(result) == ["CLOUD-NAME-TAKEN"]
    assert kinds(result) == []


def test_an_existing_load_balancer_keeps_its_name_and_says_so() -> None:
    """AWS cannot rename one; the incumbent ignores the change silently."""
    before = a_world().express()

    result = a_world({"load-balancer-name": "new"}, observed=seen(before)).express()

    assert codes(result) == ["CLOUD-NAME-KEPT"]
    assert balancer_of(result)["Name"] == balancer_of(before)["Name"]


def test_only_listed_attributes_are_managed() -> None:
    """What nobody lists stays as somebody set it by hand."""
    listed = "deletion_protection.enabled=true,idle_timeout.timeout_seconds=600"
    with_some = a_world({"load-balancer-attributes": listed}).express()
    with_none = a_world().express()

    assert pairs(balancer_of(with_some)["Attributes"]) == {
        "deletion_protection.enabled": "true",
        "idle_timeout.timeout_seconds": "600",
    }
    assert "Attributes" not in balancer_of(with_none)


def test_the_portable_timeout_is_the_idle_timeout() -> None:
    """timeout-seconds means the same on both clouds."""
    result = a_world({"ingress-provisioner.io/timeout-seconds": "90"}).express()

    assert pairs(balancer_of(result)["Attributes"]) == {"idle_timeout.timeout_seconds": "90"}


@pytest.mark.parametrize(
    ("annotations", "code"),
    [
        (
            {
                "ingress-provisioner.io/timeout-seconds": "90",
                "load-balancer-attributes": "idle_timeout.timeout_seconds=60",
            },
            "ANNOTATION-CONTRADICTION",
        ),
        ({"ingress-provisioner.io/timeout-seconds": "4001"}, "ANNOTATION-VALUE"),
        ({"ip-address-type": "dualstack-without-public-ipv4"}, "CLOUD-ADDRESS-TYPE"),
    ],
)
def test_settings_that_cannot_hold_are_told_before_anything_is_made(
    annotations: Mapping[str, str], code: str
) -> None:
    """A load balancer that AWS would refuse, or that contradicts itself, is not begun."""
    subnets = [a_subnet("a", ipv6=True), a_subnet("b", "b", ipv6=True)]

    result = a_world(annotations, facts=some_facts(subnets=subnets)).express()

    assert codes(result) == [code]
    assert kinds(result) == []


def test_clients_come_in_on_the_listeners_ports_and_nowhere_else() -> None:
    """One managed security group per load balancer, one rule per port, IPv4 only."""
    certificate = a_certificate("c", "shop.example.com")
    ports = '[{"HTTP": 8080}, {"HTTPS": 8443}]'
    world = a_world({"listen-ports": ports}, facts=some_facts(certificates=[certificate]))

    result = world.express()

    rules = addresses_of(result, "SecurityGroupRule")
    assert rules == [
        "aws:security-group-rule/shop/web/frontend/8080",
        "aws:security-group-rule/shop/web/frontend/8443",
    ]
    assert blocks(spec_of(result, rules[0]), "IpRanges", "CidrIp") == ["0.0.0.0/0"]
    assert "Ipv6Ranges" not in permission(spec_of(result, rules[0]))
    assert balancer_of(result)["SecurityGroups"] == (FRONTEND, BACKEND)


def test_dualstack_lets_ipv6_in_too() -> None:
    """Both defaults, or the blocks of both families that someone lists."""
    subnets = [a_subnet("a", ipv6=True), a_subnet("b", "b", ipv6=True)]
    dualstack = {"ip-address-type": "dualstack"}
    listed = {**dualstack, "inbound-cidrs": "10.0.0.0/8, 2001:db8::/32"}
    facts = some_facts(subnets=subnets)

    anyone = spec_of(
        a_world(dualstack, facts=facts).express(), "aws:security-group-rule/shop/web/frontend/80"
    )
    some = spec_of(
        a_world(listed, facts=facts).express(), "aws:security-group-rule/shop/web/frontend/80"
    )

    assert blocks(anyone, "Ipv6Ranges", "CidrIpv6") == ["::/0"]
    assert blocks(some, "IpRanges", "CidrIp") == ["10.0.0.0/8"]
    assert blocks(some, "Ipv6Ranges", "CidrIpv6") == ["2001:db8::/32"]


def test_ipv6_blocks_on_an_ipv4_load_balancer_are_told() -> None:
    """They let nobody in; where nothing else is listed, the port stays shut and that is said."""
    result = a_world({"inbound-cidrs": "2001:db8::/32"}).express()

    assert "the port stays shut" in finding(result, "SECURITY-GROUP-IPV6-UNUSED").message
    assert addresses_of(result, "SecurityGroupRule") == []


def test_a_prefix_list_alone_lets_nobody_else_in() -> None:
    """The default blocks are not added beside a prefix list."""
    result = a_world({"security-group-prefix-lists": "pl-2, pl-1"}).express()

    spec = spec_of(result, "aws:security-group-rule/shop/web/frontend/80")
    assert blocks(spec, "PrefixListIds", "PrefixListId") == ["pl-1", "pl-2"]
    assert "IpRanges" not in permission(spec)


GROUPS = (
    SecurityGroup(id="sg-node", name="node"),
    SecurityGroup(id="sg-1", name="one", tags={"Name": "clients"}),
    SecurityGroup(id="sg-2", name="two", tags={"Name": "twins"}),
    SecurityGroup(id="sg-3", name="three", tags={"Name": "twins"}),
)


def test_listed_security_groups_are_used_as_they_are() -> None:
    """By id or Name tag; then nothing of ours stands in the way, and nothing is opened for it."""
    facts = some_facts(security_groups=GROUPS)

    result = a_world({"security-groups": "sg-2, clients"}, facts=facts).express()

    assert balancer_of(result)["SecurityGroups"] == ("sg-1", "sg-2")
    assert addresses_of(result, "SecurityGroup") == []
    assert result.shared == ()


def test_the_backend_group_joins_listed_groups_on_request() -> None:
    """manage-backend-security-group-rules: their clients, our way to nodes and pods."""
    said = {"security-groups": "sg-1", "manage-backend-security-group-rules": "true"}

    result = a_world(said, facts=some_facts(security_groups=GROUPS)).express()

    assert balancer_of(result)["SecurityGroups"] == ("sg-1", BACKEND)
    assert result.shared == (("sg-node", "8080", "8080"),)


@pytest.mark.parametrize(
    ("listed", "words"),
    [("sg-9", "sg-9 is neither"), ("twins", "twins is the name of several security groups")],
)
def test_a_security_group_that_cannot_be_told_is_refused(listed: str, words: str) -> None:
    """Guessing between two groups of one name would open the wrong door."""
    facts = some_facts(security_groups=GROUPS)

    fresh = a_world({"security-groups": listed}, facts=facts).express()
    before = a_world(facts=facts).express()
    later = a_world({"security-groups": listed}, facts=facts, observed=seen(before)).express()

    assert words in finding(fresh, "SECURITY-GROUP-NOT-FOUND").message
    assert kinds(fresh) == []
    assert kinds(later) == kinds(before)
    assert balancer_of(later) == balancer_of(before)


def test_without_a_vpc_nothing_is_touched() -> None:
    """What cannot be told is never guessed, and never taken for empty."""
    before = a_world().express()
    lost = replace(some_facts(), vpc=None, vpc_problem="vpc-1 and vpc-2 are both tagged")

    fresh = a_world(facts=lost).express()
    later = a_world(facts=lost, observed=seen(before)).express()

    assert "vpc-1 and vpc-2" in finding(fresh, "CLOUD-NO-VPC").message
    assert kinds(fresh) == []
    assert kinds(later) == kinds(before)


def test_a_redirecting_port_has_no_rules() -> None:
    """ssl-redirect answers every request of the port; rules there would never match."""
    said = {"listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]', "ssl-redirect": "443"}
    facts = some_facts(certificates=[a_certificate("c", "shop.example.com")])

    result = a_world(said, facts=facts).express()

    (action,) = _mappings(spec_of(result, "aws:listener/shop/web/80")["DefaultActions"])
    assert action["Type"] == "redirect"
    assert action["RedirectConfig"] == {
        "Protocol": "HTTPS",
        "Port": "443",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }
    assert [a for a in addresses_of(result, "ListenerRule") if "/80/" in a] == []


def test_no_default_backend_means_404_without_a_body() -> None:
    """As the Ingress API says; the incumbent's answer, byte for byte."""
    (action,) = _mappings(
        spec_of(a_world().express(), "aws:listener/shop/web/80")["DefaultActions"]
    )

    assert action == {
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"},
    }


def test_a_default_backend_answers_for_the_listener() -> None:
    """spec.defaultBackend serves what no rule matches."""
    world = World(
        objects=(
            an_ingress("shop/web", rules=[], default_backend="web:80"),
            *some_backends("shop/web"),
        )
    )

    result = world.express()

    (action,) = _mappings(spec_of(result, "aws:listener/shop/web/80")["DefaultActions"])
    assert action["Type"] == "forward"
    assert addresses_of(result, "TargetGroup") == ["aws:target-group/shop/web/web:80/pod"]


def test_tls_is_modern_unless_someone_asks_for_less() -> None:
    """The API's own default still offers TLS 1.0."""
    facts = some_facts(certificates=[a_certificate("c", "shop.example.com")])
    https = {"listen-ports": '[{"HTTPS": 443}]'}

    ours = a_world(https, facts=facts).express()
    theirs = a_world({**https, "ssl-policy": "ELBSecurityPolicy-2016-08"}, facts=facts).express()

    listener = "aws:listener/shop/web/443"
    assert spec_of(ours, listener)["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert spec_of(theirs, listener)["SslPolicy"] == "ELBSecurityPolicy-2016-08"


def _mappings(value: Value) -> list[Mapping[str, Value]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, tuple) else []

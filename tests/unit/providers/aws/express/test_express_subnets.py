"""Promises of choosing subnets: the incumbent's rules, and an explanation of every refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from providers.aws.account import Facts, Subnet
from providers.aws.desired.subnets import judge
from providers.aws.settings import SUBNET_TAGS
from provisioner.model.expression import Expressed
from provisioner.model.intent import Scheme
from provisioner.model.resource import Observed, Unknown, has_unknown
from tests.unit.providers.aws.express.worlds import (
    EXTERNAL_ROLE,
    INTERNAL_ROLE,
    a_subnet,
    a_world,
    balancer_of,
    codes,
    finding,
    kinds,
    seen,
    some_facts,
)

OWN = {"kubernetes.io/cluster/test": "owned"}
OTHER = {"kubernetes.io/cluster/other": "shared"}


def tagged(*more: Mapping[str, str], role: str = INTERNAL_ROLE, value: str = "1") -> dict[str, str]:
    """Return the tags of a subnet with a role."""
    return {role: value, **{key: v for tags in more for key, v in tags.items()}}


@pytest.mark.parametrize(
    ("subnets", "scheme", "chosen"),
    [
        pytest.param(
            [a_subnet("a", tags=tagged()), a_subnet("b", "b", tags=tagged(value=""))],
            Scheme.INTERNAL,
            ["subnet-a", "subnet-b"],
            id="role tag, value 1 or empty",
        ),
        pytest.param(
            [
                a_subnet("a", tags=tagged()),
                a_subnet("b", "b", tags=tagged()),
                a_subnet("c", "c"),
            ],
            Scheme.INTERNAL,
            ["subnet-a", "subnet-b"],
            id="a tagged one anywhere means untagged ones are not candidates",
        ),
        pytest.param(
            [a_subnet("a", tags=tagged(value="0")), a_subnet("b", "b")],
            Scheme.INTERNAL,
            ["subnet-a", "subnet-b"],
            id="another value is no role, routes decide",
        ),
        pytest.param(
            [
                a_subnet("a", public=True, tags=tagged(role=EXTERNAL_ROLE)),
                a_subnet("b", "b", tags=tagged(role=EXTERNAL_ROLE)),
                a_subnet("c", "c", public=True),
            ],
            Scheme.EXTERNAL,
            ["subnet-a", "subnet-b"],
            id="the other role for the other scheme; tags outrank routes",
        ),
        pytest.param(
            [
                a_subnet("a", public=True),
                a_subnet("b", "b", public=True),
                a_subnet("c", "c"),
            ],
            Scheme.EXTERNAL,
            ["subnet-a", "subnet-b"],
            id="nothing tagged: public by routes",
        ),
        pytest.param(
            [a_subnet("a", public=True), a_subnet("b", "b"), a_subnet("c", "c")],
            Scheme.INTERNAL,
            ["subnet-b", "subnet-c"],
            id="nothing tagged: private by routes",
        ),
        pytest.param(
            [
                a_subnet("a", tags=tagged(OTHER)),
                a_subnet("b", "b", tags=tagged(OWN, OTHER)),
                a_subnet("c", "c", tags=tagged()),
            ],
            Scheme.INTERNAL,
            ["subnet-b", "subnet-c"],
            id="tagged for other clusters only",
        ),
        pytest.param(
            [
                a_subnet("a", free=7, tags=tagged()),
                a_subnet("b", "b", free=8, tags=tagged()),
                a_subnet("c", "c", tags=tagged()),
            ],
            Scheme.INTERNAL,
            ["subnet-b", "subnet-c"],
            id="eight free addresses",
        ),
        pytest.param(
            [
                a_subnet("a1", tags=tagged()),
                a_subnet("a2", tags=tagged(OWN)),
                a_subnet("b2", "b", tags=tagged()),
                a_subnet("b1", "b", tags=tagged()),
            ],
            Scheme.INTERNAL,
            ["subnet-a2", "subnet-b1"],
            id="one per zone: own cluster's tag, then lowest id",
        ),
    ],
)
def test_subnets_are_chosen_as_the_incumbent_chooses_them(
    subnets: Sequence[Subnet], scheme: Scheme, chosen: Sequence[str]
) -> None:
    """Clusters are tagged for AWS Load Balancer Controller; its rules find the same subnets."""
    verdicts = judge(some_facts(subnets=subnets), scheme, cluster="test", dualstack=False)

    assert [v.subnet.id for v in verdicts if not v.reason] == chosen


def test_the_order_in_which_aws_lists_subnets_does_not_matter() -> None:
    """Same account, same plan."""
    subnets = [a_subnet("a"), a_subnet("b", "b"), a_subnet("c", "c")]

    forward = judge(some_facts(subnets=subnets), Scheme.INTERNAL, cluster="x", dualstack=False)
    backward = judge(
        some_facts(subnets=subnets[::-1]), Scheme.INTERNAL, cluster="x", dualstack=False
    )

    assert forward == backward


def test_a_refusal_names_every_subnet_and_why_it_was_not_taken() -> None:
    """The incumbent says "unable to discover at least one subnet" and no more (LBC#3212)."""
    subnets = [
        a_subnet("ok", tags=tagged()),
        a_subnet("same", tags=tagged()),
        a_subnet("full", "b", free=3, tags=tagged()),
        a_subnet("foreign", "b", tags=tagged(OTHER)),
        a_subnet("plain", "c"),
    ]

    result = a_world(facts=some_facts(subnets=subnets)).express()

    problem = finding(result, "SUBNET-NOT-ENOUGH")
    assert result.resources == ()
    assert problem.subject == "Ingress shop/web"
    assert problem.blocking
    for expected in (
        "2 zones are needed and only eu-west-1a has a usable subnet",
        "subnet-ok (eu-west-1a) can be used",
        "subnet-same (eu-west-1a) is in the zone of subnet-ok",
        "subnet-full (eu-west-1b) has 3 free addresses, 8 are needed",
        "subnet-foreign (eu-west-1b) is tagged for other clusters only (kubernetes.io/cluster/othe",
        "subnet-plain (eu-west-1c) has no tag kubernetes.io/role/internal-elb=1",
    ):
        assert expected in problem.message
    assert "kubernetes.io/role/internal-elb=1" in problem.hint
    assert [(str(q.ingress), q.path) for q in result.quarantined] == [("shop/web", "")]


def test_one_local_zone_is_enough() -> None:
    """Local zones, wavelength zones and outposts take a load balancer in a single subnet."""
    subnets = [a_subnet("l", "-lax-1a", zone_type="local-zone", tags=tagged())]

    result = a_world(facts=some_facts(subnets=subnets)).express()

    assert balancer_of(result)["Subnets"] == ("subnet-l",)


def test_kinds_of_zones_are_not_mixed() -> None:
    """AWS refuses a load balancer over a Region's zones and a local zone at once."""
    subnets = [
        a_subnet("a", tags=tagged()),
        a_subnet("l", "-lax-1a", zone_type="local-zone", tags=tagged()),
    ]

    result = a_world(facts=some_facts(subnets=subnets)).express()

    assert "cannot be mixed" in finding(result, "SUBNET-NOT-ENOUGH").message


def test_a_dualstack_load_balancer_needs_ipv6_subnets() -> None:
    """A subnet without an IPv6 block cannot carry a dualstack load balancer."""
    subnets = [
        a_subnet("a", ipv6=True),
        a_subnet("b", "b", ipv6=True),
        a_subnet("c", "c"),
    ]
    world = a_world({"ip-address-type": "dualstack"}, facts=some_facts(subnets=subnets))

    result = world.express()

    assert balancer_of(result)["Subnets"] == ("subnet-a", "subnet-b")
    assert balancer_of(result)["IpAddressType"] == "dualstack"


def named_facts() -> Facts:
    """Return an account whose subnets have names, one of them twice."""
    return some_facts(
        subnets=[
            a_subnet("a", tags={"Name": "blue"}),
            a_subnet("a2", tags={"Name": "twin"}),
            a_subnet("b", "b", tags={"Name": "twin"}),
            a_subnet("c", "c", free=2),
        ]
    )


def test_listed_subnets_may_be_ids_or_names() -> None:
    """The annotation takes ids and Name tags; their order does not matter."""
    result = a_world({"subnets": "subnet-b, blue"}, facts=named_facts()).express()

    assert balancer_of(result)["Subnets"] == ("subnet-a", "subnet-b")
    assert codes(result) == []


@pytest.mark.parametrize(
    ("listed", "code", "words"),
    [
        ("subnet-a, subnet-zzz", "SUBNET-NOT-FOUND", "subnet-zzz is neither"),
        ("blue, green", "SUBNET-NOT-FOUND", "green is neither"),
        ("blue, twin", "SUBNET-NOT-FOUND", "twin is the name of several subnets"),
        ("subnet-a, subnet-a2", "SUBNET-SAME-ZONE", "subnet-a and subnet-a2 are in eu-west-1a"),
        ("subnet-a", "SUBNET-TOO-FEW-ZONES", "only eu-west-1a"),
    ],
)
def test_a_list_that_aws_would_refuse_is_refused_here(listed: str, code: str, words: str) -> None:
    """What AWS would answer at apply time is said in the plan, with the place to look."""
    result = a_world({"subnets": listed}, facts=named_facts()).express()

    problem = finding(result, code)
    assert words in problem.message
    assert problem.field == "metadata.annotations[alb.ingress.kubernetes.io/subnets]"
    assert kinds(result) == []


def test_a_full_subnet_that_someone_lists_is_a_warning() -> None:
    """It was asked for by name; AWS may still refuse it, so a person should look."""
    result = a_world({"subnets": "subnet-a, subnet-c"}, facts=named_facts()).express()

    assert codes(result) == ["SUBNET-FEW-ADDRESSES"]
    assert balancer_of(result)["Subnets"] == ("subnet-a", "subnet-c")


def test_a_load_balancer_that_exists_keeps_its_subnets() -> None:
    """New subnets in the VPC, or full ones, never move a load balancer that works."""
    before = a_world().express()
    later = some_facts(subnets=[a_subnet("z", "z", free=1)])

    result = a_world(facts=later, observed=seen(before)).express()

    assert balancer_of(result)["Subnets"] == ("subnet-a", "subnet-b")
    assert codes(result) == []


def test_a_wrong_list_leaves_an_existing_load_balancer_where_it_is() -> None:
    """The mistake is told; everything else of the Ingress goes on."""
    before = a_world().express()

    result = a_world({"subnets": "nowhere"}, observed=seen(before)).express()

    assert codes(result) == ["SUBNET-NOT-FOUND"]
    assert balancer_of(result)["Subnets"] == ("subnet-a", "subnet-b")


def test_without_an_account_subnets_are_known_after_apply() -> None:
    """Rendering needs no cloud, and never guesses what only the account can say."""
    result = a_world(facts=Facts(), observed=Observed()).express()

    assert isinstance(balancer_of(result)["Subnets"], Unknown)


def test_ids_are_known_even_without_an_account() -> None:
    """What the manifest says is shown as it is."""
    result = a_world({"subnets": "subnet-b,subnet-a"}, facts=Facts()).express()

    assert balancer_of(result)["Subnets"] == ("subnet-a", "subnet-b")
    assert not has_unknown(balancer_of(result)["Subnets"])


TEAM = {"team": ("shop",), "tier": ("front", "edge")}
MINE = {"team": "shop", "tier": "edge"}


def by_tags(
    subnets: Sequence[Subnet],
    *,
    selector: Mapping[str, tuple[str, ...]] = TEAM,
    observed: Observed | None = None,
) -> Expressed:
    """Return the load balancer of a class that selects subnets by tags."""
    world = a_world(facts=some_facts(subnets=subnets), observed=observed)
    intent = world.intent()
    return world.express(replace(intent, options={**intent.options, SUBNET_TAGS.name: selector}))


@pytest.mark.parametrize(
    ("subnets", "chosen"),
    [
        pytest.param(
            [a_subnet("a", tags=MINE), a_subnet("b", "b", tags={**MINE, "tier": "front"})],
            ("subnet-a", "subnet-b"),
            id="any of the values",
        ),
        pytest.param(
            [
                a_subnet("a", tags=MINE, public=True),
                a_subnet("b", "b", tags=MINE),
                a_subnet("c", tags=tagged()),
                a_subnet("d", "b", tags=tagged()),
            ],
            ("subnet-a", "subnet-b"),
            id="instead of role tags and routes",
        ),
        pytest.param(
            [
                a_subnet("a", tags={**MINE, **OTHER}),
                a_subnet("b", "b", tags=MINE),
                a_subnet("c", tags=MINE, free=7),
                a_subnet("d", tags=MINE),
                a_subnet("e", tags={**MINE, **OWN}),
            ],
            ("subnet-b", "subnet-e"),
            id="other clusters, full ones and one per zone as ever",
        ),
    ],
)
def test_a_class_may_select_subnets_by_tags(
    subnets: Sequence[Subnet], chosen: tuple[str, ...]
) -> None:
    """Every key of the selector must be there, with one of its values."""
    assert balancer_of(by_tags(subnets))["Subnets"] == chosen


def test_a_key_without_values_asks_for_the_tag_alone() -> None:
    """Whatever it says."""
    subnets = [a_subnet("a", tags={"team": "x"}), a_subnet("b", "b", tags={"team": ""})]

    result = by_tags(subnets, selector={"team": ()})

    assert balancer_of(result)["Subnets"] == ("subnet-a", "subnet-b")


def test_a_selector_that_selects_too_little_names_every_subnet() -> None:
    """And says which tags were looked for."""
    result = by_tags([a_subnet("a", tags=MINE), a_subnet("b", "b")])

    problem = finding(result, "SUBNET-NOT-ENOUGH")
    assert "subnet-b (eu-west-1b) has no tag team=shop" in problem.message
    assert "team=shop, tier=front|edge" in problem.hint


def test_the_subnets_that_a_load_balancer_fills_stay_selected() -> None:
    """It is what takes their addresses, so a full one of its own is no reason to move out."""
    subnets = [a_subnet("a", tags=MINE), a_subnet("b", "b", tags=MINE)]
    observed = seen(by_tags(subnets))
    full = [a_subnet("a", tags=MINE, free=2), subnets[1], a_subnet("c", tags=MINE)]

    assert balancer_of(by_tags(full, observed=observed))["Subnets"] == ("subnet-a", "subnet-b")


def test_a_selector_moves_an_existing_load_balancer() -> None:
    """It is as good as a list, unlike discovery, which an existing one is spared."""
    before = [a_subnet("a"), a_subnet("b", "b")]
    observed = seen(a_world(facts=some_facts(subnets=before)).express())
    after = [*before, a_subnet("c", tags=MINE), a_subnet("d", "b", tags=MINE)]

    assert balancer_of(by_tags(after, observed=observed))["Subnets"] == ("subnet-c", "subnet-d")

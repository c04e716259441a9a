"""Promises about addresses of a load balancer that replaces another."""

from __future__ import annotations

import pytest

from providers.aws import addresses
from providers.aws.addresses import Kind
from providers.aws.desired.generations import generations, said_of, seen_alone
from provisioner.core.address_text import LONGEST, AddressError
from tests.unit.providers.aws.express.worlds import a_world, seen

GROUP = "shop/web"
LONG = f"{'n' * 60}/{'w' * 250}"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (addresses.load_balancer(GROUP), "aws:load-balancer/shop/web@2"),
        (addresses.listener(GROUP, 80), "aws:listener/shop/web/80@2"),
        (addresses.target_group(GROUP, "web:80/pod"), "aws:target-group/shop/web/web:80/pod@2.1"),
        (
            addresses.targets("edge", "shop/web/web:80/pod", generation=3),
            "aws:targets/edge/shop/web/web:80/pod@2.3",
        ),
        (addresses.protection(GROUP), "aws:protection/shop/web@2"),
        (addresses.frontend_security_group(GROUP), addresses.frontend_security_group(GROUP)),
        (addresses.certificate(GROUP, "x"), addresses.certificate(GROUP, "x")),
        ("not an address", "not an address"),
    ],
)
def test_an_address_tells_which_load_balancer_it_hangs_on(first: str, second: str) -> None:
    """The way there and back; what both use keeps its address."""
    assert addresses.on_balancer(first, 2) == second
    assert addresses.on_first_balancer(second) == first
    assert addresses.on_balancer(first, 1) == first
    assert addresses.balancer_of(second) == (0 if first == second else 2)


def test_a_target_group_has_a_generation_beside_that_of_its_load_balancer() -> None:
    """``@2`` is the second one on the first load balancer, ``@2.1`` the first on the second."""
    second = addresses.parse("aws:target-group/shop/web/web:80/pod@2")
    replaced = addresses.parse("aws:target-group/shop/web/web:80/pod@2.1")

    assert (second.balancer, second.generation) == (1, 2)
    assert (replaced.balancer, replaced.generation) == (2, 1)
    assert second.id == replaced.id == "web:80/pod"


@pytest.mark.parametrize(
    "address",
    [
        addresses.load_balancer(LONG),
        addresses.listener_rule(LONG, 80, "a"),
        addresses.target_group(LONG, "w:80/pod"),
    ],
)
def test_an_address_that_had_to_be_cut_finds_its_way_back(address: str) -> None:
    """A tag holds 256 characters, with a generation as without."""
    later = addresses.on_balancer(address, 12)

    assert len(later) <= LONGEST
    assert addresses.on_first_balancer(later) == address


@pytest.mark.parametrize("text", ["aws:listener/shop/web/80@x", "aws:listener/shop/web/80@1.2.3"])
def test_what_is_no_generation_is_refused(text: str) -> None:
    """A tag that somebody has edited is no address of ours."""
    with pytest.raises(AddressError):
        addresses.parse(text)


def test_what_exists_is_seen_one_load_balancer_at_a_time() -> None:
    """Seen as the first, said as the second: nothing is lost and nothing mixed."""
    expressed = a_world().express()
    both = seen(
        expressed,
        type(expressed)(group=GROUP, resources=tuple(said_of(r, 2) for r in expressed.resources)),
    )

    first, second = (seen_alone(GROUP, both, number) for number in (1, 2))

    assert generations(GROUP, both) == (1, 2)
    assert first == second == seen(expressed)
    assert len(both.resources) > len(first.resources)
    assert {addresses.parse(a).kind for a in both.resources} >= {Kind.TARGETS, Kind.LISTENER_RULE}

"""How much one Ingress may cost everybody: planning stays quick whatever it holds."""

from __future__ import annotations

import time

import pytest

from provisioner.model.kube import Key
from tests.conformance.pipeline import a_cluster, blamed, finding, plan, rules
from tests.factories import a_path, a_rule, an_ingress
from tests.unit.providers.aws.express.worlds import some_backends

EVIL = Key("evil", "x")
BACKENDS = some_backends("shop/web", "evil/web")
LARGEST = 256 * 1024
"""Bytes that the annotations of one object may have in all."""

PATIENCE = 5.0
"""Seconds; what is promised to be cheap takes far less, what is quadratic takes far more."""


@pytest.mark.parametrize("setting", ["tags", "target-group-attributes", "load-balancer-attributes"])
@pytest.mark.parametrize("unit", ["b", "a=b,", ",", "\\"])
def test_a_huge_map_is_read_in_a_moment(setting: str, unit: str) -> None:
    """The largest annotation that Kubernetes stores does not hold up the others' plans."""
    huge = "a=" + unit * (LARGEST // len(unit))
    before = time.monotonic()

    plan(a_cluster(an_ingress(str(EVIL), annotations={setting: huge}), *BACKENDS))

    assert time.monotonic() - before < PATIENCE


def test_ten_thousand_paths_are_refused_in_a_moment() -> None:
    """More paths than any load balancer holds cost their author the place, and nobody the time."""
    paths = [a_path(f"/{n}") for n in range(5_000)]
    hosts = [a_rule(host, *paths) for host in ("a.evil.com", "b.evil.com")]
    huge = an_ingress(str(EVIL), rules=hosts, annotations={"group.name": "edge"})
    mine = an_ingress("shop/v", annotations={"group.name": "edge"})
    before = time.monotonic()

    result = plan(a_cluster(huge, mine, *BACKENDS))

    assert time.monotonic() - before < PATIENCE * 3
    assert blamed(result) == {EVIL}
    assert rules(result) == [("shop.example.com / (Prefix) -> web:80", "shop/v")]


def test_what_is_quoted_in_a_message_is_cut() -> None:
    """A message about a wrong value is a sentence, however deep or long the value is."""
    deep = '[{"HTTP": ' + "[" * 500 + "]" * 500 + "}]"

    result = plan(a_cluster(an_ingress(str(EVIL), annotations={"listen-ports": deep}), *BACKENDS))

    assert len(finding(result, "ANNOTATION-VALUE").message) < 200

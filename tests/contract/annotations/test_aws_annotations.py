"""Every annotation that AWS has, through a whole life: made, changed, taken away, written again.

The product's own plan and apply over real HTTP; what then is so is told by plain boto3. At every
station ``converge`` holds that the calls made are those of the plan and that nothing is left to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pytest

from providers.aws.annotations import NATIVE as NATIVE_TABLE
from provisioner.core.portable import PORTABLE as PORTABLE_TABLE
from tests.contract.annotations import (
    backend_rows,
    balancer_rows,
    listener_rows,
    network_rows,
    portable_rows,
    rule_rows,
)
from tests.contract.annotations.row import NATIVE, PORTABLE, Row
from tests.contract.annotations.site import Site
from tests.contract.annotations.world import World, calls_by_row

LEVELS: Mapping[str, Sequence[Row]] = MappingProxyType(
    {
        "load balancer": balancer_rows.ROWS,
        "listeners": listener_rows.ROWS,
        "backends": backend_rows.ROWS,
        "rules": rule_rows.ROWS,
        "network load balancer": network_rows.ROWS,
        "portable": portable_rows.ROWS,
    }
)
_IN_GROUPS = "needs several Ingresses: test_aws_groups"
_REPLACES = "another load balancer in stages that people approve: tests of the controller"
_CANNOT = "an ALB cannot, so it is refused by name: tests of the table"
_NOT_BUILT = "refused by name until it is built: tests of the table"
_RECORD = "which targets are ours is recorded in a cluster, and here are files: controller's tests"
_MADE_ANEW = "fixed when the network load balancer is made: unit tests of desired.frontend_nlb"
ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        f"{NATIVE}group.name": _IN_GROUPS,
        f"{NATIVE}group.order": _IN_GROUPS,
        f"{PORTABLE}group": _IN_GROUPS,
        f"{PORTABLE}group-order": _IN_GROUPS,
        f"{NATIVE}multi-cluster-target-group": _RECORD,
        f"{NATIVE}scheme": _REPLACES,
        f"{PORTABLE}scheme": _REPLACES,
        f"{PORTABLE}retries": _CANNOT,
        f"{PORTABLE}circuit-breakers": _CANNOT,
        f"{PORTABLE}overflow": _NOT_BUILT,
        f"{PORTABLE}dry-run": _NOT_BUILT,
        f"{PORTABLE}approval": _NOT_BUILT,
        f"{NATIVE}frontend-nlb-scheme": _MADE_ANEW,
        f"{NATIVE}frontend-nlb-eip-allocations": _MADE_ANEW,
    }
)
"""Annotations without a row, and where they are held to their promise instead."""


def test_every_annotation_has_a_row() -> None:
    """No annotation of the tables is left out, and no row is of an annotation that is not there."""
    rows = [row.key for level in LEVELS.values() for row in level]

    tables = {row.key for row in (*NATIVE_TABLE, *PORTABLE_TABLE)}

    assert len(rows) == len(set(rows))
    assert set(rows) | ELSEWHERE.keys() == tables
    assert set(rows).isdisjoint(ELSEWHERE)


@pytest.mark.slow
@pytest.mark.parametrize("level", list(LEVELS))
def test_an_annotation_is_made_changed_and_taken_away(level: str, site: Site) -> None:
    """At every station AWS holds what the row says, and getting there takes the row's calls."""
    rows = {f"r{number}": row for number, row in enumerate(LEVELS[level])}
    world = World(site=site, rows=rows)

    world.say(0)
    site.desk.converge()
    assert world.differences(0) == {}

    world.say(1)
    changed = calls_by_row(site.desk.converge(), rows)
    assert world.differences(1) == {}
    assert changed == {row.key: row.change for row in rows.values() if row.change}

    world.say(None)
    removed = calls_by_row(site.desk.converge(), rows)
    assert world.differences(2) == {}
    assert removed == {row.key: row.removal for row in rows.values() if row.removal}

    world.say(0)
    site.desk.converge()
    assert world.differences(0) == {}
    site.clear_out()

"""Promises of the target mode where Ingresses are read as the incumbent controller reads them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from provisioner.core.mode import decide
from provisioner.model.expression import ModeRoom
from provisioner.model.intent import (
    BackendId,
    BackendIntent,
    Compatibility,
    LoadBalancerIntent,
    TargetMode,
)
from provisioner.model.kube import Key
from tests.factories import some_settings

POD, NODE = TargetMode.POD, TargetMode.NODE_PORT
BACKEND = BackendId(ingress=Key("shop", "web"), service=Key("shop", "web"), port="80")


def chosen(
    *,
    stated: TargetMode | None = None,
    flag: str = "",
    present: TargetMode | None = None,
) -> TargetMode | None:
    """Return the mode of one backend."""
    backend = BackendIntent(
        id=BACKEND,
        field="spec.rules[0].http.paths[0]",
        mode=stated,
        mode_source="annotation" if stated else "",
        default_mode=NODE,
        can_node_port=True,
        pods=(),
        nodes=(),
    )
    load_balancer = LoadBalancerIntent(
        name="shop/web",
        explicit=False,
        compatibility=Compatibility.INCUMBENT,
        scheme=None,
        members=(),
        listeners=(),
        backends=(backend,),
    )
    running: Mapping[str, TargetMode] = {"shop/web/web:80": present} if present else {}
    decision, _ = decide(
        load_balancer,
        room=ModeRoom(targets_limit=1000, largest_limit=1000),
        present=running,
        settings=some_settings(compatibility=Compatibility.INCUMBENT, target_mode=flag),
    )
    return decision.backends[0].mode


@pytest.mark.parametrize(
    ("stated", "flag", "present", "expected"),
    [
        (None, "", None, NODE),  # the incumbent's own default
        (None, "", POD, POD),  # its flag said otherwise, which only its work can tell
        (None, "node-port", POD, NODE),
        (NODE, "", POD, NODE),
        (POD, "node-port", NODE, POD),
    ],
)
def test_what_runs_is_the_default_until_someone_states_otherwise(
    stated: TargetMode | None,
    flag: str,
    present: TargetMode | None,
    expected: TargetMode,
) -> None:
    """Annotation, then flag, then what runs, then the default that the incumbent starts with."""
    assert chosen(stated=stated, flag=flag, present=present) is expected

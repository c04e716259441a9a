"""Promises of membership: a backend over a limit keeps being updated."""

from __future__ import annotations

from provisioner.core.membership import Membership, trimmed
from provisioner.model.expression import Cost
from provisioner.model.kube import Key
from provisioner.model.limits import Limit, Limits, LimitSource
from provisioner.model.resource import ObservedResource, Resource, freeze_spec

WEB = Key("shop", "web")


def limits(value: int) -> Limits:
    name = "targets-per-target-group"
    return Limits(
        by_name={
            name: Limit(
                name=name,
                value=value,
                source=LimitSource.ACCOUNT,
                adjustable=True,
                label="targets per target group",
            )
        }
    )


def costs(resource: Resource | ObservedResource) -> tuple[Cost, ...]:
    targets = resource.spec["Targets"]
    assert isinstance(targets, tuple)
    return (
        Cost(limit="targets-per-target-group", subject="target group web:80", units=len(targets)),
    )


def targets(*ids: str) -> Resource:
    spec = freeze_spec({"Targets": [{"Id": i, "Port": 80} for i in ids]})
    return Resource(kind="Targets", address="t", group="shop/web", ingresses=(WEB,), spec=spec)


def registered(*ids: str) -> ObservedResource:
    spec = freeze_spec({"Targets": [{"Id": i, "Port": 80} for i in ids]})
    return ObservedResource(
        kind="Targets", address="t", group="shop/web", ingresses=(WEB,), spec=spec
    )


def trim(
    desired: Resource, observed: ObservedResource, room: int, zones: dict[str, str] | None = None
) -> tuple[list[str], int]:
    membership = Membership(
        fields={"Targets": "Targets"}, zone_of=zones or {}, programmed=frozenset({WEB})
    )
    (result,), findings = trimmed(
        [desired], [observed], membership, costs=costs, limits=limits(room)
    )
    kept = result.spec["Targets"]
    assert isinstance(kept, tuple)
    return [str(dict(t)["Id"]) for t in kept if not isinstance(t, str)], len(findings)  # type: ignore[arg-type]  # targets are mappings


def test_what_fits_is_left_alone() -> None:
    """No warning, no change."""
    assert trim(targets("a", "b"), registered("a"), room=2) == (["a", "b"], 0)


def test_registered_targets_stay_and_new_ones_fill_up() -> None:
    """Nobody who serves is pushed out by a newcomer (LBC#4360)."""
    kept, findings = trim(targets("a", "b", "y", "z"), registered("y", "z"), room=3)

    assert kept == ["a", "y", "z"]
    assert findings == 1


def test_new_targets_are_spread_over_zones() -> None:
    """The loss of a zone must not be the loss of the backend."""
    zones = {"a1": "a", "a2": "a", "a3": "a", "b1": "b"}

    kept, _ = trim(targets("a1", "a2", "a3", "b1"), registered(), room=2, zones=zones)

    assert kept == ["a1", "b1"]


def test_dead_targets_always_leave() -> None:
    """Over the limit or not, what is gone from the cluster is not in the result."""
    kept, _ = trim(targets("c", "d", "e"), registered("a", "b"), room=2)

    assert kept == ["c", "d"]

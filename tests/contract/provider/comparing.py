"""Whether what a cloud holds is what a plan said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from provisioner.model.resource import Json


def creations(plan: Json) -> Iterator[tuple[str, str, dict[str, Json]]]:
    """Return kind, address and fields of everything that a plan creates."""
    assert isinstance(plan, dict)
    parts = [plan["shared"], *cast("list[Json]", plan["loadBalancers"])]
    for part in cast("list[dict[str, list[dict[str, Json]]]]", parts):
        for step in part["steps"]:
            if step["action"] == "create":
                changes = cast("list[dict[str, Json]]", step["changes"])
                spec = {str(change["path"]): change["after"] for change in changes}
                yield str(step["kind"]), str(step["address"]), spec


def difference(planned: Json, actual: Json, *, whole: bool = True) -> str:
    """Return how a value differs from the planned one, "" where it does not.

    Members that were not planned may be there (a health check's default timeout), further entries
    of a list only where it is not the ``whole``. What was known only after apply must now be
    something.
    """
    if planned is None:
        return "" if actual not in (None, "", []) else "nothing is known of it after apply"
    if isinstance(planned, dict) and isinstance(actual, dict):
        problems = [difference(value, actual.get(key)) for key, value in planned.items()]
        return "; ".join(filter(None, problems))
    if isinstance(planned, list) and isinstance(actual, list):
        missing = [p for p in planned if all(difference(p, each) for each in actual)]
        same = not missing and not (whole and len(planned) != len(actual))
        return "" if same else f"{actual} instead of {planned}"
    return "" if planned == actual else f"{actual!r} instead of {planned!r}"

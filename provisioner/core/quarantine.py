"""What is set aside of one load balancer, told once.

Several parts of expressing a load balancer find fault with the same path, each in its own way, and
some find that nothing of an Ingress can be had at all. All of their diagnostics are shown; but a
plan counts what is set aside, and nothing must be counted twice.
"""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.model.intent import Quarantined


def told_once(quarantined: Iterable[Quarantined]) -> tuple[Quarantined, ...]:
    """Return each quarantined path once, in order; a whole Ingress covers its paths."""
    found: dict[tuple[str, str], Quarantined] = {}
    for item in quarantined:
        found.setdefault((str(item.ingress), item.path), item)
    whole = {ingress for ingress, path in found if not path}
    return tuple(
        item for (ingress, path), item in sorted(found.items()) if not path or ingress not in whole
    )

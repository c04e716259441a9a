"""Which network tags stand for the nodes of a cluster.

Machines may carry many tags, and some of them are on machines of others too. GKE gives the nodes of
a cluster one of their own (``gke-<cluster>-<hash>-node``). Elsewhere the tag that a machine's name
begins with is meant, the longest of several, as in Kubernetes itself; and a machine with one tag
has no other.

Source: "Network tags" of GKE; ``GetNodeTags`` in the cloud provider of Kubernetes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from providers.gcp.account import Instance

_OF_GKE = re.compile(r"gke-.+-node")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTags:
    """Tags, sorted, and the names of machines that none of them stands for."""

    names: tuple[str, ...]
    without: tuple[str, ...] = ()


def node_tags(instances: Iterable[Instance]) -> NodeTags:
    """Return the tags that stand for these machines."""
    found: set[str] = set()
    without: list[str] = []
    for instance in instances:
        tag = _tag(instance)
        if tag:
            found.add(tag)
        else:
            without.append(instance.name)
    return NodeTags(names=tuple(sorted(found)), without=tuple(sorted(without)))


def _tag(instance: Instance) -> str:
    of_gke = [tag for tag in instance.tags if _OF_GKE.fullmatch(tag)]
    if of_gke:
        return max(of_gke, key=lambda tag: (len(tag), tag))
    begins = [tag for tag in instance.tags if instance.name.startswith(tag)]
    if begins:
        return max(begins, key=len)
    return instance.tags[0] if len(instance.tags) == 1 else ""

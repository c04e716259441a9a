"""Where pods get their addresses.

Pod addresses decide whether a cloud can reach a pod, so they must lie in ranges that the cloud
knows, and where pods have network interfaces the cloud must learn of each. That is why the
simulator asks a function: the default takes the next free address of the node's range, a
cloud's emulator may register an interface first.
"""

from __future__ import annotations

import ipaddress
import threading
from typing import Protocol

from provisioner.sandbox.cluster.documents import Document, name_of, parts, text

#: Below are the addresses that clouds keep for themselves and the node's own (``nodes.py``).
_FIRST_POD = 11

#: Where pods live whose node states no range.
_FALLBACK_RANGE = "10.244.0.0/16"


class PodAddresses(Protocol):
    """Hands out pod addresses; called in a thread, so it may talk to a cloud."""

    def allocate(self, node: Document, pod: Document) -> str:
        """Return an address for a pod that starts on a node."""
        ...

    def release(self, node_name: str, pod: Document, address: str) -> None:
        """Take an address back from a pod that has ended."""
        ...


class RangeAddresses:
    """The next free address of ``spec.podCIDR``, in a circle."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, str] = {}
        self._next: dict[str, int] = {}

    def allocate(self, node: Document, pod: Document) -> str:
        """Return the next free address of the node's range."""
        spelled = text(node, "spec", "podCIDR") or _FALLBACK_RANGE
        network = ipaddress.ip_network(spelled)
        first = min(_FIRST_POD, network.num_addresses - 1)
        usable = max(network.num_addresses - 1 - first, 1)
        own = {text(one, "address") for one in parts(node, "status", "addresses")}
        with self._lock:
            for _ in range(usable):
                offset = self._next.get(spelled, 0)
                self._next[spelled] = (offset + 1) % usable
                address = str(network[first + offset])
                if address not in self._taken and address not in own:
                    self._taken[address] = name_of(pod)
                    return address
        raise LookupError(f"the range {spelled} of node {name_of(node)} has no free address")

    def release(self, _node_name: str, _pod: Document, address: str) -> None:
        """Let the address be used again, after all others had their turn."""
        with self._lock:
            self._taken.pop(address, None)

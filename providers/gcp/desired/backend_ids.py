"""Which backend a backend service is for: the one reading of ids in addresses, and their spelling.

An implicit group says the Ingress itself, an explicit one has it in the id, and a common backend
service is for no Ingress in particular.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from providers.gcp import addresses
from provisioner.core.address_text import AddressError
from provisioner.model.intent import BackendId, BackendIntent, TargetMode
from provisioner.model.kube import Key
from provisioner.model.resource import SHARED

_MODES: Mapping[str, TargetMode] = MappingProxyType({mode.value: mode for mode in TargetMode})


def backend_at(address: str, group: str) -> tuple[BackendId, TargetMode] | None:
    """Return the backend whose service is at an address, and its mode; None where it is no such.

    Args:
        address: Of a backend service.
        group: Whose it is. In ``shared`` the Ingress is not told and has no name.
    """
    try:
        rest = addresses.parse(address).rest
    except AddressError:
        return None
    if not rest.startswith(f"{group}/"):
        return None
    parts = rest.removeprefix(f"{group}/").split("/")
    place = next((n for n, part in enumerate(parts) if part in _MODES), 0)
    if not place:
        return None
    *whose, last = parts[:place]
    service, colon, port = last.rpartition(":")
    ingress = _ingress(group, whose)
    if not colon or ingress is None:
        return None
    backend = BackendId(ingress=ingress, service=Key(ingress.namespace, service), port=port)
    return backend, _MODES[parts[place]]


def _ingress(group: str, whose: list[str]) -> Key | None:
    """Return whose a backend service is, by what stands before the Service in its address."""
    match whose:
        case [] if "/" in group:
            return Key.parse(group)
        case [namespace] if group == SHARED:
            return Key(namespace, "")
        case [namespace, name]:
            return Key(namespace, name)
        case _:
            return None


def ids(group: str, backend: BackendId, service_port: int, mode: TargetMode) -> tuple[str, ...]:
    """Return what a backend may be called in a group: implicit, explicit or ``shared``."""
    explicit = addresses.backend_id(backend, mode.value, explicit=True)
    if group == SHARED:
        return (addresses.common_backend_id(numbered(backend, service_port), mode.value),)
    if str(backend.ingress) == group:
        return (addresses.backend_id(backend, mode.value, explicit=False), explicit)
    return (explicit,)


def numbered(backend: BackendId, service_port: int) -> BackendId:
    """Return a backend by its port's number: a Service port is one, whatever it is called."""
    if not service_port:
        return backend
    return BackendId(ingress=backend.ingress, service=backend.service, port=str(service_port))


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Finds the backend that something of a group belongs to, by its address.

    ``by_id`` is for addresses as they are read; ``by_text`` for those that were too long and end in
    a hash: their text without a generation.
    """

    by_id: Mapping[str, BackendIntent]
    by_text: Mapping[str, BackendIntent]

    @classmethod
    def of(
        cls,
        group: str,
        backends: Iterable[BackendIntent],
        mode: TargetMode,
        *,
        tails: Iterable[str] = ("",),
    ) -> Owners:
        """Return a finder.

        Args:
            group: Whose the things are.
            backends: Who may be behind them.
            mode: How traffic reaches their pods.
            tails: What may follow the id of a backend: zones, kinds of load balancers.
        """
        by_id: dict[str, BackendIntent] = {}
        by_text: dict[str, BackendIntent] = {}
        for backend in backends:
            for id_ in ids(group, backend.id, backend.service_port, mode):
                for tail in tails:
                    rest = "/".join(part for part in (group, id_, tail) if part)
                    by_id.setdefault(rest, backend)
                    for text in _cut(mode, group, f"{id_}/{tail}" if tail else id_):
                        by_text.setdefault(text, backend)
        return cls(by_id=by_id, by_text=by_text)

    def at(self, address: str) -> BackendIntent | None:
        """Return whose the thing at an address is, None for one that is nobody's here."""
        found = self.by_id.get(addresses.parse(address).rest)
        return found or self.by_text.get(address.partition("@")[0])


def _cut(mode: TargetMode, group: str, rest: str) -> tuple[str, ...]:
    """Return the address of what a backend has, where it is too long to be read."""
    if mode is TargetMode.POD:
        *id_, zone = rest.split("/")
        text = addresses.endpoint_group(group, "/".join(id_), zone)
    else:
        text = addresses.backend_service(group, rest)
    return () if text.endswith(f"{group}/{rest}") else (text,)

"""The sandbox's own endpoints, for a demo or a test in another process.

GET    /sandbox/calls        every call so far          DELETE forgets them
GET    /sandbox/faults       faults still waiting       POST places one, DELETE clears
GET    /sandbox/settings     settings in force          POST changes some
GET    /sandbox/limits       fixed limits in force      POST changes some
GET    /sandbox/quotas       quotas in force            POST changes some
GET    /sandbox/unhealthy    what fails its checks      POST {"add": [...], "discard": [...]}
GET    /sandbox/propagation  what the data plane does not know yet, in seconds by path
POST   /sandbox/place        {"parent": collection, "body": resource}: put a resource there
POST   /sandbox/clock        {"advance": seconds}
POST   /sandbox/reset        everything as at the start
"""

from __future__ import annotations

from dataclasses import asdict

import msgspec

from provisioner.sandbox.control import Actions, Body, Control, check_names
from provisioner.sandbox.gcp.cloud import Cloud, SettingChanges
from provisioner.sandbox.gcp.errors import RefusalError
from provisioner.sandbox.gcp.faults import Fault


class _Unhealthy(msgspec.Struct):
    """What is to fail its health checks, and what no longer."""

    add: tuple[str, ...] = ()
    discard: tuple[str, ...] = ()


class _Placement(msgspec.Struct):
    """A resource to put there."""

    parent: str
    body: dict[str, object]


def control_of(cloud: Cloud) -> Control[Fault]:
    """Return what answers requests to the endpoints of one cloud."""
    return Control(cloud, Fault, own=_Own(cloud).actions, refusals=(RefusalError,))


class _Own:
    """What this cloud alone can be asked."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.actions: Actions = {
            ("GET", "/sandbox/settings"): self._settings,
            ("POST", "/sandbox/settings"): self._settings,
            ("GET", "/sandbox/quotas"): self._quotas,
            ("POST", "/sandbox/quotas"): self._quotas,
            ("GET", "/sandbox/unhealthy"): self._unhealthy,
            ("POST", "/sandbox/unhealthy"): self._unhealthy,
            ("GET", "/sandbox/propagation"): self._propagation,
            ("POST", "/sandbox/place"): self._place,
        }

    def _settings(self, body: Body) -> object:
        check_names(body, SettingChanges.__annotations__)
        self._cloud.configure(**msgspec.convert(body, SettingChanges))
        return asdict(self._cloud.settings)

    def _quotas(self, body: Body) -> object:
        for name, value in body.items():
            self._cloud.quotas[name] = float(str(value))
        return dict(self._cloud.quotas)

    def _unhealthy(self, body: Body) -> object:
        check_names(body, ("add", "discard"))
        change = msgspec.convert(body, _Unhealthy)
        self._cloud.unhealthy.update(change.add)
        self._cloud.unhealthy.difference_update(change.discard)
        return {"unhealthy": sorted(self._cloud.unhealthy)}

    def _propagation(self, _body: Body) -> object:
        pending = self._cloud.propagating()
        return {"settled": not pending, "pending": dict(pending)}

    def _place(self, body: Body) -> object:
        check_names(body, ("parent", "body"))
        placement = msgspec.convert(body, _Placement)
        return self._cloud.place(placement.parent, placement.body)

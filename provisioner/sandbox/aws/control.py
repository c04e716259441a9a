"""The sandbox's own endpoints, for a demo or a test in another process.

GET    /sandbox/calls      every call so far          DELETE forgets them
GET    /sandbox/faults     faults still waiting       POST places one, DELETE clears
GET    /sandbox/settings   settings in force          POST changes some
GET    /sandbox/limits     limits in force            POST changes some
POST   /sandbox/clock      {"advance": seconds}
POST   /sandbox/certificates  {"validate": [ARNs]}: ACM sees the DNS records of these requests, or
                           of all waiting ones if none is named; answers what was issued
POST   /sandbox/reset      everything as at the start
"""

from __future__ import annotations

from dataclasses import asdict

import msgspec

from provisioner.sandbox.aws.cloud import Cloud, SettingChanges
from provisioner.sandbox.aws.faults import Fault
from provisioner.sandbox.control import Actions, Body, Control, check_names


class _Validation(msgspec.Struct):
    """Which certificate requests are validated."""

    validate: tuple[str, ...] = ()


def control_of(cloud: Cloud) -> Control[Fault]:
    """Return what answers requests to the endpoints of one cloud."""
    return Control(cloud, Fault, own=_Own(cloud).actions)


class _Own:
    """What this cloud alone can be asked."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.actions: Actions = {
            ("GET", "/sandbox/settings"): self._settings,
            ("POST", "/sandbox/settings"): self._settings,
            ("POST", "/sandbox/certificates"): self._validate,
        }

    def _settings(self, body: Body) -> object:
        check_names(body, SettingChanges.__annotations__)
        self._cloud.configure(**msgspec.convert(body, SettingChanges))
        return asdict(self._cloud.settings)

    def _validate(self, body: Body) -> object:
        check_names(body, ("validate",))
        named = msgspec.convert(body, _Validation).validate
        return {"issued": self._cloud.validate_certificates(*named)}

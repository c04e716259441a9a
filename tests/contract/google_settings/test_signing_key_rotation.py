"""A key that signs URLs is rotated for good, whenever the process dies.

Google shows no key. What tells which one a backend service has is written on it, and must never be
ahead of the key itself.
"""

from __future__ import annotations

import pytest

from provisioner.model.resource import Json
from tests.contract.google_settings.bad import ingress, service
from tests.contract.google_settings.site import Site, settings, signing_key
from tests.contract.provider.desk import Killed, calls_of, failures
from tests.contract.provider.manifests import Document

ADD = "backendServices.addSignedUrlKey"
CONFIG = {"cloud.google.com/backend-config": '{"default": "signed"}'}


def ask_for(site: Site, letter: str, *, seconds: int) -> None:
    """Ask for URLs signed with this key, and for a timeout, which is another field."""
    keys: list[Json] = [{"keyName": "key-1", "secretName": f"signing-{letter}"}]
    spec: Document = {"timeoutSec": seconds, "cdn": {"enabled": True, "signedUrlKeys": keys}}
    site.desk.put(
        ingress("web", {}), service("web", CONFIG), settings("BackendConfig", "signed", spec)
    )


def last_key(site: Site) -> object:
    """Return the value of the key that was added last."""
    bodies = [call.body for call in site.server.calls if call.operation == ADD]
    found = bodies[-1] if bodies else None
    assert isinstance(found, dict)
    return found["keyValue"]


def begin(site: Site) -> None:
    """Let the first key be in use, and ask for the second one."""
    site.desk.restart()
    if "Ingress shop/web" in site.desk.documents:
        site.clear_out()
    ask_for(site, "a", seconds=30)
    assert failures(site.desk.apply()) == []
    site.server.calls.clear()
    ask_for(site, "b", seconds=60)


def test_a_rotation_survives_the_death_of_the_process_after_any_call(site: Site) -> None:
    """Old key out, new key in, then what is remembered: the next process always finishes."""
    begin(site)
    total = calls_of(site.desk.plan()).total()
    assert total == 3

    for last in range(1, total + 1):
        begin(site)
        with pytest.raises(Killed):
            site.desk.apply(dies_after=last)
        site.desk.restart()
        assert failures(site.desk.apply()) == [], last
        assert last_key(site) == signing_key("b"), last
        names = site.look("web").backend()["cdnPolicy"]["signedUrlKeyNames"]
        assert names == ["key-1"], last
        site.desk.assert_at_rest()

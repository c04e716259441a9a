"""No secret of an Ingress is ever shown: not in plans, files, logs, errors or the project's texts.

OAuth clients of Identity-Aware Proxy, keys that sign URLs and private keys of certificates: all
that the product says of them is gathered and searched, from the first plan to a call that Google
refuses while quoting it.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.model.resource import Json
from tests.contract.google_settings import look
from tests.contract.google_settings.bad import ingress, scale, service
from tests.contract.google_settings.site import Site, secret, settings
from tests.contract.google_settings.things import pair
from tests.contract.provider.commands import files_alone, in_process
from tests.contract.provider.gcp_things import COLLECTIONS

FORMS = ("text", "json", "markdown", "html")
OURS = ("provisioner", "providers")
CLIENT = "sEcret-Okapi-4402"
OTHER_CLIENT = "sEcret-Gnu-9381"
INLINE_CLIENT = "sEcret-Zebra-7719"
KEY = base64.urlsafe_b64encode(b"sixteen-okapis-1").decode()
OTHER_KEY = base64.urlsafe_b64encode(b"sixteen-gnus-not").decode()
INLINE_KEY = base64.urlsafe_b64encode(b"sixteen-zebras-3").decode()
CONFIG = "cloud.google.com/backend-config"
SHOWN = "Invalid value '[hidden]'"


class Told:
    """Everything that was said, by where."""

    def __init__(self, *words: str) -> None:
        self.pages: dict[str, str] = {}
        encoded = [base64.b64encode(word.encode()).decode() for word in words]
        self._pattern = re.compile("|".join(re.escape(word) for word in (*words, *encoded)))

    def hear(self, where: str, said: str) -> None:
        """Keep what was said."""
        assert said, f"{where} says nothing"
        self.pages[where] = said

    def leaks(self) -> Iterator[str]:
        """Yield the places where a secret shows."""
        for where, said in self.pages.items():
            if found := self._pattern.search(said):
                yield f"{where}: ...{said[max(0, found.start() - 60) : found.end()]}..."


def _write(site: Site, client: str, key: str) -> None:
    """Put three Ingresses: one with IAP, one with signed URLs, one with both written inline."""
    tls = pair("*.shop.example.com")
    site.desk.put(
        secret("tls", {"tls.crt": tls.certificate, "tls.key": tls.key}, of="tls"),
        secret("oauth", {"client_id": "id", "client_secret": f"{client}\n"}),
        secret("signing", {"key_value": f"{key}\n"}),
    )
    guarded: dict[str, Json] = {"enabled": True, "oauthclientCredentials": {"secretName": "oauth"}}
    inline: dict[str, Json] = {"clientID": "id", "clientSecret": INLINE_CLIENT}
    signed: dict[str, Json] = {
        "enabled": True,
        "signedUrlKeys": [{"keyName": "one", "secretName": "signing"}],
    }
    written: dict[str, Json] = {
        "enabled": True,
        "signedUrlKeys": [{"keyName": "two", "keyValue": INLINE_KEY}],
    }
    by_hand: dict[str, Json] = {"enabled": True, "oauthclientCredentials": inline}
    for name, block, value in (
        ("iap", "iap", guarded),
        ("inline", "iap", by_hand),
        ("cdn", "cdn", signed),
        ("written", "cdn", written),
    ):
        site.desk.put(
            ingress(name, {}, tls=["tls"]),
            service(name, {CONFIG: f'{{"default": "{name}"}}'}),
            settings("BackendConfig", name, {block: value}),
        )


def _run(site: Site, told: Told, *words: str) -> None:
    done = in_process(site.desk, *words)
    assert done.returncode in {0, 2}, done.stderr
    told.hear(" ".join(words[:4]), done.stdout + done.stderr)


def _commands(site: Site, told: Told, folder: Path) -> None:
    """Ask for the plan in four forms and saved, for what it is made of, and for the account."""
    files = files_alone(site.desk)
    for form in FORMS:
        _run(site, told, "plan", "-o", form, *files)
    saved = folder / "plan.json"
    _run(site, told, "plan", "--out", str(saved), *files)
    told.hear("saved plan", saved.read_text())
    _run(site, told, "render", "-o", "json", *files)
    account = folder / "account.yaml"
    _run(site, told, "account", "export", "--out", str(account), *files)
    told.hear("account file", account.read_text())


def test_no_secret_is_shown_anywhere(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Plans in four forms, saved; account file; render; logs; errors; what Google keeps."""
    for name in OURS:
        caplog.set_level(logging.DEBUG, name)
    private = [line for line in pair("*.shop.example.com").key.split("\n") if "-----" not in line]
    words = (
        CLIENT,
        OTHER_CLIENT,
        INLINE_CLIENT,
        KEY,
        OTHER_KEY,
        INLINE_KEY,
        *filter(None, private),
    )
    told = Told(*words)
    scale(site, ["iap", "inline", "cdn", "written"], 2)
    _write(site, CLIENT, KEY)
    _commands(site, told, tmp_path)
    site.desk.converge()
    assert look.signing_keys(site.look("cdn", "cdn")) == ["one"]
    assert look.switched("iap.enabled")(site.look("iap", "iap")) is True

    _write(site, OTHER_CLIENT, OTHER_KEY)
    _commands(site, told, tmp_path)
    for operation, quoted in (
        ("backendServices.update", OTHER_CLIENT),
        ("backendServices.addSignedUrlKey", OTHER_KEY),
    ):
        message = f"Invalid value '{quoted}'"
        site.server.faults.fail(operation, reason="invalid", message=message, status=400)
    outcome = site.desk.apply()
    told.hear("outcome", repr(outcome.results))
    site.desk.converge()
    kept = [body for each in COLLECTIONS for body in site.rest.everything(each)]
    told.hear("descriptions", json.dumps([body.get("description", "") for body in kept]))
    ours = [r for r in caplog.records if r.name.split(".")[0] in OURS]
    told.hear("logs", "\n".join(f"{r.getMessage()} {r.exc_text or ''} {r.args!r}" for r in ours))

    assert list(told.leaks()) == []
    assert told.pages["outcome"].count(SHOWN) >= 1
    assert SHOWN in told.pages["logs"]


def test_a_new_secret_takes_the_place_of_the_old_one(site: Site) -> None:
    """A rotated OAuth client and a rotated key reach Google, and plans say so by fingerprints."""
    scale(site, ["iap", "inline", "cdn", "written"], 2)
    _write(site, CLIENT, KEY)
    site.desk.converge()
    before = look.service("iap.oauth2ClientSecretSha256")(site.look("iap", "iap"))

    _write(site, OTHER_CLIENT, OTHER_KEY)
    plan = site.desk.converge()

    changed = {
        step.address.rpartition("gcp:")[2].split("/")[0] for step in plan.steps if step.calls
    }
    assert changed == {"backend-service", "signed-url-key"}
    assert look.service("iap.oauth2ClientSecretSha256")(site.look("iap", "iap")) != before

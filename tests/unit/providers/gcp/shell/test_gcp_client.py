"""Promises of the client: one attempt, our own patience, no import that nobody needs."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from providers.gcp.client import Client
from provisioner.model.errors import ConfigError, NotFound, Unavailable
from provisioner.ports import CloudTarget
from tests.unit.providers.gcp.shell.projects import HOME, IDENTITY, ManualClock, World

PURE = """
import sys
from providers.gcp import provider
import providers.gcp.account_export, providers.gcp.changes.steps, providers.gcp.express
import providers.gcp.limits, providers.gcp.route, providers.gcp.routing.canonical
import providers.gcp.shapes, providers.gcp.wire
libraries = {"google", "requests", "boto3", "botocore", "urllib3"}
print(sorted(libraries & {name.partition(".")[0] for name in sys.modules}))
print(sorted(name for name in sys.modules if name.startswith("providers.aws")))
"""


def target(url: str, project: str = "p") -> CloudTarget:
    return CloudTarget(identity=IDENTITY, project=project, endpoint_url=url)


def test_planning_imports_no_client_library() -> None:
    """What is computed needs neither Google's libraries nor anything of the other cloud."""
    done = subprocess.run([sys.executable, "-c", PURE], capture_output=True, check=False)

    assert done.stderr.decode() == ""
    assert done.stdout.decode() == "[]\n[]\n"


def test_connecting_imports_no_other_cloud_and_no_compute_library() -> None:
    """google-auth and requests are enough; google-cloud-compute costs seconds and 150 MB."""
    script = (
        "import sys, providers.gcp.reader, providers.gcp.execute\n"
        "print([m for m in ('google.cloud.compute_v1', 'boto3', 'botocore', 'google.protobuf')"
        " if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)

    assert done.stderr.decode() == ""
    assert done.stdout.decode().strip() == "[]"


def test_without_a_project_there_is_nothing_to_talk_to() -> None:
    """The hint says how to name one."""
    with pytest.raises(ConfigError) as caught:
        Client(target("http://127.0.0.1:1", project=""))

    assert "--project" in caught.value.hint


def test_without_credentials_the_hint_says_how_to_get_some(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No traceback of a library reaches anybody."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")

    with pytest.raises(ConfigError) as caught:
        Client(target(""))

    assert "credentials" in caught.value.message
    assert "gcloud auth application-default login" in caught.value.hint


@pytest.mark.parametrize("content", ["", "{", '{"type": "nonsense"}'])
def test_broken_credentials_are_told(
    content: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that holds no credentials is a mistake of configuration."""
    path = tmp_path / "key.json"
    path.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))

    with pytest.raises(ConfigError):
        Client(target(""))


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1:1"])
def test_an_endpoint_that_is_no_url_is_told(url: str) -> None:
    """It is a flag of the user's."""
    client = Client(target(url), clock=ManualClock())

    with pytest.raises(ConfigError, match="endpoint"):
        client.get("projects.get", "", "")
    client.close()


def test_a_place_where_nobody_listens_is_asked_once() -> None:
    """Asking again at once would only repeat it."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    clock = ManualClock()
    client = Client(target(f"http://127.0.0.1:{port}"), clock=clock)

    with pytest.raises(Unavailable) as caught:
        client.get("projects.get", "", "")

    client.close()
    assert "refused" in caught.value.message.lower()
    assert clock.pauses == []


def test_a_read_is_repeated_where_its_answer_was_lost(world: World) -> None:
    """It changes nothing, so it may be asked twice."""
    world.cloud.faults.lose_response("projects.get")

    assert b"quotas" in world.client().get("projects.get", "", "")


def test_server_errors_end_at_some_point(world: World) -> None:
    """Three attempts, then the queue gets its worker back."""
    world.cloud.faults.fail("projects.get", times=None)

    with pytest.raises(Unavailable, match="backendError"):
        world.client().get("projects.get", "", "")

    assert len(world.cloud.calls) == 3


def test_a_listing_is_read_page_by_page(world: World) -> None:
    """At most 500 items come in one answer."""
    world.cloud.configure(page_size=1)
    for number in range(3):
        world.make("global/healthChecks", {"name": f"hc{number}", "type": "HTTP"})

    pages = list(world.client().pages("healthChecks.list", f"{HOME}/global/healthChecks"))

    assert len(pages) == 3


def test_what_is_not_there_is_not_found(world: World) -> None:
    """By its reason, with Google's own sentence."""
    with pytest.raises(NotFound, match="was not found") as caught:
        world.client().get("urlMaps.get", "global", "gone")

    assert caught.value.code == "notFound"


# --- answers that are none of Google's --------------------------------------------------------


class _Strange(BaseHTTPRequestHandler):
    """Answers what the path says."""

    def do_GET(self) -> None:
        """Answer with the status in the path and a page that is no JSON."""
        self.send_response(int(self.path.rpartition("/")[2].partition("?")[0]))
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(b"<html>a portal</html>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@pytest.fixture
def portal() -> Iterator[str]:
    """A server that is not Google's API."""
    server = HTTPServer(("127.0.0.1", 0), _Strange)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("status", [302, 400, 403, 500, 502])
def test_an_answer_that_is_not_googles_is_told_as_such(portal: str, status: int) -> None:
    """Proxies and portals answer, too; redirects are not followed."""
    client = Client(target(portal, project=str(status)), clock=ManualClock())

    with pytest.raises(Exception, match="not one of Google's API") as caught:
        client.get("projects.get", "", "")

    client.close()
    assert "proxy" in getattr(caught.value, "hint", "")


def test_a_page_instead_of_json_is_told_as_such(portal: str) -> None:
    """HTTP 200 does not make it an answer."""
    client = Client(target(portal, project="200"), clock=ManualClock())

    with pytest.raises(Unavailable, match="not one of Google's API"):
        list(client.pages("projects.get", "projects/200"))

    client.close()

"""``/healthz`` and ``/readyz``: whether the process lives, and whether its cache can be believed.

Readiness names what is missing, kind by kind, because "not ready" alone has cost people nights.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from provisioner.model.errors import ConfigError


class HealthServer:
    """Serves the two pages on a port of its own until stopped.

    Args:
        problems: What keeps the controller from being ready, by name; empty when it is.
        host: Address to listen on.
        port: 0 picks a free one.

    Raises:
        ConfigError: The port is taken, or not ours to take.
    """

    def __init__(
        self, problems: Callable[[], Mapping[str, str]], *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(problems))
        except OSError as error:
            raise ConfigError(
                f"probes cannot be answered on {host}:{port}: {error.strerror or error}",
                hint="name a free port with --health-port; 0 picks one",
            ) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(problems: Callable[[], Mapping[str, str]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/healthz":
                self._answer(HTTPStatus.OK, "alive\n")
            elif self.path == "/readyz":
                found = problems()
                text = "".join(f"{name}: {why}\n" for name, why in sorted(found.items()))
                status = HTTPStatus.SERVICE_UNAVAILABLE if found else HTTPStatus.OK
                self._answer(status, text or "ready\n")
            else:
                self._answer(HTTPStatus.NOT_FOUND, "try /healthz or /readyz\n")

        def _answer(self, status: HTTPStatus, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' word
            """Say nothing: probes are not news."""

    return Handler

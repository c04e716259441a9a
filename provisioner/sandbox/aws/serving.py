"""HTTP for the sandbox: connections that stay open, and every answer in one piece.

werkzeug's development server closes the connection after each answer, so that every call of a
client costs a connection, a thread and a selector: more than the call itself. Here a request is
read whole before it is answered, so that no rest of it can be mistaken for the next one.
"""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.datastructures import Headers
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.test import run_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LOG = logging.getLogger(__name__)
_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Handler(MotoRequestHandler):
    """One connection and the requests on it, one after the other."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True  # otherwise an answer may wait 40 ms for an acknowledgement

    def run_wsgi(self) -> None:
        """Answer one request; where the application loses an answer, the connection ends."""
        self.wfile.flush()  # "100 Continue", where the client waits for it
        environ = self.make_environ()
        environ["wsgi.input"] = BytesIO(self._body(environ))
        try:
            iterable, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        except ConnectionError:
            self.close_connection = True
            return
        except Exception:
            LOG.exception("the sandbox failed to answer %s %s", self.command, self.path)
            iterable, status, headers = [], "500 INTERNAL SERVER ERROR", Headers()
        self._send(status, headers, b"".join(iterable))

    def _body(self, environ: dict[str, object]) -> bytes:
        """Return the body; one that comes in chunks ends by itself."""
        stream = environ["wsgi.input"]
        length = -1 if "wsgi.input_terminated" in environ else self.headers.get("Content-Length", 0)
        body: bytes = stream.read(int(length))  # type: ignore[attr-defined]  # a stream, says WSGI
        return body

    def _send(self, status: str, headers: Headers, body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        if int(code) not in _BODILESS and self.command != "HEAD":
            headers["Content-Length"] = str(len(body))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # werkzeug's name
        """Say nothing: requests are in the call log, and the terminal belongs to the user."""


class Server(ThreadedWSGIServer):
    """A thread per connection; when the server closes, every connection ends with it."""

    def __init__(self, host: str, port: int, app: WSGIApplication) -> None:
        super().__init__(host, port, app, Handler)
        self._open: set[socket.socket] = set()

    def process_request(self, request: object, client_address: object) -> None:
        """Remember the connection."""
        assert isinstance(request, socket.socket)
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: object) -> None:
        """Forget the connection."""
        assert isinstance(request, socket.socket)
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """End what is open: who asks again must find nobody."""
        super().server_close()
        for connection in tuple(self._open):
            with suppress(OSError):  # its own thread may have closed it meanwhile
                connection.shutdown(socket.SHUT_RDWR)

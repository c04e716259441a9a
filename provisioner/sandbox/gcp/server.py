"""The emulated Google Cloud as a real HTTP server on this machine, in a thread of its own.

    with CloudServer() as cloud:
        client = compute_v1.UrlMapsClient(
            credentials=AnonymousCredentials(), client_options={"api_endpoint": cloud.url}
        )
        client.insert_unary(project="sandbox-project", url_map_resource=...)

Google's client polls operations at its built-in address whatever ``api_endpoint`` says, so callers
use the ``*_unary`` methods and poll with an operations client of their own.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Self

from aiohttp import web

from provisioner.sandbox.control import CONTROL_PREFIX
from provisioner.sandbox.gcp.cloud import Cloud
from provisioner.sandbox.gcp.control import control_of
from provisioner.sandbox.gcp.front import LARGEST_BODY, Front

HOST = "127.0.0.1"
_START_SECONDS = 10.0


class CloudServer(Cloud):
    """A cloud that listens, from ``start`` (or ``with``) until ``stop``."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__()
        self._control = control_of(self)
        self._port = port
        self._bound = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    @property
    def url(self) -> str:
        """The ``api_endpoint`` for clients."""
        if self._thread is None:
            raise RuntimeError("the cloud is not running; call start() or use it in a with block")
        return f"http://{HOST}:{self._bound}"

    def start(self) -> Self:
        """Listen in a thread of its own and return when requests are answered; port 0 is any."""
        if self._thread is not None:
            raise RuntimeError("the cloud is already running")
        self._ready.clear()
        self._thread = threading.Thread(target=self._run, name="sandbox-gcp", daemon=True)
        self._thread.start()
        started = self._ready.wait(_START_SECONDS)
        if self._failure is not None:
            self._thread = None
            raise RuntimeError("the cloud could not start") from self._failure
        if not started:
            raise RuntimeError(f"the cloud did not start within {_START_SECONDS} s")
        return self

    def stop(self) -> None:
        """Stop listening; calling it again does nothing, and the state stays readable."""
        if self._thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = self._loop = self._failure = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001  # handed to the thread that called start
            self._failure = error
            self._ready.set()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_route("*", f"{CONTROL_PREFIX}{{rest:.*}}", self._answer_control)
        application.router.add_route("*", "/{rest:.*}", Front(self).handle)
        runner = web.AppRunner(
            application, access_log=None, handler_cancellation=True, shutdown_timeout=0.2
        )
        await runner.setup()
        await web.TCPSite(runner, HOST, self._port).start()
        port = runner.addresses[0][1]
        assert isinstance(port, int)
        self._bound = port
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        try:
            await self._stopping.wait()
        finally:
            await runner.cleanup()

    async def _answer_control(self, http: web.Request) -> web.Response:
        status, body = self._control.answer(http.method, http.path, await http.read())
        return web.Response(body=body, status=status, content_type="application/json")

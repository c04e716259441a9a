"""The emulated AWS as a real HTTP server on this machine.

    with CloudServer() as cloud:
        client = boto3.client("elbv2", endpoint_url=cloud.url, ...)

moto keeps VPCs and certificates in process-wide dictionaries: two servers in one process share
them. So run one server per process and either call ``reset`` between tests or give each test an
account of its own, by using a number of twelve digits as access key.
"""

from __future__ import annotations

from threading import Thread
from types import TracebackType
from typing import Self

from provisioner.sandbox.aws.cloud import Cloud
from provisioner.sandbox.aws.front import Front
from provisioner.sandbox.aws.serving import Server

HOST = "127.0.0.1"


class CloudServer(Cloud):
    """A cloud that listens, from ``start`` (or ``with``) until ``stop``."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__()
        self._port = port
        self._server: Server | None = None
        self._thread: Thread | None = None

    @property
    def url(self) -> str:
        """The endpoint URL for boto3 clients."""
        if self._server is None:
            raise RuntimeError("the cloud is not running; call start() or use it in a with block")
        return f"http://{HOST}:{self._server.server_port}"

    def start(self) -> Self:
        """Listen in a thread of its own; port 0 takes a free one."""
        self._server = Server(HOST, self._port, Front(self))
        self._thread = Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="sandbox-aws",
            daemon=True,
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening; calling it again does nothing."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._forget()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

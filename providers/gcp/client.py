"""The one way to Google Cloud: REST over google-auth's session, with a gate before every request.

Everything that reaches Google passes ``Client.call``: pacing, the fence of whoever may write, one
attempt, the translation of errors. Nothing below it repeats a request, because that would happen
below the fence: a deposed leader could go on writing. For the same reason an attempt is short (2 s
to connect, 5 s to read), and credentials are refreshed before the fence is asked.

A write is repeated with the request id of its first attempt, so Google carries it out once however
often it is sent (``requestId`` of every changing method): after a refusal for being too fast or for
something else being done to the resource, and after a lost answer, which may hide a success.

Planning gets a client without a fence; it refuses whatever changes something.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from threading import Lock
from types import MappingProxyType
from typing import Final, TypeAlias
from urllib.parse import quote

import google.auth
import msgspec
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession, Request
from requests import Response
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException

from providers.gcp.errors import (
    NEVER_SENT,
    NOT_READY,
    PROJECT_HINT,
    lost,
    refused,
    unauthenticated,
)
from providers.gcp.methods import method
from providers.shell.pace import Buckets, Rate, SystemClock, keep_trying
from provisioner import __version__
from provisioner.model.errors import ConfigError, Conflict, ProviderError, Throttled, Unavailable
from provisioner.ports import Clock, CloudTarget, Fence

Object: TypeAlias = Mapping[str, object]

HOST: Final = "https://compute.googleapis.com"
VERSION: Final = "/compute/v1/"
SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
CONNECT_SECONDS: Final = 2
READ_SECONDS: Final = 5
LARGEST_PAGE: Final = "500"

REFUSED_ATTEMPTS = 10
"""Quotas are counted by the minute; the pauses between ten attempts add up to one at most."""
LOST_ATTEMPTS = 3
LONGEST_PAUSE = 16.0

RATES: tuple[Rate, ...] = (
    # Endpoint groups have quotas of their own; these are the rates that Google's own controller
    # for GKE keeps to.
    Rate(calls="networkEndpointGroups.listNetworkEndpoints", burst=45, per_second=30),
    Rate(calls="networkEndpointGroups.*tachNetworkEndpoints", burst=30, per_second=15),
    # Operations are counted apart ("API rate limits" of Compute Engine); likewise.
    Rate(calls="*Operations.get", burst=40, per_second=10),
    # The same page: 1,500 a minute and project for everything else, that is 25 a second for all
    # who call. A plan is a dozen listings at once, hence the bursts.
    Rate(calls="*.get*", burst=60, per_second=8),
    Rate(calls="*.list*", burst=60, per_second=8),
    Rate(calls="*.aggregatedList", burst=60, per_second=8),
    Rate(calls="*", burst=60, per_second=8),
)

_NO_QUERY: Mapping[str, str] = MappingProxyType({})


class WriteWhilePlanningError(RuntimeError):
    """A bug: something that only reads tried to change the project."""


class Client:
    """A project's Compute API; safe to share between threads."""

    def __init__(
        self, target: CloudTarget, *, fence: Fence | None = None, clock: Clock | None = None
    ) -> None:
        """Connect.

        Args:
            target: Which project, and how to reach it.
            fence: Permission to write, None for a client that only reads.
            clock: What to pause on.

        Raises:
            ConfigError: There are no credentials, or no project is named.
        """
        credentials, found = _credentials(target)
        self.target = target
        self.project: str = target.project or found
        if not self.project:
            raise ConfigError("no Google Cloud project is named", hint=PROJECT_HINT)
        self.clock: Clock = clock or SystemClock()
        self._fence = fence
        self._buckets = Buckets(self.clock, RATES)
        self._base = (target.endpoint_url.rstrip("/") or HOST) + VERSION
        self._session = _session(credentials)
        self._refreshing = Lock()

    def call(
        self,
        operation: str,
        path: str,
        *,
        query: Mapping[str, str] = _NO_QUERY,
        body: bytes | None = None,
    ) -> bytes:
        """Make a call and return what Google answers.

        Args:
            operation: The method's published name (``urlMaps.get``).
            path: Its path below the version.
            query: Query parameters.
            body: The JSON to send.

        Raises:
            NotLeader: The fence is down; nothing was sent.
            ProvisionerError: Google said no, or said nothing.
        """
        asked = method(operation)
        fence = self._fence
        if not asked.reads:
            if fence is None:
                told = f"planning must not write, yet {operation} was about to be sent"
                raise WriteWhilePlanningError(told)
            query = {**query, "requestId": str(uuid.uuid4())}

        def attempt() -> bytes:
            self._refresh()
            self._buckets.take(operation)
            if fence is not None and not asked.reads:
                fence.check()
            return self._send(asked.http, operation, path, query=query, body=body)

        return keep_trying(attempt, self.clock, attempts=_attempts, longest_pause=LONGEST_PAUSE)

    def get(self, operation: str, scope: str, name: str, *, project: str = "") -> bytes:
        """Return a resource as Google spells it."""
        return self.call(operation, self.path(operation, scope, name, project=project))

    def path(self, operation: str, scope: str, name: str, *, project: str = "") -> str:
        """Return the path of a method in this client's project, or in another one."""
        return method(operation).path(project or self.project, scope, name)

    def pages(
        self, operation: str, path: str, *, body: bytes | None = None
    ) -> Iterator[Mapping[str, object]]:
        """Yield every page of a listing."""
        query = {"maxResults": LARGEST_PAGE}
        while True:
            page = decoded(self.call(operation, path, query=query, body=body))
            yield page
            token = page.get("nextPageToken")
            if not isinstance(token, str) or not token:
                return
            query = {**query, "pageToken": token}

    def close(self) -> None:
        """Give the connections back; the client can be used no more."""
        self._session.close()  # type: ignore[no-untyped-call]  # google-auth is untyped

    def _refresh(self) -> None:
        """See to it that the credentials are good for one more request."""
        with self._refreshing:
            credentials = self._session.credentials
            if credentials.valid:
                return
            try:
                credentials.refresh(Request(self._session.transport))  # type: ignore[no-untyped-call]  # likewise
            except GoogleAuthError as error:
                raise unauthenticated(error) from error

    def _send(
        self,
        http: str,
        operation: str,
        path: str,
        *,
        query: Mapping[str, str],
        body: bytes | None,
    ) -> bytes:
        try:
            answer: Response = self._session.request(  # type: ignore[no-untyped-call]  # likewise
                http,
                self._base + quote(path),
                params=dict(query),
                data=body,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            )
        except RequestException as error:
            raise lost(error, operation) from error
        except GoogleAuthError as error:
            raise unauthenticated(error) from error
        if not answer.ok or answer.is_redirect:
            raise refused(answer.status_code, answer.content, operation)
        return answer.content


def decoded(content: bytes) -> Object:
    """Return the object that an answer holds.

    Raises:
        Unavailable: It is no JSON object.
    """
    try:
        found: object = msgspec.json.decode(content)
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable(
            "the answer is not one of Google's API",
            hint="check --endpoint-url and the proxy settings",
        )
    return found


class _Session(AuthorizedSession):
    """google-auth's session without its own second attempts."""

    credentials: Credentials

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # google-auth is untyped
            credentials, refresh_status_codes=(), max_refresh_attempts=0
        )
        # What google-auth refreshes credentials with has three attempts of its own; they are made
        # before the fence is asked.
        self.transport = self._auth_request_session
        self.headers["User-Agent"] = f"ingress-provisioner/{__version__}"
        self.headers["Content-Type"] = "application/json"
        adapter = HTTPAdapter(pool_maxsize=16, max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)


def _session(credentials: Credentials) -> _Session:
    return _Session(credentials)


def _credentials(target: CloudTarget) -> tuple[Credentials, str]:
    """Return the credentials to use, and the project that they name.

    An endpoint of one's own is an emulator, which wants none and shall see none.
    """
    if target.endpoint_url:
        return AnonymousCredentials(), ""  # type: ignore[no-untyped-call]  # likewise
    try:
        credentials, project = google.auth.default(scopes=SCOPES)
    except GoogleAuthError as error:
        raise unauthenticated(error) from error
    return credentials, project or ""


def _attempts(error: ProviderError) -> int:
    match error:
        case Throttled():
            return REFUSED_ATTEMPTS
        case Conflict() if error.code == NOT_READY:
            return REFUSED_ATTEMPTS
        case Unavailable() if error.code not in NEVER_SENT:
            return LOST_ATTEMPTS
        case _:
            return 1

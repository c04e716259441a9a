"""Wait for what Google has accepted: a change happens in an operation, after its answer.

An answer with HTTP 200 says that the request was well formed, no more; the operation may fail
minutes later, with an error as if the request had. So a write is over when its operation is. Where
the operation is asked about follows from its own link: its project, and its region or zone or
neither.

Asking is reading: it needs no fence, and whoever lost the lease meanwhile may still learn what
became of its last write.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from providers.gcp.client import Client, decoded
from providers.gcp.errors import STILL_RUNNING, failed
from providers.gcp.links import place_of
from provisioner.model.errors import Rejected, Unavailable

DEADLINE_SECONDS: Final = 600.0
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 5.0
_GROWTH = 1.5

_METHODS: Mapping[str, str] = MappingProxyType(
    {
        "global": "globalOperations.get",
        "regions": "regionOperations.get",
        "zones": "zoneOperations.get",
    }
)


def finished(client: Client, answer: bytes, operation: str) -> Mapping[str, object]:
    """Return the operation that an answer announced, once it is over.

    Args:
        client: The client that made the call.
        answer: What the call was answered.
        operation: The published name of the call, for messages.

    Raises:
        ProviderError: It failed, or it is not over after ten minutes.
    """
    deadline = client.clock.now() + DEADLINE_SECONDS
    pause = 0.0
    while True:
        known = decoded(answer)
        if known.get("status") == "DONE":
            error = failed(answer, operation)
            if error is not None:
                raise error
            return known
        if client.clock.now() >= deadline:
            raise _still_running(operation)
        if pause:  # many a change is over before one can ask
            client.clock.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * _GROWTH) if pause else FIRST_PAUSE
        answer = _asked(client, known, operation)


def _asked(client: Client, known: Mapping[str, object], operation: str) -> bytes:
    place = place_of(str(known.get("selfLink", "")))
    if place is None:
        raise Rejected(
            f"the answer to {operation} names no operation",
            hint="check that --endpoint-url is Google's Compute API or an emulator of it",
            operation=operation,
        )
    asking = _METHODS[place.scope.partition("/")[0]]
    return client.get(asking, place.scope, place.name, project=place.project)


def _still_running(operation: str) -> Unavailable:
    minutes = int(DEADLINE_SECONDS // 60)
    return Unavailable(
        f"{operation} is still running after {minutes} minutes",
        hint="planning again finds out what became of it",
        operation=operation,
        code=STILL_RUNNING,
    )

"""The endpoints by which every emulated cloud is watched and steered from another process.

A demo or a test that runs elsewhere has no Cloud object in its hands. What it asks for is the same
for every cloud and stands here: the calls, the faults, the limits, the clock, a new start. A cloud
adds what it alone has; the names of settings and the fields of a fault are its own, too. What is
unknown is refused with what is known, because a fault that silently never comes proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import asdict, fields
from http import HTTPStatus
from typing import Generic, Protocol, TypeAlias

import msgspec

from provisioner.sandbox.calls import CallRecord
from provisioner.sandbox.faults import Faults, FaultT

CONTROL_PREFIX = "/sandbox/"

Body: TypeAlias = Mapping[str, object]
Action: TypeAlias = Callable[[Body], object]
Actions: TypeAlias = Mapping[tuple[str, str], Action]
"""What is done by method and path."""


class Records(Protocol):
    """A call log, as far as it is read here."""

    def __iter__(self) -> Iterator[CallRecord]:
        """Yield the records, oldest first."""
        ...

    def clear(self) -> None:
        """Forget everything so far."""
        ...


class EmulatedCloud(Protocol[FaultT]):
    """What every emulated cloud can be asked from outside."""

    @property
    def calls(self) -> Records:
        """Every request answered so far."""
        ...

    @property
    def faults(self) -> Faults[FaultT]:
        """Failures on demand."""
        ...

    @property
    def limits(self) -> MutableMapping[str, int]:
        """Limits in force, by name."""
        ...

    def now(self) -> float:
        """Seconds on the sandbox's clock."""
        ...

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        ...

    def reset(self) -> None:
        """Make everything as at the start."""
        ...


class Control(Generic[FaultT]):
    """Answers requests to the sandbox's own endpoints."""

    def __init__(
        self,
        cloud: EmulatedCloud[FaultT],
        fault: type[FaultT],
        *,
        own: Actions,
        refusals: tuple[type[Exception], ...] = (),
    ) -> None:
        """Steer ``cloud``.

        Args:
            cloud: What is steered.
            fault: What a fault of it looks like.
            own: What this cloud alone can be asked.
            refusals: What ``own`` raises besides ``ValueError`` where a request makes no sense.
        """
        self._cloud = cloud
        self._fault = fault
        self._refusals: tuple[type[Exception], ...] = (
            KeyError,
            ValueError,
            msgspec.MsgspecError,
            *refusals,
        )
        self._actions: Actions = {
            ("GET", "/sandbox/calls"): self._calls,
            ("DELETE", "/sandbox/calls"): self._clear_calls,
            ("GET", "/sandbox/faults"): self._faults,
            ("POST", "/sandbox/faults"): self._place_fault,
            ("DELETE", "/sandbox/faults"): self._clear_faults,
            ("GET", "/sandbox/limits"): self._limits,
            ("POST", "/sandbox/limits"): self._limits,
            ("POST", "/sandbox/clock"): self._advance,
            ("POST", "/sandbox/reset"): self._reset,
            **own,
        }

    def answer(self, method: str, path: str, content: bytes) -> tuple[HTTPStatus, bytes]:
        """Return the status and the JSON of an answer."""
        action = self._actions.get((method, path))
        if action is None:
            known = ", ".join(sorted(f"{verb} {place}" for verb, place in self._actions))
            return HTTPStatus.NOT_FOUND, _json({"error": f"unknown; known: {known}"})
        try:
            body = msgspec.json.decode(content or b"{}", type=dict[str, object])
            return HTTPStatus.OK, _json(action(body))
        except self._refusals as error:
            return HTTPStatus.BAD_REQUEST, _json({"error": str(error)})

    def _calls(self, _body: Body) -> object:
        return {"calls": [asdict(record) for record in self._cloud.calls]}

    def _clear_calls(self, _body: Body) -> object:
        self._cloud.calls.clear()
        return {}

    def _faults(self, _body: Body) -> object:
        waiting = self._cloud.faults.pending()
        return {"faults": [{**asdict(fault), "kind": fault.kind.value} for fault in waiting]}

    def _place_fault(self, body: Body) -> object:
        check_names(body, [field.name for field in fields(self._fault)])
        self._cloud.faults.place(msgspec.convert(body, self._fault))
        return {}

    def _clear_faults(self, _body: Body) -> object:
        self._cloud.faults.clear()
        return {}

    def _limits(self, body: Body) -> object:
        for name, value in body.items():
            self._cloud.limits[name] = int(str(value))
        return dict(self._cloud.limits)

    def _advance(self, body: Body) -> object:
        self._cloud.advance(float(str(body["advance"])))
        return {"now": self._cloud.now()}

    def _reset(self, _body: Body) -> object:
        self._cloud.reset()
        return {}


def check_names(body: Body, known: Iterable[str]) -> None:
    """Refuse a request that names what there is not.

    Raises:
        ValueError: It does; the message says what there is.
    """
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")


def _json(body: object) -> bytes:
    return json.dumps(body, default=str).encode()

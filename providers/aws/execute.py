"""The one way to write to AWS: fence, pace, one attempt, and an honest word on the outcome.

A call is repeated only when AWS refused it for being too fast, because then it certainly did not
happen. A lost answer or a server error may hide a success; it is reported as ``Unavailable``, and
planning again finds out by looking. The fence is asked right before every attempt, after any
waiting, so that whoever lost the lease while waiting sends nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar, cast

from botocore import xform_name

from providers.aws.client import Clients
from providers.aws.live.journal import Journal
from providers.aws.live.pace import Pace, SystemClock, persist
from providers.shell.sending import found_in, refusal, thawed
from provisioner.model.change import Call
from provisioner.model.errors import ProviderError
from provisioner.ports import Clock, CloudTarget, Fence

T = TypeVar("T")

log = logging.getLogger(__name__)

NOTHING: Mapping[str, str] = MappingProxyType({})


class WriteGate:
    """The gate of everything that writes: paced, fenced, repeated only when refused as too fast."""

    def __init__(self, fence: Fence, clock: Clock | None = None) -> None:
        self._fence = fence
        self._clock = clock or SystemClock()
        self._pace = Pace(self._clock)

    def call(self, service: str, operation: str, send: Callable[[], T]) -> T:
        """Make a call that changes the account."""

        def attempt() -> T:
            self._pace.wait(service, operation)
            self._fence.check()
            return send()

        return persist(attempt, self._clock, reading=False)


def open_writer(target: CloudTarget, fence: Fence, *, journal: Journal | None = None) -> AwsWriter:
    """Return a writer to the account behind ``target``.

    Raises:
        ConfigError: No region is configured, or the configuration of AWS is broken.
    """
    clock = SystemClock()
    clients = Clients(target, WriteGate(fence, clock), reading=False)
    return AwsWriter(clients, journal=journal or Journal(clock))


class AwsWriter:
    """Implements ``ports.Writer``; safe to share between threads."""

    def __init__(self, clients: Clients, *, journal: Journal) -> None:
        """Write through ``clients``, whose gate holds the fence; tell ``journal`` what was made."""
        self._clients = clients
        self._journal = journal

    def send(self, call: Call, parameters: Mapping[str, object]) -> Mapping[str, str]:
        """Make one call and return the outputs it names.

        Raises:
            NotLeader: The fence is down; nothing was sent.
            ProviderError: AWS said no, or said nothing.
        """
        client = self._clients.named(call.service)
        method = cast(
            "Callable[..., Mapping[str, object]]", getattr(client, xform_name(call.operation))
        )
        try:
            answer = method(**{name: thawed(value) for name, value in parameters.items()})
        except ProviderError as error:
            told = refusal(error, call)
            if told is not None:
                raise told from None
            self._journal.note(call, NOTHING)
            return NOTHING
        outputs = {
            name: found_in(answer, path, call, mark="tags")
            for name, path in sorted(call.outputs.items())
        }
        log.info("%s for %s: done", call.operation, call.address)
        self._journal.note(call, outputs)
        return outputs

    def close(self) -> None:
        """Give the connections back."""
        self._clients.close()

"""boto3 clients with a gate in front of every call.

Everything that reaches AWS, pages of a paginator included, passes ``Gate.call``: pacing, the
fence of whoever may write, one attempt, the translation of errors. botocore's own retries are
off, because they would happen below the fence: a deposed leader could go on writing. For the same
reason an attempt is short (2 s to connect, 5 s to read).

The gate sits in a class that botocore is asked, by its event for that purpose, to derive the
clients from; so the typed clients are used as they are and nothing can be called around it.

Planning gets a gate of its own, and as a second fence a ``before-call`` hook that refuses
whatever does not read by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar, cast

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, UnknownRegionError

from providers.aws.errors import BOTO_ERRORS, REGION_HINT, translated
from providers.aws.live.pace import Pace, SystemClock, persist
from provisioner import __version__
from provisioner.model.errors import ConfigError
from provisioner.ports import Clock, CloudTarget

if TYPE_CHECKING:
    from types_boto3_acm import ACMClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client

T = TypeVar("T")

CONNECT_SECONDS = 2
READ_SECONDS = 5
READING_PREFIXES = ("Describe", "List", "Get", "Head")


class WriteWhilePlanningError(RuntimeError):
    """A bug: something that only reads tried to change the account."""


class Gate(Protocol):
    """What stands between our code and AWS."""

    def call(self, service: str, operation: str, send: Callable[[], T]) -> T:
        """Make the call by ``send``, when and if it may be made.

        Raises:
            ProvisionerError: Instead of anything that botocore raises.
        """
        ...


class ReadGate:
    """The gate of everything that only reads: paced, patient with throttles and lost answers."""

    reading: ClassVar[bool] = True

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._pace = Pace(self._clock)

    def call(self, service: str, operation: str, send: Callable[[], T]) -> T:
        """Make a call that changes nothing."""

        def attempt() -> T:
            self._pace.wait(service, operation)
            return send()

        return persist(attempt, self._clock, reading=True)


class Clients:
    """The clients of one account and region, made when first asked for; safe to share."""

    def __init__(self, target: CloudTarget, gate: Gate, *, reading: bool = True) -> None:
        self.target = target
        self._gate = gate
        self._reading = reading
        self._lock = Lock()
        self._made: dict[str, BaseClient] = {}
        try:
            self._session = boto3.Session(region_name=target.region or None)
        except BotoCoreError as error:
            raise translated(error, service="", operation="") from error
        if not self._session.region_name:
            raise ConfigError("no AWS region is configured", hint=REGION_HINT)
        self.region: str = self._session.region_name
        self._session.events.register("creating-client-class", self._derive)

    @property
    def partition(self) -> str:
        """The partition of the region (``aws``, ``aws-cn``, ...)."""
        try:
            return self._session.get_partition_for_region(self.region)
        except UnknownRegionError:
            return "aws"

    @property
    def elbv2(self) -> ElasticLoadBalancingv2Client:
        """The client for load balancers."""
        return cast("ElasticLoadBalancingv2Client", self.named("elbv2"))

    @property
    def ec2(self) -> EC2Client:
        """The client for networks; its model alone takes a fifth of a second to load."""
        return cast("EC2Client", self.named("ec2"))

    @property
    def acm(self) -> ACMClient:
        """The client for certificates."""
        return cast("ACMClient", self.named("acm"))

    def named(self, service: str) -> BaseClient:
        """Return the client of a service, making it if need be."""
        with self._lock:  # boto3 sessions are not thread-safe, their clients are
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]

    def close(self) -> None:
        """Give the connections back; the clients can be used no more."""
        with self._lock:
            for client in self._made.values():
                client.close()

    def _make(self, service: str) -> BaseClient:
        settings = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": 1, "mode": "standard"},
            user_agent_extra=f"ingress-provisioner/{__version__}",
        )
        make = cast("Callable[..., BaseClient]", self._session.client)
        try:
            client = make(service, endpoint_url=self.target.endpoint_url or None, config=settings)
        except BOTO_ERRORS as error:
            raise translated(error, service=service, operation="") from error
        except ValueError as error:  # botocore's word for an endpoint that is no URL
            raise ConfigError(
                f"the AWS endpoint cannot be used: {error}",
                hint="--endpoint-url takes an address like http://127.0.0.1:5000",
            ) from error
        if self._reading:
            client.meta.events.register("before-call", refuse_writes)
        return client

    def _derive(self, base_classes: list[type], **_: object) -> None:
        """Put the gate in front of the class that botocore is about to make."""
        gate = self._gate

        class Gated:
            """Sends every API call through the gate."""

            meta: object

            def _make_api_call(self, operation_name: str, api_params: object) -> object:
                service = self.meta.service_model.service_name  # type: ignore[attr-defined]  # untyped in botocore
                through = super()._make_api_call  # type: ignore[misc]  # botocore's BaseClient comes next

                def send() -> object:
                    try:
                        return through(operation_name, api_params)
                    except BOTO_ERRORS as error:
                        raise translated(
                            error, service=service, operation=operation_name
                        ) from error

                return gate.call(service, operation_name, send)

        base_classes.insert(0, Gated)


class _Model(Protocol):
    name: str


def refuse_writes(model: _Model, **_: object) -> None:
    """Refuse an operation that does not read by its name; a ``before-call`` handler."""
    if not model.name.startswith(READING_PREFIXES):
        raise WriteWhilePlanningError(
            f"planning must not write, yet {model.name} was about to be sent; nothing was"
        )

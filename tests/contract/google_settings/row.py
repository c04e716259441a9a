"""One setting in the table: what it is set to, what it must become, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from provisioner.model.resource import Json
from tests.contract.google_settings.look import Probe

PORTABLE = "ingress-provisioner.io/"
NOTHING: Mapping[str, Json] = MappingProxyType({})


class Where(StrEnum):
    """Which object says it; the value comes before the keys of rows."""

    INGRESS = ""
    SERVICE = "Service "
    BACKEND_CONFIG = "BackendConfig "
    FRONTEND_CONFIG = "FrontendConfig "
    MANAGED_CERTIFICATE = "ManagedCertificate "


class Kind(StrEnum):
    """Google's load balancers, in the words of the annotation."""

    GLOBAL = "global-external"
    CLASSIC = "classic"
    REGIONAL = "regional-external"
    INTERNAL = "regional-internal"

    @property
    def regional(self) -> bool:
        """Whether its resources live in a region."""
        return self in {Kind.REGIONAL, Kind.INTERNAL}


EVERY = tuple(Kind)
WORLDWIDE = (Kind.GLOBAL, Kind.CLASSIC)
OF_A_REGION = (Kind.REGIONAL, Kind.INTERNAL)
ENVOYS = (Kind.GLOBAL, Kind.REGIONAL, Kind.INTERNAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One setting.

    Attributes:
        key: An annotation, or a field of an object below ``spec``.
        value: What the load balancer is made with.
        other: What is written then.
        probe: Where to look.
        seen: What the probe must find with ``value``, with ``other``, and without the setting.
        change: The calls that ``other`` takes, in alphabetical order, as global ones.
        removal: The calls that removing the setting takes.
        where: Who says it.
        beside: What else that object says, which stays.
        without: What the object says without the setting, where that is not ``beside``.
        on: The kinds of load balancers that have it.
        paths: Path -> service of the Ingress, where it needs certain ones.
        tls: Whether the Ingress names the Secret ``tls``.
        of_each: Whether every backend of the Ingress gets it: a classic load balancer has one more,
            GKE's, which answers what no rule does.
        mode: How targets are reached, "" where the setting decides it.
    """

    key: str
    value: Json
    other: Json
    probe: Probe
    seen: tuple[Json, Json, Json]
    change: tuple[str, ...]
    removal: tuple[str, ...]
    where: Where = Where.INGRESS
    beside: Mapping[str, Json] = field(default_factory=lambda: NOTHING)
    without: Mapping[str, Json] | None = None
    on: tuple[Kind, ...] = EVERY
    paths: tuple[str, ...] = ("/",)
    tls: bool = False
    of_each: bool = False
    mode: str = "pod"

    @property
    def name(self) -> str:
        """The key with the object that says it."""
        return f"{self.where}{self.key}"

    @property
    def of_backend(self) -> bool:
        """Whether the Service or its BackendConfig says it."""
        return self.where in {Where.SERVICE, Where.BACKEND_CONFIG}

    def calls(self, kind: Kind, *, change: bool) -> tuple[str, ...]:
        """Return the calls as a kind of load balancer takes them.

        An internal one has its address from the start, because only a reserved one can be shared.
        """
        found = self.change if change else self.removal
        if kind.regional:
            found = tuple(sorted(_REGIONAL.get(call, call) for call in found))
        if kind is Kind.INTERNAL:
            found = tuple(call for call in found if call != "addresses.insert")
        return tuple(sorted(found * 2)) if self.of_each and kind is Kind.CLASSIC else found


_REGIONAL: Mapping[str, str] = MappingProxyType(
    {
        f"{of_all}.{verb}": f"{of_one}.{verb}"
        for of_all, of_one in (
            ("backendServices", "regionBackendServices"),
            ("healthChecks", "regionHealthChecks"),
            ("urlMaps", "regionUrlMaps"),
            ("targetHttpProxies", "regionTargetHttpProxies"),
            ("targetHttpsProxies", "regionTargetHttpsProxies"),
            ("sslCertificates", "regionSslCertificates"),
            ("globalForwardingRules", "forwardingRules"),
            ("globalAddresses", "addresses"),
        )
        for verb in ("insert", "update", "delete", "setUrlMap", "setSslCertificates", "setTarget")
    }
    | {"targetHttpsProxies.setSslPolicy": "regionTargetHttpsProxies.patch"}  # there is no set
)

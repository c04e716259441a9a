"""Names of resources: where they live, and the URLs by which others refer to them.

The API takes full URLs of any of its hosts and versions as well as partial ones, and answers
with full ones (the field descriptions of ``UrlMap.defaultService`` list the forms).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

BASE_URL = "https://www.googleapis.com/compute/v1/"

_FORM = re.compile(
    r"(?:https?://[^/]+/)?/?(?:compute/(?:v1|beta|alpha)/)?"
    r"(?:projects/(?P<project>[^/]+)/)?"
    r"(?:(?P<global>global)|(?P<kind>regions|zones)/(?P<place>[^/]+))/"
    r"(?P<collection>[A-Za-z]+)/(?P<name>[^/]+)"
)


class ScopeKind(Enum):
    """How far a resource reaches; the words are those of URLs."""

    GLOBAL = "global"
    REGION = "regions"
    ZONE = "zones"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One place in which names are unique."""

    kind: ScopeKind
    name: str = ""

    @property
    def path(self) -> str:
        """``global``, ``regions/<name>`` or ``zones/<name>``."""
        return (
            self.kind.value if self.kind is ScopeKind.GLOBAL else f"{self.kind.value}/{self.name}"
        )

    @property
    def region(self) -> str:
        """The region that the place lies in, or an empty string."""
        match self.kind:
            case ScopeKind.GLOBAL:
                return ""
            case ScopeKind.REGION:
                return self.name
            case ScopeKind.ZONE:
                return self.name.rpartition("-")[0]


GLOBAL = Scope(kind=ScopeKind.GLOBAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """The identity of a resource."""

    project: str
    scope: Scope
    collection: str
    name: str

    @property
    def path(self) -> str:
        """The part of the URL that error messages show."""
        return f"projects/{self.project}/{self.scope.path}/{self.collection}/{self.name}"

    @property
    def url(self) -> str:
        """The full URL, as in ``selfLink``."""
        return BASE_URL + self.path


def parse_reference(spelled: str, project: str) -> Ref | None:
    """Return what a full or partial URL names; None if it is no reference to a resource.

    Args:
        spelled: The URL as it came.
        project: The project of whoever refers, for URLs that leave it out.
    """
    found = _FORM.fullmatch(spelled)
    if found is None:
        return None
    scope = GLOBAL
    if found["kind"]:
        scope = Scope(kind=ScopeKind(found["kind"]), name=found["place"])
    return Ref(
        project=found["project"] or project,
        scope=scope,
        collection=found["collection"],
        name=found["name"],
    )


def region_url(project: str, region: str) -> str:
    """The URL of a region."""
    return f"{BASE_URL}projects/{project}/regions/{region}"


def zone_url(project: str, zone: str) -> str:
    """The URL of a zone."""
    return f"{BASE_URL}projects/{project}/zones/{zone}"

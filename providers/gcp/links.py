"""Links: how one resource of Google Cloud names another, in the one form that we use.

The API answers with full URLs of one of its hosts and takes partial ones as well. Here a link is
the path alone (``projects/p/global/urlMaps/web``), so that equal things are equal whichever host
told of them. Links of other services (``//certificatemanager.googleapis.com/...``) stay as they
are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_HOST = re.compile(r"\Ahttps?://[^/]+/(?:compute/)?(?:v1|beta|alpha)/(?=projects/)")
_GLOBAL = "global"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A link taken apart. ``scope`` is ``global``, ``regions/<name>`` or ``zones/<name>``."""

    project: str
    scope: str
    collection: str
    name: str

    @property
    def region(self) -> str:
        """The region of something regional, "" for all else."""
        kind, _, name = self.scope.partition("/")
        return name if kind == "regions" else ""

    @property
    def zone(self) -> str:
        """The zone of something zonal, "" for all else."""
        kind, _, name = self.scope.partition("/")
        return name if kind == "zones" else ""


def path_of(link: str) -> str:
    """Return a link without the host that the API puts before it."""
    return _HOST.sub("", link, count=1)


def place_of(link: str) -> Place | None:
    """Return where a link leads, None for what is no link to a resource of Compute Engine."""
    match path_of(link).split("/"):
        case ["projects", project, "global", collection, name]:
            return Place(project=project, scope=_GLOBAL, collection=collection, name=name)
        case ["projects", project, ("regions" | "zones") as kind, where, collection, name]:
            scope = f"{kind}/{where}"
            return Place(project=project, scope=scope, collection=collection, name=name)
        case _:
            return None


def name_of(link: str) -> str:
    """Return the last part of a link: the name of a resource, a zone, a region."""
    return link.rpartition("/")[2]


def shortened(value: object) -> object:
    """Return a JSON value with every link in it shortened to its path."""
    if isinstance(value, str):
        return path_of(value)
    if isinstance(value, Mapping):
        return {key: shortened(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shortened(item) for item in value]
    return value

"""What the API server wraps objects in: pages of lists, errors, discovery.

Items of a page stay bytes, or are read for their keys alone, so that one odd object cannot fail
the page it came in, and counting ten thousand objects does not decode them.
"""

from __future__ import annotations

import msgspec

from provisioner.kube import wire


class ListMeta(wire.Wire):
    """ListMeta: where the next page begins."""

    continue_: str | None = msgspec.field(default=None, name="continue")
    resource_version: str | None = None


class ObjectList(wire.Wire):
    """A page of a list; items stay bytes, so that one odd object cannot fail the others."""

    metadata: ListMeta | None = None
    items: tuple[msgspec.Raw, ...] | None = None


class Identity(wire.Wire):
    """Just enough of an object to name it."""

    metadata: wire.Metadata | None = None


class IdentityMeta(wire.Wire):
    """Key and uid; used where ten thousand objects are listed only to be counted."""

    name: str = ""
    namespace: str = ""
    uid: str = ""


class Listed(wire.Wire):
    """One object of a list of keys."""

    metadata: IdentityMeta


class KeyList(wire.Wire):
    """A page of a list of which only the keys matter."""

    metadata: ListMeta | None = None
    items: tuple[Listed, ...] | None = None


class Status(wire.Wire):
    """The Status object that an API error carries."""

    message: str | None = None
    reason: str | None = None
    code: int | None = None


class Texts(wire.Wire):
    """What a ConfigMap holds."""

    data: dict[str, str | None] | None = None


class ResourceList(wire.Wire):
    """An APIResourceList: what a group and version serves."""

    resources: tuple[wire.NameReference, ...] | None = None

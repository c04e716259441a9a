"""Who names which object of settings, so that a changed one concerns nobody else.

A BackendConfig is named by Services, a FrontendConfig by Ingresses. Whether an annotation can be
read makes no difference here: every word of it counts as a name, because too many do no harm and a
missing one would leave a change unheard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from provisioner.kube.decode import KubeObject
from provisioner.kube.kinds import OBJECT_KINDS
from provisioner.model.kube import Ingress, Key, Service

OBJECTS = frozenset(info.kind for info in OBJECT_KINDS)
"""The kinds that are named."""

_NAMES_OBJECTS = re.compile(r"/(backend-config|v1beta1\.FrontendConfig|managed-certificates)$")

_WORD = re.compile(r"[a-z0-9][a-z0-9.-]*")
"""What may be the name of an object, whatever else is written around it."""


def objects_named(found: KubeObject | None) -> frozenset[Key]:
    """Return what an Ingress or a Service may name, whether or not it exists."""
    if not isinstance(found, Ingress | Service):
        return frozenset()
    words = (
        word
        for name, value in found.meta.annotations.items()
        if _NAMES_OBJECTS.search(name)
        for word in _WORD.findall(value)
    )
    return frozenset(Key(found.meta.namespace, word) for word in words)


class Namers:
    """The way back from an object to the Ingresses and Services that may name it."""

    def __init__(self) -> None:
        self._ingresses: dict[Key, set[Key]] = {}
        self._services: dict[Key, set[Key]] = {}

    def link(self, found: KubeObject | None) -> None:
        """Enter what an object names."""
        for name in objects_named(found):
            self._of(found).setdefault(name, set()).add(_key(found))

    def unlink(self, found: KubeObject | None) -> None:
        """Forget what an object named."""
        for name in objects_named(found):
            index = self._of(found)
            index.get(name, set()).discard(_key(found))
            if not index.get(name):
                index.pop(name, None)

    def ingresses(self, name: Key) -> frozenset[Key]:
        """Return the Ingresses that may name an object themselves."""
        return frozenset(self._ingresses.get(name, ()))

    def services(self, name: Key) -> frozenset[Key]:
        """Return the Services that may name an object."""
        return frozenset(self._services.get(name, ()))

    def _of(self, found: KubeObject | None) -> dict[Key, set[Key]]:
        return self._ingresses if isinstance(found, Ingress) else self._services


def _key(found: KubeObject | None) -> Key:
    return found.meta.key if found is not None else Key("", "")


def all_named(found: Iterable[KubeObject | None]) -> frozenset[Key]:
    """Return what any of these may name."""
    return frozenset(name for each in found for name in objects_named(each))

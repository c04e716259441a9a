"""Whose a target group of AWS Load Balancer Controller is: its tag, taken apart.

The tag reads ``<namespace>/<ingress>-<service>:<port>``. Names hold dashes, so the text alone has
several readings; the backends that are planned decide, then the Services of TargetGroupBindings,
then the Ingresses that are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.aws import addresses, incumbent
from providers.aws.labels import target_group_role
from provisioner.model.incumbent import Takeover
from provisioner.model.intent import BackendId
from provisioner.model.kube import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The backend that a target group was made for."""

    ingress: Key
    service: str
    port: str

    def target_group_id(self, mode: str, *, explicit: bool) -> str:
        """Return what addresses call the target group."""
        backend = BackendId(
            ingress=self.ingress, service=Key(self.ingress.namespace, self.service), port=self.port
        )
        return addresses.target_group_id(backend, mode, explicit=explicit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """What roles mean, as far as it is known.

    Attributes:
        planned: Group and role -> the planned backend.
        bound: Role -> the Service that a TargetGroupBinding names for the target group.
        ingresses: Every Ingress that is known.
        broken: Group -> Ingresses that are taken out as a whole.
    """

    planned: Mapping[tuple[str, str], BackendId]
    bound: Mapping[str, str]
    ingresses: frozenset[Key]
    broken: Mapping[str, tuple[Key, ...]]

    @classmethod
    def of(cls, takeover: Takeover) -> Owners:
        """Return what the two worlds say."""
        services = {b.target_group_arn: b.service for b in takeover.snapshot.bindings.values()}
        return cls(
            planned={
                (group.name, target_group_role(backend.id)): backend.id
                for group in takeover.intent.load_balancers
                for backend in group.backends
            },
            bound={
                resource.tags.get(incumbent.RESOURCE, ""): services[resource.id]
                for resource in takeover.incumbent.resources
                if resource.id in services
            },
            ingresses=frozenset(takeover.snapshot.ingresses),
            broken={
                group.name: tuple(sorted({q.ingress for q in group.quarantined if not q.path}))
                for group in takeover.intent.load_balancers
            },
        )

    def owner(self, group: str, role: str) -> Owner | None:
        """Return whose target group has this role in a group, None where the text says nothing."""
        planned = self.planned.get((group, role))
        if planned is not None:
            return Owner(ingress=planned.ingress, service=planned.service.name, port=planned.port)
        head, _, port = role.rpartition(":")
        namespace, slash, words = head.partition("/")
        if not slash or "-" not in words:
            return None
        ingress, service = self._split(role, namespace, words)
        return Owner(ingress=Key(namespace, ingress), service=service, port=port)

    def only_broken(self, group: str) -> tuple[Key, ...]:
        """Return the one Ingress of a group that cannot be planned; () for none or several."""
        found = self.broken.get(group, ())
        return found if len(found) == 1 else ()

    def _split(self, role: str, namespace: str, words: str) -> tuple[str, str]:
        """Return Ingress and Service; a text that nobody explains is cut at its last dash."""
        service = self.bound.get(role, "")
        if service and words.endswith(f"-{service}"):
            return words.removesuffix(f"-{service}"), service
        dashes = [index for index, letter in enumerate(words) if letter == "-"]
        known = [cut for cut in dashes if Key(namespace, words[:cut]) in self.ingresses]
        cut = (known or dashes)[-1]
        return words[:cut], words[cut + 1 :]

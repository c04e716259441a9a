"""What the resources of one load balancer are called and tagged: our words, or the incumbent's.

Names and tags are decided in one place because both readings of an Ingress share everything else:
under ``incumbent`` compatibility a load balancer bears the names and tags that AWS Load Balancer
Controller would give it, and our own marks beside them.

The *role* of a resource is what it is within its load balancer, in the incumbent's words
(``LoadBalancer``, ``443``, ``443:1``, ``shop/web-api:http``); "" where that controller tags none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.aws import marks, names
from provisioner.model.intent import BackendId, BackendIntent, TargetMode
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.resource import Value
from provisioner.ports import Expression

LONGEST_DESCRIPTION = 255
"""The longest description that EC2 takes."""

LOAD_BALANCER = "LoadBalancer"
FRONTEND_GROUP = "ManagedLBSecurityGroup"


def rule_role(port: int, priority: int) -> str:
    """Return the role of a rule."""
    return f"{port}:{priority}"


def target_group_role(backend: BackendId) -> str:
    """Return the role of a target group."""
    return f"{backend.ingress}-{backend.service.name}:{backend.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The names and tags of one load balancer's resources."""

    request: Expression

    @classmethod
    def of(cls, request: Expression) -> Labels:
        """Return the labels for what a request expresses."""
        return cls(request=request)

    def load_balancer_name(self, scheme: str, *, generation: int = 1) -> str:
        """Return the name of the load balancer (``scheme`` in AWS's words)."""
        del scheme  # part of the incumbent's name only
        intent = self.request.intent
        return names.load_balancer(
            self.request.settings.identity,
            intent.name,
            explicit=intent.explicit,
            generation=generation,
        )

    def frontend_group_name(self) -> str:
        """Return the name of the security group that lets clients in."""
        intent = self.request.intent
        return names.frontend_security_group(
            self.request.settings.identity, intent.name, explicit=intent.explicit
        )

    def frontend_group_description(self) -> str:
        """Return the description of the security group that lets clients in."""
        return f"Ingress Provisioner: clients of {self.request.intent.name}"[:LONGEST_DESCRIPTION]

    def target_group_name(
        self, backend: BackendIntent, mode: TargetMode, *, generation: int = 1
    ) -> str:
        """Return the name of a backend's target group."""
        return names.target_group(
            self.request.settings.identity,
            self.request.intent.name,
            backend.id,
            mode=mode.value,
            protocol=backend.protocol.value,
            version=backend.protocol_version.value,
            generation=generation,
        )

    def tags(
        self,
        address: str,
        *,
        role: str,
        user: Mapping[str, str] = NO_STRINGS,
        ingress: Key | None = None,
    ) -> Value:
        """Return the ``Tags`` of a resource; the installation's own are included."""
        del role  # part of the incumbent's tags only
        settings = self.request.settings
        return marks.tags(
            settings.identity,
            group=self.request.intent.name,
            address=address,
            ingress=ingress,
            user={**settings.tags, **user},
        )

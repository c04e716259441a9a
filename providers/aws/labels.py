"""What the resources of one load balancer are called and tagged: our words, or the incumbent's.

Names and tags are decided in one place because both readings of an Ingress share everything else:
under ``incumbent`` compatibility a load balancer bears the names and tags that AWS Load Balancer
Controller would give it, and our own marks beside them.

The *role* of a resource is what it is within its load balancer, in the incumbent's words
(``LoadBalancer``, ``443``, ``443:1``, ``shop/web-api:http``); "" where that controller tags none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from providers.aws import incumbent, marks, names
from provisioner.model.expression import Expression
from provisioner.model.intent import BackendId, BackendIntent, Compatibility, TargetMode
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.resource import Unknown, Value

LONGEST_DESCRIPTION = 255
"""The longest description that EC2 takes."""

CONTROL_PORT = "target-control-port"
"""Option of a backend: the port of the target control agent."""

TARGET_TYPES: Mapping[TargetMode, str] = MappingProxyType(
    {TargetMode.POD: "ip", TargetMode.NODE_PORT: "instance"}
)
"""What AWS calls the target modes."""

LOAD_BALANCER = "LoadBalancer"
FRONTEND_GROUP = "ManagedLBSecurityGroup"


NETWORK_LOAD_BALANCER = "FrontendNlb"


def network_role(what: str, port: int) -> str:
    """Return the role of a listener (``ls``) or target group (``tg``) of the one in front."""
    return f"{NETWORK_LOAD_BALANCER}-{what}-TCP-{port}"


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

    @property
    def is_incumbent(self) -> bool:
        """Whether the load balancer is named and tagged as the incumbent controller would."""
        return self.request.intent.compatibility is Compatibility.INCUMBENT

    @property
    def _cluster(self) -> str:
        return self.request.settings.identity.cluster_name

    def load_balancer_name(self, scheme: str) -> str:
        """Return the name of the load balancer (``scheme`` in AWS's words).

        A later generation needs a name of its own; the incumbent's has the scheme in it, which is
        what a later generation differs by.
        """
        intent = self.request.intent
        if self.is_incumbent:
            return incumbent.load_balancer(
                self._cluster, intent.name, explicit=intent.explicit, scheme=scheme
            )
        return names.load_balancer(
            self.request.settings.identity,
            intent.name,
            explicit=intent.explicit,
            generation=self.request.generation,
        )

    def frontend_group_name(self) -> str:
        """Return the name of the security group that lets clients in."""
        intent = self.request.intent
        if self.is_incumbent:
            return incumbent.frontend_security_group(
                self._cluster, intent.name, explicit=intent.explicit
            )
        return names.frontend_security_group(
            self.request.settings.identity, intent.name, explicit=intent.explicit
        )

    def frontend_group_description(self) -> str:
        """Return the description of the security group that lets clients in."""
        if self.is_incumbent:
            return incumbent.FRONTEND_DESCRIPTION
        return f"Ingress Provisioner: clients of {self.request.intent.name}"[:LONGEST_DESCRIPTION]

    def client_description(self, port: int) -> str:
        """Return the description of a rule that lets clients in, "" for none."""
        if self.is_incumbent:
            return ""
        text = f"Ingress Provisioner: clients of {self.request.intent.name} on port {port}"
        return text[:LONGEST_DESCRIPTION]

    def target_group_name(
        self,
        backend: BackendIntent,
        mode: TargetMode,
        *,
        port: int | Unknown,
        generation: int = 1,
        taken: Collection[str] = (),
    ) -> str | Unknown:
        """Return the name of a backend's target group.

        Args:
            backend: The backend.
            mode: How traffic reaches its pods.
            port: The target group's own port; part of the incumbent's name.
            generation: Which of several target groups of the backend it is.
            taken: Names of the others. The incumbent's name leaves out some of what cannot be
                changed (the address family), so two could meet; ours then takes its place, as it
                does on a load balancer that replaces another.
        """
        if self.is_incumbent and isinstance(port, Unknown):
            return port
        if self.is_incumbent and not backend.service_uid:
            return Unknown(f"the UID that the cluster gives Service {backend.id.service}")
        if self.is_incumbent and isinstance(port, int) and self.request.generation == 1:
            name = self._incumbent_name(backend, mode, port)
            if name not in taken:
                return name
        return names.target_group(
            self.request.settings.identity,
            self.request.intent.name,
            backend.id,
            mode=mode.value,
            protocol=backend.protocol.value,
            version=backend.protocol_version.value,
            generation=generation,
            balancer=self.request.generation,
        )

    def _incumbent_name(self, backend: BackendIntent, mode: TargetMode, port: int) -> str:
        service, ingress = backend.id.service, backend.id.ingress
        control_port = backend.options.get(CONTROL_PORT)
        return incumbent.target_group(
            service.namespace,
            service.name,
            self._cluster,
            self.request.intent.name,
            ingress.namespace,
            ingress.name,
            backend.service_uid,
            backend.id.port,
            str(port),
            TARGET_TYPES[mode],
            backend.protocol.value,
            backend.protocol_version.value,
            str(control_port) if isinstance(control_port, int) else "",
        )

    def network_load_balancer_name(self, balancer_name: str) -> str:
        """Return the name of the network load balancer in front of the one with this name."""
        if self.is_incumbent:
            return incumbent.network_load_balancer(balancer_name)
        request = self.request
        return names.network_load_balancer(
            request.settings.identity,
            request.intent.name,
            explicit=request.intent.explicit,
            generation=request.generation,
        )

    def network_target_group_name(self, port: int, *, check_port: str, check_protocol: str) -> str:
        """Return the name of its target group with this port; the check is part of theirs."""
        request, intent = self.request, self.request.intent
        if self.is_incumbent:
            words = (self._cluster, intent.name, str(port), "alb", "TCP", check_port)
            return incumbent.network_target_group(
                intent.name, *words, check_protocol, explicit=intent.explicit
            )
        return names.network_target_group(
            request.settings.identity,
            intent.name,
            port,
            explicit=intent.explicit,
            generation=request.generation,
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
        settings = self.request.settings
        return marks.tags(
            settings.identity,
            group=self.request.intent.name,
            address=address,
            ingress=ingress,
            user=self._incumbent_tags(role, user)
            if self.is_incumbent
            else {**settings.tags, **user},
        )

    def _incumbent_tags(self, role: str, user: Mapping[str, str]) -> Mapping[str, str]:
        """Return the incumbent's tags; the installation's win there, and what has no role has none.

        The tags by which it finds its resources win over everybody's.
        """
        if not role:
            return NO_STRINGS
        own = incumbent.tags(self._cluster, self.request.intent.name, role)
        return {**user, **self.request.settings.tags, **own}

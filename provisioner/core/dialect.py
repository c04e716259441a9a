"""What of a provider the translation to an Intent may use: its words, never its account.

``ports.Provider`` has all of this and more; the narrow view keeps the translation honest, and lets
its tests bring a provider of a few lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from provisioner.core.portable import PORTABLE
from provisioner.core.reading import Table
from provisioner.model.annotation import Annotation, ClassWords, Inexpressible
from provisioner.model.intent import BackendId, Compatibility, LoadBalancerIntent
from provisioner.model.kube import Ingress, Key, Node, Parameters, Service, ServicePort
from provisioner.model.resource import ObservedResource, Resource
from provisioner.model.settings import ANNOTATION_PREFIX
from provisioner.model.words import BackendWords, FrontWords


class Dialect(Protocol):
    """The part of a provider that Ingresses are read by."""

    @property
    def name(self) -> str:
        """The provider's name, as class objects spell it."""
        ...

    @property
    def controller(self) -> str:
        """What an IngressClass of ours says in ``spec.controller``."""
        ...

    @property
    def annotations(self) -> tuple[Annotation[object], ...]:
        """The native annotations."""
        ...

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefixes under which every key is ours to know."""
        ...

    def inexpressible(self, setting: str, value: object) -> Inexpressible | None:
        """Return what of a readable value this cloud cannot do, None where it can do all of it."""
        ...

    @property
    def parameter_kinds(self) -> frozenset[tuple[str, str]]:
        """Group and kind of the class parameters that are read."""
        ...

    @property
    def object_kinds(self) -> frozenset[tuple[str, str]]:
        """Group and kind of the namespaced objects of settings that annotations name."""
        ...

    @property
    def incumbent_controllers(self) -> frozenset[str]:
        """What IngressClasses of the controller to take over from say in ``spec.controller``."""
        ...

    def infers_class(self, name: str | None) -> bool:
        """Tell whether files may use this class name without holding the IngressClass."""
        ...

    def incumbent_serves(self, *, annotation: str | None, class_name: str | None) -> bool:
        """Tell whether the incumbent serves an Ingress without asking any IngressClass.

        Args:
            annotation: What ``kubernetes.io/ingress.class`` says, None where it is absent.
            class_name: What ``spec.ingressClassName`` says.
        """
        ...

    def incumbent_trace(self, ingress: Ingress) -> str:
        """Return which field of an Ingress shows that the incumbent serves it now, "" if none."""
        ...

    def neighbour(self, *, controller: str, class_name: str) -> str:
        """Return the product behind a controller or a well-known class name, "" if unknown."""
        ...

    def named_class(self, name: str) -> ClassWords:
        """Return what a class states by its well-known name, below everything else that is said."""
        ...

    def class_words(self, parameters: Parameters) -> ClassWords:
        """Return what a parameters object states for every Ingress of its class."""
        ...

    def front_words(self, ingress: Ingress, values: Mapping[str, object]) -> FrontWords:
        """Return what native settings mean for the listeners of an Ingress.

        Args:
            ingress: The Ingress.
            values: Everything that it and its class say, by setting.
        """
        ...

    def backend_words(
        self, values: Mapping[str, object], port: ServicePort, *, compatibility: Compatibility
    ) -> BackendWords:
        """Return what native settings mean for one backend.

        Args:
            values: Everything that class, Service and Ingress say, by setting.
            port: The Service port that is used.
            compatibility: Whose reading applies; the incumbent's default target mode is its own.
        """
        ...

    def node_impossible(self, node: Node) -> str:
        """Return why this node can never be a target, "" where it can."""
        ...

    def served(self, resource: ObservedResource, host: str) -> frozenset[Key]:
        """Return for which Ingresses what was seen in the cloud answers requests of this host."""
        ...

    def backends_in(self, resources: Iterable[Resource | ObservedResource]) -> frozenset[BackendId]:
        """Return the backends that target groups among resources of one load balancer are for."""
        ...

    def fallback(
        self, intent: LoadBalancerIntent, present: Iterable[ObservedResource]
    ) -> Service | None:
        """Return the cluster's Service that answers what no rule does, None for none.

        It is as the cloud installs it, for files; a cluster has its own word on it.
        """
        ...

    def by_host(
        self, host: str, options: Mapping[str, object]
    ) -> Mapping[str, Mapping[str, object]]:
        """Return the hosts that a path answers for, with the options of its rule for each.

        Options may add hosts to that of the rule; "" stands for those that only a pattern tells.
        """
        ...


def table_of(provider: Dialect) -> Table:
    """Return every annotation that Ingresses and Services of this provider may carry."""
    return Table(
        (*PORTABLE, *provider.annotations),
        (ANNOTATION_PREFIX, *provider.prefixes),
        inexpressible=provider.inexpressible,
    )


def portable_table(provider: Dialect) -> Table:
    """Return the annotations that a class object may state: ours, those for one cloud included."""
    own = (a for a in provider.annotations if a.key.startswith(ANNOTATION_PREFIX))
    return Table((*PORTABLE, *own), (ANNOTATION_PREFIX,), inexpressible=provider.inexpressible)

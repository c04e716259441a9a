"""The clouds that the routing scenarios run on, and what differs between them.

A scenario states what the Ingress API says; it is planned by the real provider of each cloud and
asked through the same door. Where a cloud cannot do what the API says, the difference is a field
here, so that a test names it instead of leaving the cloud out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import providers.aws
import providers.gcp
from providers.gcp.limits import DEFAULTS
from provisioner.core.planning import World, compute
from provisioner.core.translate import intents
from provisioner.model.kube import NO_STRINGS
from provisioner.model.plan import Plan
from provisioner.model.resource import Observed, Resource
from provisioner.model.route import Reply, Request
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot
from tests.conformance.pipeline import plan as aws_plan
from tests.factories import PORTABLE, KubeObject, a_snapshot, an_ingress_class
from tests.unit.providers.aws.express import worlds as aws
from tests.unit.providers.gcp.desired import worlds as gcp

BOTH_PORTS = '[{"HTTP": 80}, {"HTTPS": 443}]'


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One cloud. ``spans_labels``: a wildcard host stands for several labels, too."""

    name: str
    controller: str
    spans_labels: bool = False

    def __str__(self) -> str:
        return self.name

    def plan(
        self,
        objects: Sequence[KubeObject],
        *,
        services: Sequence[str],
        settings: Settings,
        certificates: Sequence[str] = (),
    ) -> Plan:
        """Return what a cluster of these objects leads to.

        Args:
            objects: Everything but the Services of the paths.
            services: Those, by name; each has a pod.
            settings: Of the installation.
            certificates: Host names that the account has certificates for.
        """
        names = [f"shop/{name}" for name in services]
        if self is AWS:
            snapshot = self._cluster([*objects, *aws.some_backends(*names)])
            held = [aws.a_certificate(f"cert{n}", host) for n, host in enumerate(certificates)]
            return aws_plan(snapshot, facts=aws.some_facts(certificates=held), settings=settings)
        snapshot = self._cluster([*objects, *gcp.some_backends(*names)])
        return _google_plan(snapshot, settings, certificates)

    def annotations(self, certificates: Sequence[str]) -> Mapping[str, str]:
        """Return what an Ingress says to listen on both ports with certificates for these hosts."""
        ports = {f"{PORTABLE}listen-ports": BOTH_PORTS}
        if self is AWS or not certificates:
            return ports if certificates else NO_STRINGS
        return {**ports, gcp.PRE_SHARED: ",".join(_names(certificates))}

    def route(self, resources: Sequence[Resource], request: Request) -> tuple[Reply, ...]:
        """Return what every load balancer does with a request."""
        if self is AWS:
            return providers.aws.provider.route(resources, request)
        return providers.gcp.provider.route(resources, request)

    def _cluster(self, objects: Sequence[KubeObject]) -> Snapshot:
        """Return a live cluster that was read in full."""
        ours = an_ingress_class(controller=self.controller)
        return replace(a_snapshot(ours, *objects, live=True), complete=True)


AWS = Cloud(name="aws", controller=providers.aws.CONTROLLER)
GOOGLE = Cloud(name="gcp", controller=providers.gcp.CONTROLLER, spans_labels=True)
CLOUDS = (AWS, GOOGLE)


def cloud_of(plan: Plan) -> Cloud:
    """Return the cloud that a plan is for."""
    return next(cloud for cloud in CLOUDS if cloud.name == plan.provider)


def _google_plan(snapshot: Snapshot, settings: Settings, certificates: Sequence[str]) -> Plan:
    held = {(name, ""): gcp.a_compute_certificate(name) for name in _names(certificates)}
    provider, observed = providers.gcp.provider, Observed()
    world = World(
        snapshot=snapshot,
        intent=intents(snapshot, provider, settings, observed=observed),
        settings=settings,
        facts=gcp.some_facts(certificates=held),
        limits=DEFAULTS,
        observed=observed,
        groups=None,
    )
    return compute(provider, world)


def _names(certificates: Sequence[str]) -> list[str]:
    return [f"cert{number}" for number in range(len(certificates))]

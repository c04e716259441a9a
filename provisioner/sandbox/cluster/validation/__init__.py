"""What the server refuses to store, with every wrong field named.

The point is not completeness but honesty: what controllers and people send to this server must
fail here if it would fail on a real one. So the kinds that the product reads are checked field by
field, custom objects by the schema of their CustomResourceDefinition, all others by their
metadata.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.cluster.kinds import Kind
from provisioner.sandbox.cluster.statuses import Cause
from provisioner.sandbox.cluster.validation.definitions import definition_causes
from provisioner.sandbox.cluster.validation.endpoints import endpoint_slice_causes
from provisioner.sandbox.cluster.validation.ingresses import ingress_causes, ingress_class_causes
from provisioner.sandbox.cluster.validation.metadata import metadata_causes
from provisioner.sandbox.cluster.validation.records import event_causes, lease_causes
from provisioner.sandbox.cluster.validation.schemas import schema_causes
from provisioner.sandbox.cluster.validation.services import service_causes
from provisioner.sandbox.cluster.validation.workloads import pod_causes, workload_causes

_Check = Callable[[Document, Document | None], Iterator[Cause]]

_CHECKS: Mapping[str, _Check] = {
    "services": service_causes,
    "pods": pod_causes,
    "events": event_causes,
    "leases.coordination.k8s.io": lease_causes,
    "deployments.apps": workload_causes,
    "statefulsets.apps": workload_causes,
    "replicasets.apps": workload_causes,
    "ingresses.networking.k8s.io": ingress_causes,
    "ingressclasses.networking.k8s.io": ingress_class_causes,
    "endpointslices.discovery.k8s.io": endpoint_slice_causes,
    "customresourcedefinitions.apiextensions.k8s.io": definition_causes,
}


def causes_of(kind: Kind, document: Document, before: Document | None) -> tuple[Cause, ...]:
    """Return everything that is wrong with an object that is about to be stored."""
    causes = list(metadata_causes(kind, document))
    if check := _CHECKS.get(kind.storage):
        causes.extend(check(document, before))
    if kind.custom is not None and kind.custom.schema is not None:
        causes.extend(schema_causes(kind.custom.schema, document))
    return tuple(causes)

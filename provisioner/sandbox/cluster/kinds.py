"""The kinds that the server knows, in one table.

Everything that differs between kinds and can be said in a word is said here: where a kind is
served, which subresources it has, how it may be named, which fields its lists can be selected by.
Discovery, OpenAPI, routing, storage and validation all read this table, so a new kind is a new row.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from provisioner.sandbox.cluster.documents import Document, text


class NameRule(enum.Enum):
    """How objects of a kind may be named."""

    SUBDOMAIN = "dns-1123-subdomain"
    LABEL = "dns-1123-label"
    SERVICE = "dns-1035-label"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of ``kubectl get`` that a CustomResourceDefinition declares."""

    name: str
    type: str
    json_path: str
    description: str = ""
    format: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom:
    """What only kinds from a CustomResourceDefinition have."""

    columns: tuple[Column, ...] = ()
    schema: Document | None = None
    storage_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind as one group and version serves it."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    has_status: bool = False
    has_scale: bool = False
    has_generation: bool = False
    #: Kubelets register nodes with their status; for every other kind it is dropped on create.
    keeps_status_on_create: bool = False
    #: Whether PUT without a resourceVersion overwrites (as kube-apiserver decides per kind).
    unconditional_update: bool = True
    name_rule: NameRule = NameRule.SUBDOMAIN
    #: Field selectors beyond metadata.name and metadata.namespace.
    selectable: tuple[str, ...] = ()
    #: Where objects are kept, where that is not this group and plural: two groups serve Events.
    stored_as: str = ""
    custom: Custom | None = None

    @property
    def api_version(self) -> str:
        """Return ``group/version`` as objects spell it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        """Return the lower-case singular, as kubectl takes it."""
        return self.kind.lower()

    @property
    def qualified(self) -> str:
        """Return ``plural.group``, the name that messages and CRDs use."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def storage(self) -> str:
        """Return the bucket in which objects of this kind are kept."""
        return self.stored_as or self.qualified

    @property
    def answers_to(self) -> frozenset[str]:
        """Return every name a person may use for the kind, in lower case."""
        names = {self.plural, self.singular, self.qualified, *self.short_names}
        names.add(f"{self.api_version}/{self.kind}".lower())
        if self.group:
            names.add(f"{self.singular}.{self.group}")
        return frozenset(names)


_EVENT_FIELDS = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")

_SERVICE_KIND = Kind(
    group="",
    version="v1",
    kind="Service",
    plural="services",
    short_names=("svc",),
    categories=("all",),
    has_status=True,
    name_rule=NameRule.SERVICE,
    selectable=("spec.clusterIP", "spec.type"),
)

_CORE = (
    Kind(
        group="",
        version="v1",
        kind="Namespace",
        plural="namespaces",
        namespaced=False,
        short_names=("ns",),
        has_status=True,
        name_rule=NameRule.LABEL,
        selectable=("status.phase",),
    ),
    Kind(
        group="",
        version="v1",
        kind="Node",
        plural="nodes",
        namespaced=False,
        short_names=("no",),
        has_status=True,
        keeps_status_on_create=True,
        selectable=("spec.unschedulable",),
    ),
    Kind(
        group="",
        version="v1",
        kind="Pod",
        plural="pods",
        short_names=("po",),
        categories=("all",),
        has_status=True,
        selectable=(
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
        ),
    ),
    _SERVICE_KIND,
    Kind(
        group="",
        version="v1",
        kind="Secret",
        plural="secrets",
        selectable=("type",),
    ),
    Kind(group="", version="v1", kind="ConfigMap", plural="configmaps", short_names=("cm",)),
    Kind(
        group="",
        version="v1",
        kind="Event",
        plural="events",
        short_names=("ev",),
        selectable=(
            *(f"involvedObject.{field}" for field in _EVENT_FIELDS),
            "reason",
            "type",
            "source",
            "reportingComponent",
        ),
    ),
    Kind(group="", version="v1", kind="Endpoints", plural="endpoints", short_names=("ep",)),
)

_GROUPED = (
    Kind(
        group="discovery.k8s.io",
        version="v1",
        kind="EndpointSlice",
        plural="endpointslices",
        has_generation=True,
    ),
    Kind(
        group="apps",
        version="v1",
        kind="Deployment",
        plural="deployments",
        short_names=("deploy",),
        categories=("all",),
        has_status=True,
        has_scale=True,
        has_generation=True,
    ),
    Kind(
        group="apps",
        version="v1",
        kind="StatefulSet",
        plural="statefulsets",
        short_names=("sts",),
        categories=("all",),
        has_status=True,
        has_scale=True,
        has_generation=True,
    ),
    Kind(
        group="apps",
        version="v1",
        kind="ReplicaSet",
        plural="replicasets",
        short_names=("rs",),
        categories=("all",),
        has_status=True,
        has_scale=True,
        has_generation=True,
    ),
    Kind(
        group="autoscaling",
        version="v2",
        kind="HorizontalPodAutoscaler",
        plural="horizontalpodautoscalers",
        short_names=("hpa",),
        categories=("all",),
        has_status=True,
    ),
    Kind(
        group="networking.k8s.io",
        version="v1",
        kind="Ingress",
        plural="ingresses",
        short_names=("ing",),
        has_status=True,
        has_generation=True,
    ),
    Kind(
        group="networking.k8s.io",
        version="v1",
        kind="IngressClass",
        plural="ingressclasses",
        namespaced=False,
        has_generation=True,
    ),
    Kind(
        group="coordination.k8s.io",
        version="v1",
        kind="Lease",
        plural="leases",
        unconditional_update=False,
    ),
    Kind(
        group="events.k8s.io",
        version="v1",
        kind="Event",
        plural="events",
        short_names=("ev",),
        stored_as="events",
        selectable=(
            *(f"regarding.{field}" for field in _EVENT_FIELDS),
            "reason",
            "type",
            "reportingController",
        ),
    ),
    Kind(
        group="apiextensions.k8s.io",
        version="v1",
        kind="CustomResourceDefinition",
        plural="customresourcedefinitions",
        namespaced=False,
        short_names=("crd", "crds"),
        categories=("api-extensions",),
        has_status=True,
        has_generation=True,
    ),
)


def built_in_kinds() -> tuple[Kind, ...]:
    """Return the kinds that need no CustomResourceDefinition, core group first."""
    return _CORE + _GROUPED


class KindTable:
    """The kinds served now; CustomResourceDefinitions come and go."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._by_path: dict[tuple[str, str, str], Kind] = {}
        self._hidden: set[str] = set()
        for kind in kinds:
            self.add(kind)

    def __iter__(self) -> Iterator[Kind]:
        """Yield the kinds that clients can see, in the order in which they were declared."""
        return (kind for kind in self._by_path.values() if kind.qualified not in self._hidden)

    def everything(self) -> tuple[Kind, ...]:
        """Return the hidden kinds too."""
        return tuple(self._by_path.values())

    def add(self, kind: Kind) -> None:
        """Serve a kind; one of the same group, version and plural is replaced."""
        self._by_path[kind.group, kind.version, kind.plural] = kind

    def remove(self, qualified: str) -> None:
        """Stop serving every version of ``plural.group``."""
        gone = [path for path, kind in self._by_path.items() if kind.qualified == qualified]
        for path in gone:
            del self._by_path[path]

    def hide(self, qualified: str) -> None:
        """Make a kind look as if its CustomResourceDefinition or API group were missing."""
        self._hidden.add(qualified)

    def show(self, qualified: str) -> None:
        """Undo ``hide``."""
        self._hidden.discard(qualified)

    def show_all(self) -> None:
        """Undo every ``hide``."""
        self._hidden.clear()

    def at(self, group: str, version: str, plural: str) -> Kind | None:
        """Return the kind that a path means, unless it is hidden."""
        kind = self._by_path.get((group, version, plural))
        return None if kind is None or kind.qualified in self._hidden else kind

    def of(self, document: Document) -> Kind | None:
        """Return the kind that a manifest says it is; hidden ones too."""
        api_version, name = text(document, "apiVersion"), text(document, "kind")
        return next(
            (
                kind
                for kind in self._by_path.values()
                if kind.kind == name and kind.api_version == api_version
            ),
            None,
        )

    def named(self, name: str) -> Kind:
        """Return the first kind that answers to the name; hidden ones too.

        Raises:
            LookupError: No kind answers; the message lists those that would.
        """
        wanted = name.lower()
        for kind in self._by_path.values():
            if wanted in kind.answers_to:
                return kind
        known = ", ".join(sorted({kind.kind for kind in self._by_path.values()}))
        raise LookupError(f'no kind answers to "{name}"; the cluster has {known}')

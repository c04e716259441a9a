"""What can be done to objects, whoever asks.

HTTP requests, the direct Python API and the workload simulator all end here, so an object has the
same history, checks and versions whichever way it came. Nothing here waits: every call is
one uninterrupted step of the event loop, which is all the locking there is.
"""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.sandbox.cluster import admission
from provisioner.sandbox.cluster.admission import WriteOptions
from provisioner.sandbox.cluster.documents import (
    Document,
    annotations_of,
    dig,
    is_terminating,
    name_of,
    namespace_of,
    number,
    replaced,
    text,
    texts,
    uid_of,
    version_of,
)
from provisioner.sandbox.cluster.kinds import Kind, KindTable
from provisioner.sandbox.cluster.lifecycle import CONTAINERS, DEFINITIONS, Lifecycle, terminating
from provisioner.sandbox.cluster.nodeports import ServiceAllocator, without_leftovers
from provisioner.sandbox.cluster.patches import Patch, PatchType, patched
from provisioner.sandbox.cluster.reads import ListQuery, Page, listed
from provisioner.sandbox.cluster.scales import as_scale, replicas_wanted
from provisioner.sandbox.cluster.statuses import (
    already_exists,
    bad_request,
    conflict,
    expired,
    forbidden,
    invalid,
    method_not_allowed,
    not_found,
    unsupported_media_type,
)
from provisioner.sandbox.cluster.store import Store
from provisioner.sandbox.cluster.validation import causes_of
from provisioner.sandbox.cluster.views import inward, outward
from provisioner.sandbox.cluster.watches import EventType, Interest, Watch, WatchEvent, WatchRoom

_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
_INITIAL_EVENTS_END = "k8s.io/initial-events-end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an object is: its kind, namespace, name and which part of it is meant."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The outcome of a write."""

    document: Document
    created: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOptions:
    """How a deletion is to be carried out; every propagation policy means Background."""

    dry_run: bool = False
    uid: str = ""
    version: str = ""
    grace_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """The outcome of a deletion: the last state, and whether the object is gone."""

    document: Document
    gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStart:
    """Where a watch begins: at a version, or (None) with everything that exists now."""

    version: int | None = None
    #: The streaming list: existing objects, then a bookmark that marks their end.
    send_initial_events: bool = False


class ClusterApi:
    """The operations of the API over one store."""

    def __init__(
        self, store: Store, kinds: KindTable, *, allocator: ServiceAllocator, history_limit: int
    ) -> None:
        self._store = store
        self._kinds = kinds
        self._allocator = allocator
        self._history_limit = history_limit
        self._lifecycle = Lifecycle(store, kinds, remove=self._begin_deletion)
        self.watches = WatchRoom()
        #: Pods are deleted gracefully only where something plays kubelet and finishes the job.
        self.has_kubelet = False
        store.listen(allocator.follow)
        store.listen(self.watches.follow)
        store.listen(self._lifecycle.follow)

    @property
    def version(self) -> int:
        """Return the version of the latest write."""
        return self._store.version

    def get(self, place: Place) -> Document:
        """Return an object, or the Scale of one."""
        found = outward(place.kind, self._stored(place))
        return as_scale(found) if place.subresource == "scale" else found

    def list(self, kind: Kind, query: ListQuery) -> Page:
        """Return one page of the objects of a kind."""
        return listed(self._store, kind, query)

    def create(self, place: Place, body: object, options: WriteOptions) -> Written:
        """Store a new object."""
        if place.subresource == "binding":
            return self._bind(place, body, options)
        if place.subresource:
            raise method_not_allowed()
        kind = place.kind
        wanted = admission.checked_body(kind, body, namespace=place.namespace)
        if version_of(wanted):
            raise bad_request("resourceVersion should not be set on objects to be created")
        warnings = admission.field_warnings(kind, wanted, options)
        self._lifecycle.check_namespace(kind, namespace=place.namespace, name=name_of(wanted))
        document = admission.stamped(kind, wanted, namespace=place.namespace)
        document = admission.shaped(kind, self._with_default_class(kind, document))
        document = self._admitted(kind, inward(kind, document), before=None)
        if self._store.get(kind.storage, namespace_of(document), name_of(document)) is not None:
            raise already_exists(kind, name=name_of(document))
        if kind.storage == DEFINITIONS:
            document = self._lifecycle.definition_with_status(document)
        if not options.dry_run:
            document = self._store.put(kind.storage, document)
        return Written(document=outward(kind, document), created=True, warnings=warnings)

    def replace(self, place: Place, body: object, options: WriteOptions) -> Written:
        """Put an object, its status or its Scale in the place of what is there."""
        before = self._stored(place)
        if place.subresource == "scale":
            return self._scale(place, before, body, options)
        wanted = admission.checked_body(
            place.kind, body, namespace=place.namespace, name=place.name
        )
        if not place.subresource:
            admission.check_replaceable(place.kind, wanted)
        return self._write(place, before, wanted, options)

    def patch(self, place: Place, patch: Patch, options: WriteOptions) -> Written:
        """Change an object, its status or its Scale; apply creates what does not exist."""
        _check_patch_type(place.kind, patch.type)
        if patch.type is PatchType.APPLY and not place.subresource and not self._exists(place):
            body = admission.checked_body(
                place.kind, patch.body, namespace=place.namespace, name=place.name
            )
            named = replaced(body, place.name, "metadata", "name")
            return self.create(place, named, options)
        before = self._stored(place)
        if place.subresource == "scale":
            scale = patched(as_scale(before), patch)
            return self._scale(place, before, scale, options)
        wanted = patched(outward(place.kind, before), patch)
        body = admission.checked_body(
            place.kind, wanted, namespace=place.namespace, name=place.name
        )
        return self._write(place, before, body, options)

    def delete(self, place: Place, options: DeleteOptions) -> Deleted:
        """Delete an object, or mark it where finalizers or a grace period stand before that."""
        document = self._stored(place)
        _check_preconditions(place.kind, document, options)
        if options.dry_run:
            return Deleted(document=outward(place.kind, document), gone=True)
        deleted = self._begin_deletion(place.kind, document, options.grace_seconds)
        return Deleted(document=outward(place.kind, deleted.document), gone=deleted.gone)

    def delete_collection(
        self, kind: Kind, query: ListQuery, options: DeleteOptions
    ) -> tuple[Document, ...]:
        """Delete everything that a query selects and return it."""
        return tuple(
            self.delete(
                Place(kind=kind, namespace=namespace_of(found), name=name_of(found)), options
            ).document
            for found in listed(self._store, kind, query).items
        )

    def watch(self, interest: Interest, start: WatchStart) -> Watch:
        """Begin to watch; the caller closes it.

        Raises:
            ApiError: 410 when the version is no longer in the history. A version that has not
                been reached counts as forgotten: it comes from another life of this server.
        """
        history = self._store.bucket(interest.kind.storage).history
        if start.version is not None and start.version > self._store.version:
            raise expired(f"too old resource version: {start.version} is from another server")
        first = () if start.version is not None else self._present(interest)
        backlog = history.since(start.version) if start.version is not None else []
        watch = Watch(
            interest,
            first=first,
            backlog=backlog,
            version=self._store.version if start.version is None else start.version,
            capacity=self._history_limit,
            leave=self.watches.leave,
        )
        if start.send_initial_events:
            end = replaced(
                watch.bookmark().document, {_INITIAL_EVENTS_END: "true"}, "metadata", "annotations"
            )
            watch.add_first(WatchEvent(type=EventType.BOOKMARK, document=end))
        self.watches.join(watch)
        return watch

    def compact(self, kind: Kind) -> None:
        """Forget the history of a kind."""
        self._store.compact(kind.storage)

    def _present(self, interest: Interest) -> tuple[WatchEvent, ...]:
        query = ListQuery(namespace=interest.namespace, selector=interest.selector)
        page = listed(self._store, interest.kind, query)
        return tuple(WatchEvent(type=EventType.ADDED, document=found) for found in page.items)

    def _exists(self, place: Place) -> bool:
        return self._store.get(place.kind.storage, place.namespace, place.name) is not None

    def _stored(self, place: Place) -> Document:
        found = self._store.get(place.kind.storage, place.namespace, place.name)
        if found is None:
            raise not_found(place.kind, name=place.name)
        return found

    def _write(
        self, place: Place, before: Document, wanted: Document, options: WriteOptions
    ) -> Written:
        kind = place.kind
        admission.check_version(kind, before, wanted)
        warnings = admission.field_warnings(kind, wanted, options)
        kept = inward(kind, wanted)
        if place.subresource == "status":
            document = admission.status_updated(before, kept)
        else:
            document = admission.updated(kind, before, kept)
            document = self._admitted(kind, document, before=before)
        return self._finish(kind, before, document, options, warnings=warnings)

    def _finish(
        self,
        kind: Kind,
        before: Document,
        document: Document,
        options: WriteOptions,
        *,
        warnings: tuple[str, ...] = (),
    ) -> Written:
        unchanged = document == before
        if not options.dry_run and not unchanged:
            if is_terminating(document) and not self._is_held(kind, document):
                document = self._store.remove(kind.storage, document)
            else:
                document = self._store.put(kind.storage, document)
        return Written(document=outward(kind, document), warnings=warnings)

    def _admitted(self, kind: Kind, document: Document, *, before: Document | None) -> Document:
        if kind.storage == "services":
            document = without_leftovers(document, before)
        causes = causes_of(kind, document, before)
        if kind.storage == "services":
            document, allocation = self._allocator.allocated(document, before)
            causes += allocation
        if causes:
            raise invalid(kind, name=name_of(document), causes=causes)
        return document

    def _with_default_class(self, kind: Kind, document: Document) -> Document:
        """Play the DefaultIngressClass admission plugin: it acts on creation, never afterwards."""
        if kind.storage != "ingresses.networking.k8s.io":
            return document
        chosen = dig(document, "spec", "ingressClassName") is not None
        if chosen or "kubernetes.io/ingress.class" in annotations_of(document):
            return document
        classes = [
            name_of(found)
            for found in self._store.objects("ingressclasses.networking.k8s.io")
            if annotations_of(found).get(_DEFAULT_CLASS) == "true"
        ]
        if len(classes) > 1:
            why = f"{len(classes)} default IngressClasses were found, only 1 allowed"
            raise forbidden(kind, name=name_of(document), why=why)
        return replaced(document, classes[0], "spec", "ingressClassName") if classes else document

    def _begin_deletion(
        self, kind: Kind, document: Document, grace_seconds: int | None = None
    ) -> Deleted:
        grace = self._grace(kind, document, grace_seconds)
        holds_others = kind.storage in CONTAINERS
        if not grace and not holds_others and not texts(document, "metadata", "finalizers"):
            return Deleted(document=self._store.remove(kind.storage, document), gone=True)
        remaining = number(document, "metadata", "deletionGracePeriodSeconds")
        if not is_terminating(document) or remaining > grace:
            begun = terminating(document, moment=admission.now(), grace_seconds=grace)
            document = self._store.put(kind.storage, begun)
        if holds_others:
            self._lifecycle.empty(kind, name_of(document))
        return self._settled(kind, document)

    def _settled(self, kind: Kind, document: Document) -> Deleted:
        """Remove a terminating object unless something still holds it."""
        present = self._store.get(kind.storage, namespace_of(document), name_of(document))
        if present is None:
            return Deleted(document=document, gone=True)
        if self._is_held(kind, present):
            return Deleted(document=present, gone=False)
        return Deleted(document=self._store.remove(kind.storage, present), gone=True)

    def _is_held(self, kind: Kind, document: Document) -> bool:
        """Say whether finalizers, a grace period or contents keep a terminating object."""
        return (
            bool(texts(document, "metadata", "finalizers"))
            or number(document, "metadata", "deletionGracePeriodSeconds") > 0
            or not self._lifecycle.is_empty(kind, name_of(document))
        )

    def _grace(self, kind: Kind, pod: Document, wanted: int | None) -> int:
        if kind.storage != "pods" or not self.has_kubelet or not text(pod, "spec", "nodeName"):
            return 0
        default = number(pod, "spec", "terminationGracePeriodSeconds", default=30)
        return default if wanted is None else max(wanted, 0)

    def _scale(
        self, place: Place, before: Document, scale: object, options: WriteOptions
    ) -> Written:
        replicas = replicas_wanted(place.kind, scale, name=place.name)
        version = version_of(scale)
        if version and version != version_of(before):
            raise conflict(place.kind, name=place.name)
        wanted = replaced(before, replicas, "spec", "replicas")
        main = Place(kind=place.kind, namespace=place.namespace, name=place.name)
        written = self._write(main, before, wanted, options)
        return Written(document=as_scale(written.document))

    def _bind(self, place: Place, body: object, options: WriteOptions) -> Written:
        """Assign a pod to a node, as a scheduler does."""
        pod, node = self._stored(place), text(body, "target", "name")
        if place.kind.storage != "pods" or not node:
            raise bad_request("a Binding needs target.name, the name of a node")
        if text(pod, "spec", "nodeName"):
            why = f'pod {place.name} is already assigned to node "{text(pod, "spec", "nodeName")}"'
            raise conflict(place.kind, name=place.name, why=why)
        bound = replaced(pod, node, "spec", "nodeName")
        self._finish(place.kind, pod, bound, options)
        status: Document = {"kind": "Status", "apiVersion": "v1", "status": "Success", "code": 201}
        return Written(document={**status, "metadata": {}}, created=True)


def _check_patch_type(kind: Kind, type_: PatchType) -> None:
    if kind.custom is not None and type_ is PatchType.STRATEGIC:
        accepted = [one.value for one in PatchType if one is not PatchType.STRATEGIC]
        raise unsupported_media_type(accepted)


def _check_preconditions(kind: Kind, document: Document, options: DeleteOptions) -> None:
    for wanted, present, field in (
        (options.uid, uid_of(document), "UID"),
        (options.version, version_of(document), "ResourceVersion"),
    ):
        if wanted and wanted != present:
            why = (
                f"the {field} in the precondition ({wanted}) does not match the {field} in record "
                f"({present}). The object might have been deleted and then recreated"
            )
            raise conflict(kind, name=name_of(document), why=why)

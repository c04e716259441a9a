"""The cloud as the operations see it: state, knobs and clock, and the life of an operation.

A mutation is checked when it is requested and takes effect when its operation is over. Meanwhile
what it works on is locked ("resource ... is not ready"), a new resource can be read but not yet be
referred to, and a resource that is being deleted is still there. With operations of no length all
of this happens between two requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.gcp.calls import Call
from provisioner.sandbox.gcp.discovery import Discovery, Method
from provisioner.sandbox.gcp.errors import RefusalError, not_found, not_ready
from provisioner.sandbox.gcp.limits import FixedLimits
from provisioner.sandbox.gcp.quota_limits import QuotaLimits
from provisioner.sandbox.gcp.references import GLOBAL, Ref, Scope, ScopeKind
from provisioner.sandbox.gcp.settings import SandboxClock, Settings
from provisioner.sandbox.gcp.state import Operation, Project, Resource, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call on its way, with what faults say about its operation.

    Attributes:
        method: The published method.
        call: The decoded call.
        failure: What its operation is to fail with.
        extra_seconds: How much longer its operation is to take.
    """

    method: Method
    call: Call
    failure: RefusalError | None = None
    extra_seconds: float = 0.0

    @property
    def project(self) -> str:
        """The project it is about."""
        return self.call.project

    @property
    def scope(self) -> Scope:
        """The place it is about."""
        path = self.call.path
        if "zone" in path:
            return Scope(kind=ScopeKind.ZONE, name=path["zone"])
        if "region" in path:
            return Scope(kind=ScopeKind.REGION, name=path["region"])
        return GLOBAL

    @property
    def ref(self) -> Ref:
        """What the URL names; meant for methods on one resource."""
        name = next(
            value
            for key, value in reversed(tuple(self.call.path.items()))
            if key not in ("project", "region", "zone")
        )
        return self.sibling(name)

    def sibling(self, name: str) -> Ref:
        """Return a resource of the same collection and place."""
        return Ref(
            project=self.project,
            scope=self.scope,
            collection=self.method.collection,
            name=name,
        )


@dataclass(slots=True, kw_only=True)
class Compute:
    """State, knobs and clock."""

    state: State
    settings: Settings
    clock: SandboxClock
    limits: FixedLimits
    quotas: QuotaLimits
    unhealthy: set[str]
    discovery: Discovery
    moment: float | None = None

    def now(self) -> float:
        """Seconds on the sandbox's clock; while an operation takes effect, its end."""
        return self.clock.now() if self.moment is None else self.moment

    def project(self, name: str) -> Project:
        """Return a project, or refuse."""
        project = self.state.projects.get(name)
        if project is None:
            raise not_found(f"projects/{name}")
        return project

    def check_place(self, request: Request) -> None:
        """Refuse a region or zone that the project does not have."""
        project, scope = self.project(request.project), request.scope
        known = {
            ScopeKind.GLOBAL: {""},
            ScopeKind.REGION: set(project.regions),
            ScopeKind.ZONE: {zone for zones in project.regions.values() for zone in zones},
        }[scope.kind]
        if scope.name not in known:
            raise not_found(f"projects/{project.name}/{scope.path}")

    def get(self, ref: Ref) -> Resource:
        """Return a resource, or refuse."""
        resource = self.state.resources.get(ref)
        if resource is None:
            raise not_found(ref.path)
        return resource

    def idle(self, ref: Ref) -> Resource:
        """Return a resource on which no operation is under way, or refuse."""
        resource = self.get(ref)
        if resource.busy:
            raise not_ready(ref.path)
        return resource

    def begin(
        self,
        request: Request,
        target: Ref,
        *,
        number: int,
        apply: Callable[[], None],
        undo: Callable[[], None],
        failure: RefusalError | None = None,
    ) -> Operation:
        """Start an operation; ``apply`` or ``undo`` is called when it is over."""
        count = self.state.next_number()
        operation = Operation(
            name=f"operation-{count}",
            number=count,
            project=request.project,
            scope=target.scope,
            verb=request.method.verb,
            target=target,
            target_number=number,
            request_id=request.call.query.get("requestId", ""),
            started_at=self.now(),
            started=self.clock.date(),
            extra_seconds=request.extra_seconds,
            apply=apply,
            undo=undo,
            error=request.failure or failure,
        )
        self.state.operations[operation.project, operation.scope, operation.name] = operation
        self.state.under_way[count] = operation
        if operation.request_id:
            self.state.requests[operation.project, operation.request_id] = operation
        return operation

    def change(
        self,
        request: Request,
        resource: Resource,
        *,
        coming: Document | None = None,
        effect: Callable[[], None] | None = None,
    ) -> Operation:
        """Start an operation that changes a resource: its document or its members.

        Only a new document brings a new fingerprint: that of an instance group, for one, guards
        its named ports and not its members (the description of the field).
        """
        resource.coming = coming

        def release() -> None:
            resource.busy, resource.coming = "", None

        def apply() -> None:
            release()
            resource.changed_at = self.now()
            if coming is not None:
                resource.document = coming
                resource.version += 1
            if effect is not None:
                effect()

        operation = self.begin(
            request, resource.ref, number=resource.number, apply=apply, undo=release
        )
        resource.busy = operation.name
        return operation

    def settle(self) -> frozenset[str]:
        """Let operations that are over take effect, in the order of their ends.

        Returns:
            The collections in which something has changed.
        """
        now = self.now()
        due = sorted(
            (operation.started_at + self.length(operation), operation.number, operation)
            for operation in self.state.under_way.values()
        )
        over = [(end, operation) for end, _, operation in due if end <= now]
        for end, operation in over:
            self._finish(operation, end)
        return frozenset(operation.target.collection for _, operation in over)

    def length(self, operation: Operation) -> float:
        """Seconds that an operation takes in all."""
        return self.settings.operation_seconds + operation.extra_seconds

    def propagating(self) -> Mapping[str, float]:
        """What the data plane does not know yet, and in how many seconds it will."""
        now, delay = self.now(), self.settings.propagation_seconds
        changed = {resource.ref.path: resource.changed_at for resource in self.state.resources}
        left = {path: at + delay - now for path, at in (changed | self.state.departed).items()}
        return {path: seconds for path, seconds in sorted(left.items()) if seconds > 0}

    def resources(self, collection: str, project: str = "") -> Iterator[Resource]:
        """The resources of a collection."""
        return self.state.of(collection, project)

    def _finish(self, operation: Operation, end: float) -> None:
        apply = operation.apply
        assert apply is not None
        operation.apply, operation.finished_at = None, end
        del self.state.under_way[operation.number]
        operation.finished = self.clock.date()
        self.moment = end
        try:
            if operation.error is None:
                apply()
            else:
                operation.undo()
        finally:
            self.moment = None

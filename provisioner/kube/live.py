"""Read a cluster into a snapshot.

Lists come in pages of raw bytes and every object is decoded on its own, so that memory holds one
page of JSON at a time and one odd object costs nobody else. What could not be read is *unknown*,
by kind: whoever plans from the snapshot must not take it for empty.

What few plans need is listed only for those: Namespaces where a selector looks at their labels,
TargetGroupBindings for a take-over. Whoever may not list them is then not troubled by that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

import msgspec

from provisioner.kube import envelope, errors
from provisioner.kube.client import KubeClient
from provisioner.kube.decode import Decoded, decode_json
from provisioner.kube.gather import Gathered
from provisioner.kube.kinds import CONFIG_MAP, LIVE_KINDS, NAMESPACE, NODE, KindInfo
from provisioner.kube.overlay import selects_namespaces
from provisioner.model.diagnostic import Diagnostic, Severity
from provisioner.model.errors import ClusterError
from provisioner.model.kube import Key, Node
from provisioner.model.snapshot import Snapshot

P = TypeVar("P", envelope.ObjectList, envelope.KeyList)
T = TypeVar("T")

PAGE: Final = 500
SOME: Final = 50
"""Nodes that are enough to tell the cloud and the place by."""

RESTARTS: Final = 3
"""How often a list begins anew because its pages expired (410) before it was through."""

KIND_UNREADABLE: Final = "CLUSTER-KIND-UNREADABLE"
KIND_FORBIDDEN: Final = "CLUSTER-KIND-FORBIDDEN"


def read_snapshot(
    client: KubeClient, *, beside: Snapshot | None = None, more: Iterable[KindInfo] = ()
) -> Snapshot:
    """Return every object that planning may read, as the cluster has it now.

    Args:
        client: The cluster.
        beside: What files say, where the snapshot is to be laid under them: their class objects may
            ask for Namespaces.
        more: Kinds to read besides the usual ones.

    Raises:
        Unreachable: The server does not answer at all.
        Unauthorized: The server does not accept our credentials.
    """
    reading = _Reading(client)
    for kind in (*LIVE_KINDS, *more):
        reading.read(kind)
    found = reading.snapshot()
    if selects_namespaces(found) or (beside is not None and selects_namespaces(beside)):
        reading.read(NAMESPACE)
        found = reading.snapshot()
    return found


class _Reading:
    """One pass over a cluster."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._gathered = Gathered()
        self._unknown: set[str] = set()
        self._diagnostics: list[Diagnostic] = []

    def read(self, kind: KindInfo) -> None:
        """Read one kind; what is odd or missing makes it unknown."""
        found, problems = _read_kind(self._client, kind)
        for item in found:
            if item.object is not None:
                self._gathered.add(item.object)
            problems.extend(item.problems)
        if problems:
            self._unknown.add(kind.kind)
            self._diagnostics.extend(problems)

    def snapshot(self) -> Snapshot:
        """Return what was read so far."""
        return self._gathered.snapshot(
            live=True,
            complete=True,
            unknown_kinds=self._unknown,
            diagnostics=self._diagnostics,
        )


def _read_kind(client: KubeClient, kind: KindInfo) -> tuple[list[Decoded], list[Diagnostic]]:
    """Return the objects of one kind, or why they are unknown; an absent kind has neither."""
    try:
        return _listed(client, kind, page=envelope.ObjectList, items=_decoded), []
    except errors.Unauthorized:
        raise
    except ClusterError as err:
        if isinstance(err, errors.Unreachable) and kind is LIVE_KINDS[0]:
            raise  # nobody is there: eight more time-outs would say no more
        return [], [] if _is_absent(client, kind, err) else [_unreadable(kind, err)]


def read_one(client: KubeClient, kind: KindInfo, key: Key) -> Decoded:
    """Return one object.

    Raises:
        NotFound: It does not exist.
        ClusterError: It cannot be read.
    """
    return decode_json(kind.kind, client.get(kind, key))


def list_keys(client: KubeClient, kind: KindInfo) -> Mapping[Key, str]:
    """Return key and uid of every object of a kind.

    Raises:
        ClusterError: The list cannot be had; nothing may be concluded from that.
    """
    return dict(_listed(client, kind, page=envelope.KeyList, items=_keys))


def present_keys(client: KubeClient, kind: KindInfo) -> Mapping[Key, str] | None:
    """Return key and uid of every object of a kind, None where the cluster lacks the kind.

    Raises:
        ClusterError: The list cannot be had; nothing may be concluded from that.
    """
    try:
        return list_keys(client, kind)
    except (errors.NotFound, errors.Forbidden) as err:
        if _is_absent(client, kind, err):
            return None
        raise


def kube_system_uid(client: KubeClient) -> str:
    """Return the uid of namespace ``kube-system``, which tells clusters of one name apart.

    Raises:
        ClusterError: It cannot be read.
    """
    raw = client.get(NAMESPACE, Key("", "kube-system"))
    identity = msgspec.json.decode(raw, type=envelope.Identity)
    return (identity.metadata and identity.metadata.uid) or ""


def config_map_texts(client: KubeClient, name: str) -> Mapping[str, str]:
    """Return the entries of a ConfigMap in kube-system, none where it does not exist.

    Raises:
        ClusterError: It cannot be read.
    """
    try:
        raw = client.get(CONFIG_MAP, Key("kube-system", name))
    except errors.NotFound:
        return {}
    data = msgspec.json.decode(raw, type=envelope.Texts).data or {}
    return {key: (value or "").strip() for key, value in data.items()}


def some_machines(client: KubeClient) -> tuple[str, ...]:
    """Return how the first nodes of a list name their machines (``spec.providerID``).

    Raises:
        ClusterError: Nodes cannot be listed.
    """
    raw = client.list_page(NODE, limit=SOME)
    page = msgspec.json.decode(raw, type=envelope.ObjectList)
    nodes = (decode_json(NODE.kind, item).object for item in page.items or ())
    return tuple(n.provider_id for n in nodes if isinstance(n, Node) and n.provider_id)


def _decoded(page: envelope.ObjectList, kind: KindInfo) -> Iterator[Decoded]:
    return (decode_json(kind.kind, item) for item in page.items or ())


def _keys(page: envelope.KeyList, _kind: KindInfo) -> Iterator[tuple[Key, str]]:
    for item in page.items or ():
        yield Key(item.metadata.namespace, item.metadata.name), item.metadata.uid


def _listed(
    client: KubeClient,
    kind: KindInfo,
    *,
    page: type[P],
    items: Callable[[P, KindInfo], Iterable[T]],
) -> list[T]:
    """Return what a whole list holds; begin anew where its pages expire under us."""
    for _ in range(RESTARTS):
        found: list[T] = []
        try:
            for part in _pages(client, kind, page):
                found.extend(items(part, kind))
        except errors.Gone:
            continue
        return found
    raise errors.Gone(f"The list of {kind.resource} expired {RESTARTS} times while it was read.")


def _pages(client: KubeClient, kind: KindInfo, page: type[P]) -> Iterator[P]:
    token = ""
    while True:
        raw = client.list_page(kind, limit=PAGE, continue_=token)
        try:
            found = msgspec.json.decode(raw, type=page)
        except msgspec.MsgspecError as err:
            raise ClusterError(f"The list of {kind.resource} is malformed: {err}.") from err
        yield found
        token = (found.metadata and found.metadata.continue_) or ""
        if not token:
            return


def _is_absent(client: KubeClient, kind: KindInfo, err: ClusterError) -> bool:
    """Tell whether the cluster simply lacks an optional kind: its group is 404, or lacks it.

    A group that hiccups answers something else, or its discovery still names the kind; then the
    kind is unknown, which is not the same as empty. A list may be forbidden just because nobody
    grants rights to what is not there; discovery is open to everyone who is logged in.
    """
    denied = isinstance(err, errors.NotFound | errors.Forbidden)
    if kind.mandatory or not kind.group or not denied:
        return False
    try:
        raw = client.get_path(f"/apis/{kind.group}/{kind.version}")
    except errors.NotFound:
        return True
    except ClusterError:
        return False
    return _lacks(raw, kind)


def _lacks(raw: bytes, kind: KindInfo) -> bool:
    """Tell whether a group's own list of resources lacks the kind."""
    try:
        served = msgspec.json.decode(raw, type=envelope.ResourceList).resources
    except msgspec.MsgspecError:
        return False
    return served is not None and all(resource.kind != kind.api_kind for resource in served)


def _unreadable(kind: KindInfo, err: ClusterError) -> Diagnostic:
    """Return the finding on a kind that could not be listed; only a mandatory one blocks."""
    forbidden = isinstance(err, errors.Forbidden)
    return Diagnostic(
        severity=Severity.ERROR if kind.mandatory else Severity.WARNING,
        code=KIND_FORBIDDEN if forbidden else KIND_UNREADABLE,
        subject=f"kind {kind.api_kind}",
        message=f"{err.message} What exists of it is unknown, so nothing is deleted for its lack.",
        hint=err.hint,
        blocking=kind.mandatory,
    )

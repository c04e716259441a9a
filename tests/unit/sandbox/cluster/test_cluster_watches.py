"""Watches: replay, live events, selectors, bookmarks, forgetting."""

from __future__ import annotations

import asyncio
import json
import time

import aiohttp
import pytest

from provisioner.sandbox.cluster.documents import Document, dig, text
from provisioner.sandbox.cluster.kinds import KindTable, built_in_kinds
from provisioner.sandbox.cluster.selectors import EVERYTHING
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.cluster.store import Store
from provisioner.sandbox.cluster.watches import EventType, Interest, Watch, WatchEvent, WatchRoom
from tests.contract.cluster.api_client import ApiClient, told
from tests.contract.cluster.manifests import (
    CONFIG_MAPS,
    INGRESSES,
    a_config_map,
    an_ingress,
)


def test_a_watch_from_a_version_replays_what_followed(
    cluster: ClusterServer, api: ApiClient
) -> None:
    """List, then watch from the list's version: nothing is missed and nothing comes twice."""
    cluster.create(a_config_map("old"))
    version = cluster.version
    cluster.create(a_config_map("new"))
    cluster.patch("ConfigMap", "old", {"data": {"a": "b"}})

    with api.watch(CONFIG_MAPS, resourceVersion=version) as watch:
        replayed = watch.take(2)
        cluster.delete("ConfigMap", "new")
        live = watch.take(1)

    assert replayed == [("ADDED", "new"), ("MODIFIED", "old")]
    assert live == [("DELETED", "new")]


@pytest.mark.parametrize("version", ["", "0"])
def test_a_watch_without_a_version_begins_with_what_exists(
    cluster: ClusterServer, api: ApiClient, version: str
) -> None:
    """Synthetic ADDED events for the present, then live ones."""
    cluster.create(a_config_map("a"))
    cluster.create(a_config_map("b"))

    with api.watch(CONFIG_MAPS, resourceVersion=version) as watch:
        first = watch.take(2)
        cluster.create(a_config_map("c"))
        then = watch.take(1)

    assert first == [("ADDED", "a"), ("ADDED", "b")]
    assert then == [("ADDED", "c")]


def test_a_deletion_carries_the_last_state_and_its_own_version(
    cluster: ClusterServer, api: ApiClient
) -> None:
    """So that a watch can be resumed from the deletion."""
    cluster.create(a_config_map("a", data={"k": "v"}))
    before = cluster.version

    with api.watch(CONFIG_MAPS, resourceVersion=before) as watch:
        cluster.delete("ConfigMap", "a")
        event = watch.next()

    assert event is not None
    assert dig(event, "object", "data") == {"k": "v"}
    assert int(text(event, "object", "metadata", "resourceVersion")) == before + 1


def test_finalizers_show_as_modified_before_deleted(cluster: ClusterServer, api: ApiClient) -> None:
    """MODIFIED with a deletionTimestamp, then DELETED after the last finalizer goes."""
    ingress = an_ingress()
    ingress["metadata"] = {"name": "web", "finalizers": ["example.com/a"]}
    cluster.create(ingress)

    with api.watch(INGRESSES, resourceVersion=cluster.version) as watch:
        cluster.delete("Ingress", "web")
        cluster.patch("Ingress", "web", {"metadata": {"finalizers": None}})
        marked, gone = watch.next(), watch.next()

    assert marked is not None
    assert gone is not None
    assert told(marked) == ("MODIFIED", "web")
    assert text(marked, "object", "metadata", "deletionTimestamp")
    assert told(gone) == ("DELETED", "web")


def test_an_object_that_leaves_the_selection_is_deleted(
    cluster: ClusterServer, api: ApiClient
) -> None:
    """And one that enters it is added: the watcher sees its selection, not the store."""
    cluster.create(a_config_map("a", labels={"tier": "web"}))
    cluster.create(a_config_map("b"))

    with api.watch(CONFIG_MAPS, resourceVersion=cluster.version, labelSelector="tier=web") as watch:
        cluster.patch("ConfigMap", "a", {"metadata": {"labels": {"tier": "db"}}})
        cluster.patch("ConfigMap", "b", {"metadata": {"labels": {"tier": "web"}}})
        cluster.patch("ConfigMap", "a", {"data": {"unseen": "x"}})
        cluster.patch("ConfigMap", "b", {"data": {"seen": "x"}})
        events = watch.take(3)

    assert events == [("DELETED", "a"), ("ADDED", "b"), ("MODIFIED", "b")]


def test_a_watch_of_one_name(cluster: ClusterServer, api: ApiClient) -> None:
    """Field selectors work in watches: one Secret, not all."""
    with api.watch(
        CONFIG_MAPS, resourceVersion=cluster.version, fieldSelector="metadata.name=b"
    ) as watch:
        cluster.create(a_config_map("a"))
        cluster.create(a_config_map("b"))
        events = watch.take(1)

    assert events == [("ADDED", "b")]


def test_a_watch_of_a_namespace_stays_in_it(cluster: ClusterServer, api: ApiClient) -> None:
    """Neighbours' changes are not told."""
    with api.watch(CONFIG_MAPS, resourceVersion=cluster.version) as watch:
        cluster.create(a_config_map("a", namespace="kube-public"))
        cluster.create(a_config_map("b"))
        events = watch.take(1)

    assert events == [("ADDED", "b")]


def test_a_forgotten_version_is_an_error_event(cluster: ClusterServer, api: ApiClient) -> None:
    """410 Expired inside the stream, after which the stream ends."""
    cluster.create(a_config_map("a"))
    version = cluster.version
    cluster.create(a_config_map("b"))
    cluster.compact("ConfigMap")

    with api.watch(CONFIG_MAPS, resourceVersion=version) as watch:
        events = list(watch)

    assert [told(one)[0] for one in events] == ["ERROR"]
    assert dig(events[0], "object", "code") == 410
    assert dig(events[0], "object", "reason") == "Expired"


def test_the_history_is_bounded() -> None:
    """A version further back than the history is forgotten; a nearer one is not."""
    with ClusterServer(history_limit=5) as cluster, ApiClient(cluster.url) as api:
        start = cluster.version
        for number in range(10):
            cluster.create(a_config_map(f"c{number}"))

        with api.watch(CONFIG_MAPS, resourceVersion=start) as old:
            forgotten = told(next(iter(old)))
        with api.watch(CONFIG_MAPS, resourceVersion=cluster.version - 5) as recent:
            replayed = recent.take(5)

    assert forgotten[0] == "ERROR"
    assert replayed == [("ADDED", f"c{number}") for number in range(5, 10)]


def test_one_kind_does_not_push_another_out_of_the_history() -> None:
    """Histories are kept per kind, as watch caches are: busy Pods must not cost a Service watch."""
    with ClusterServer(history_limit=5) as cluster, ApiClient(cluster.url) as api:
        start = cluster.version
        cluster.create(an_ingress())
        for number in range(50):
            cluster.create(a_config_map(f"c{number}"))

        with api.watch(INGRESSES, resourceVersion=start) as watch:
            events = watch.take(1)

    assert events == [("ADDED", "web")]


def test_a_version_from_another_server_is_gone(cluster: ClusterServer, api: ApiClient) -> None:
    """After a restart the counter begins anew; a client with a higher version must list again."""
    with api.watch(CONFIG_MAPS, resourceVersion=cluster.version + 1000) as watch:
        events = list(watch)

    assert dig(events[0], "object", "code") == 410


def test_bookmarks_say_how_far_the_watch_is(cluster: ClusterServer, api: ApiClient) -> None:
    """A quiet watch learns newer versions, also those of other kinds' writes."""
    with api.watch(
        CONFIG_MAPS, resourceVersion=cluster.version, allowWatchBookmarks="true"
    ) as watch:
        cluster.create(an_ingress())
        version = cluster.version
        events = [watch.next() for _ in range(3)]

    assert {text(one, "type") for one in events} == {"BOOKMARK"}
    assert text(events[-1], "object", "metadata", "resourceVersion") == str(version)
    assert dig(events[-1], "object", "kind") == "ConfigMap"


def test_no_bookmarks_unless_asked_for(cluster: ClusterServer, api: ApiClient) -> None:
    """A client that does not know bookmarks must not meet one."""
    with api.watch(CONFIG_MAPS, resourceVersion=cluster.version, timeoutSeconds=1) as watch:
        events = list(watch)

    assert events == []


def test_a_watch_ends_at_its_timeout(cluster: ClusterServer, api: ApiClient) -> None:
    """Cleanly, and with a last bookmark for those who want them."""
    started = time.monotonic()

    with api.watch(
        CONFIG_MAPS, resourceVersion=cluster.version, timeoutSeconds=1, allowWatchBookmarks="true"
    ) as watch:
        events = list(watch)

    assert 0.9 < time.monotonic() - started < 3
    assert told(events[-1])[0] == "BOOKMARK"


def test_a_streaming_list_marks_the_end_of_what_exists(
    cluster: ClusterServer, api: ApiClient
) -> None:
    """sendInitialEvents: what exists, then a bookmark that says so (API concepts, streaming)."""
    cluster.create(a_config_map("a"))

    with api.watch(
        CONFIG_MAPS,
        sendInitialEvents="true",
        allowWatchBookmarks="true",
        resourceVersionMatch="NotOlderThan",
    ) as watch:
        first, end = watch.next(), watch.next()

    assert first is not None
    assert told(first) == ("ADDED", "a")
    assert dig(end, "object", "metadata", "annotations") == {"k8s.io/initial-events-end": "true"}


def test_a_watcher_that_leaves_is_forgotten(cluster: ClusterServer, api: ApiClient) -> None:
    """Disconnected watches must not pile up in the server."""
    with api.watch(CONFIG_MAPS, resourceVersion=cluster.version):
        during = settled_count(cluster, expected=1)

    assert during == 1
    assert settled_count(cluster, expected=0) == 0


def test_every_one_of_many_watchers_hears_every_event(cluster: ClusterServer) -> None:
    """Two hundred watches, fifty changes: all of them, in order, within moments."""
    found = asyncio.run(watched_by_many(cluster, watchers=200, changes=50))

    expected = [f"c{number}" for number in range(50)]
    assert found == [expected] * 200


def test_a_watcher_that_falls_behind_is_told() -> None:
    """A queue never outgrows the history: the laggard gets 410 instead of the server's memory."""
    events = asyncio.run(lagging_watch(capacity=3, changes=4))

    assert [one.type for one in events] == [EventType.ERROR]
    assert events[0].document["code"] == 410


async def lagging_watch(*, capacity: int, changes: int) -> list[WatchEvent]:
    """Let more happen than a watch may queue before it is read; return what it then says."""
    kind = KindTable(built_in_kinds()).named("ConfigMap")
    room = WatchRoom()
    watch = Watch(
        Interest(kind=kind, selector=EVERYTHING),
        first=(),
        backlog=(),
        version=1,
        capacity=capacity,
        leave=room.leave,
    )
    room.join(watch)
    store = Store(history_limit=capacity)
    store.listen(room.follow)
    for number in range(changes):
        store.put(kind.storage, a_config_map(f"c{number}"))
    return watch.drain(present=store.version)


async def watched_by_many(
    cluster: ClusterServer, *, watchers: int, changes: int
) -> list[list[str]]:
    """Return what each of many watchers heard."""
    version = cluster.version

    async def listen(session: aiohttp.ClientSession, opened: asyncio.Semaphore) -> list[str]:
        query = {"watch": "true", "resourceVersion": str(version)}
        heard: list[str] = []
        async with session.get(cluster.url + CONFIG_MAPS, params=query) as response:
            opened.release()
            async for line in response.content:
                heard.append(name_in(line))
                if len(heard) == changes:
                    break
        return heard

    opened = asyncio.Semaphore(0)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        tasks = [asyncio.create_task(listen(session, opened)) for _ in range(watchers)]
        for _ in range(watchers):
            await opened.acquire()
        for number in range(changes):
            await asyncio.to_thread(cluster.create, a_config_map(f"c{number}"))
        return list(await asyncio.gather(*tasks))


def name_in(line: bytes) -> str:
    """Return the name of the object in a watch event."""
    event: Document = json.loads(line)
    return text(event, "object", "metadata", "name")


def settled_count(cluster: ClusterServer, *, expected: int) -> int:
    """Return how many watch ConfigMaps, once that is what was expected or time is up."""
    end = time.monotonic() + 2
    while cluster.watch_count("ConfigMap") != expected and time.monotonic() < end:
        time.sleep(0.01)
    return cluster.watch_count("ConfigMap")

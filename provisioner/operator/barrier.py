"""When the cache can be believed: the barrier, and the check behind it.

A watch tells what changed, never what it missed. kopf does not report objects that vanished while a
watch was down, starts its handlers although a kind is missing from discovery, and says nothing of a
kind that became empty. So we list keys ourselves: before the first reconcile, whenever a watch
lists again, and every few minutes. What the list lacks is dropped; what the cache lacks keeps the
barrier shut. A list may be a moment ahead of a watch, so a barrier that was open shuts only when
the same object is missed several times in a row.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from provisioner.kube.kinds import KindInfo
from provisioner.model.errors import ClusterError
from provisioner.model.kube import Key
from provisioner.operator.cache import Cache


class KindState(StrEnum):
    """What is known of one kind."""

    UNCHECKED = "unchecked"
    COMPLETE = "complete"
    ABSENT = "absent"  # an optional kind whose API group is not there
    UNKNOWN = "unknown"  # it could not be listed: never to be taken for empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The state of a kind and, where it is not good, why.

    ``listed`` tells whether the cluster let us list it; ``late`` that the cache still lacks
    something which may be on its way.
    """

    state: KindState
    why: str = ""
    listed: bool = False
    late: bool = False


PATIENCE = 5
"""So many verifications in a row may miss an object before an open barrier shuts."""


ListKeys = Callable[[KindInfo], Mapping[Key, str] | None]
"""Lists keys and uids of a kind; None where its API group does not exist."""


class Barrier:
    """Keeps count of which kinds are completely known.

    Args:
        kinds: Every kind that is watched.
        cache: What the watches feed.
        list_keys: Lists a kind's keys and uids; raises ClusterError.
        vanished: Told, with key and uid, of every object that the cluster no longer has.
    """

    def __init__(
        self,
        kinds: tuple[KindInfo, ...],
        cache: Cache,
        list_keys: ListKeys,
        vanished: Callable[[KindInfo, Key, str], None],
    ) -> None:
        self._kinds = {info.kind: info for info in kinds}
        self._cache = cache
        self._list_keys = list_keys
        self._vanished = vanished
        self._lock = threading.Lock()
        self._missed: dict[str, Mapping[tuple[Key, str], int]] = {}
        self._verdicts = {
            info.kind: Verdict(state=KindState.UNCHECKED, why="not listed yet") for info in kinds
        }

    def verify(self, kind: str) -> Verdict:
        """List one kind, drop what is gone, and judge whether the cache holds the rest."""
        verdict = self._judge(self._kinds[kind])
        with self._lock:
            self._verdicts[kind] = verdict
        return verdict

    def problems(self) -> Mapping[str, str]:
        """Return what keeps the barrier shut, by kind; empty when it is open."""
        with self._lock:
            return {
                kind: verdict.why
                for kind, verdict in self._verdicts.items()
                if not self._passes(kind, verdict)
            }

    @property
    def is_open(self) -> bool:
        """Whether reconciling may begin."""
        return not self.problems()

    def doubtful(self) -> frozenset[str]:
        """Return the kinds that should be verified again soon."""
        with self._lock:
            late = {kind for kind, verdict in self._verdicts.items() if verdict.late}
        return frozenset(late | self.problems().keys())

    def listable(self) -> frozenset[str]:
        """Return the kinds that could be listed when last tried."""
        with self._lock:
            return frozenset(kind for kind, verdict in self._verdicts.items() if verdict.listed)

    def unknown_kinds(self) -> frozenset[str]:
        """Return the kinds that nothing may be deleted on account of."""
        with self._lock:
            return frozenset(
                kind
                for kind, verdict in self._verdicts.items()
                if verdict.state in {KindState.UNKNOWN, KindState.UNCHECKED}
            )

    def _passes(self, kind: str, verdict: Verdict) -> bool:
        match verdict.state:
            case KindState.COMPLETE | KindState.ABSENT:
                return True
            case KindState.UNCHECKED:
                return False
            case KindState.UNKNOWN:
                return not self._kinds[kind].mandatory

    def _judge(self, info: KindInfo) -> Verdict:
        before = self._cache.uids(info.kind)
        try:
            listed = self._list_keys(info)
        except ClusterError as error:
            return Verdict(state=KindState.UNKNOWN, why=error.message)
        if listed is None:
            return self._without(info)
        self._drop_ghosts(info, before, listed)
        return self._compare(info, listed)

    def _compare(self, info: KindInfo, listed: Mapping[Key, str]) -> Verdict:
        """Judge whether the cache holds everything that a list has."""
        now = self._cache.uids(info.kind)
        missing = sorted((key, uid) for key, uid in listed.items() if now.get(key) != uid)
        missed = self._missed.get(info.kind, {})
        counts = {each: missed.get(each, 0) + 1 for each in missing}
        self._missed[info.kind] = counts
        if not missing:
            return Verdict(state=KindState.COMPLETE, listed=True)
        why = f"{len(missing)} of {len(listed)} not seen yet, the first is {missing[0][0]}"
        with self._lock:
            was_open = self._verdicts[info.kind].state is KindState.COMPLETE
        if was_open and max(counts.values()) < PATIENCE:
            return Verdict(state=KindState.COMPLETE, why=why, listed=True, late=True)
        return Verdict(state=KindState.UNCHECKED, why=why, listed=True)

    def _without(self, info: KindInfo) -> Verdict:
        if info.mandatory:
            return Verdict(state=KindState.UNKNOWN, why=f"{info.resource} is not served")
        return Verdict(state=KindState.ABSENT)

    def _drop_ghosts(
        self, info: KindInfo, before: Mapping[Key, str], listed: Mapping[Key, str]
    ) -> None:
        """Drop what was cached before the list and is not in it.

        What appeared since may be newer than the list; the next verification will tell.
        """
        now = self._cache.uids(info.kind)
        for key, uid in before.items():
            if listed.get(key) != uid and now.get(key) == uid:
                self._vanished(info, key, uid)

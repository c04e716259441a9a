"""Watches over HTTP: one line per event until someone has had enough."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web

from provisioner.sandbox.cluster.answers import event_line
from provisioner.sandbox.cluster.api import ClusterApi, WatchStart
from provisioner.sandbox.cluster.statuses import ApiError
from provisioner.sandbox.cluster.tables import Presentation
from provisioner.sandbox.cluster.watches import EventType, Interest, Watch, WatchEvent, error_event


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """How a watch is told."""

    presentation: Presentation
    timeout_seconds: float | None = None
    #: Seconds between bookmarks; None: the client wants none.
    bookmark_seconds: float | None = None


async def stream_watch(
    request: web.Request,
    api: ClusterApi,
    interest: Interest,
    *,
    start: WatchStart,
    options: StreamOptions,
) -> web.StreamResponse:
    """Answer a watch; it ends at its timeout, when it is cut, or when the client leaves.

    A version that is too old is told as an ERROR event in a stream that began well, which is how
    kube-apiserver's watch cache does it.
    """
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    try:
        watch = api.watch(interest, start)
    except ApiError as error:
        await response.prepare(request)
        await response.write(event_line(interest.kind, error_event(error), options.presentation))
        await response.write_eof()
        return response
    try:
        await response.prepare(request)
        await _tell(response, api, watch, options)
        await response.write_eof()
    except ConnectionError:
        pass  # the client has left
    finally:
        watch.close()
    return response


async def _tell(
    response: web.StreamResponse, api: ClusterApi, watch: Watch, options: StreamOptions
) -> None:
    clock = asyncio.get_running_loop().time
    end = None if options.timeout_seconds is None else clock() + options.timeout_seconds
    bookmark_due = _due(clock(), options)
    while not watch.is_cut:
        await watch.wait(_shorter(end, bookmark_due, now=clock()))
        events = watch.drain(present=api.version)
        ended = end is not None and clock() >= end
        if bookmark_due is not None and (ended or clock() >= bookmark_due):
            events.append(watch.bookmark())
            bookmark_due = _due(clock(), options)
        await _write(response, watch, events, options)
        if ended:
            return


async def _write(
    response: web.StreamResponse, watch: Watch, events: list[WatchEvent], options: StreamOptions
) -> None:
    if not events or (watch.is_cut and events[-1].type is not EventType.ERROR):
        return
    kind = watch.interest.kind
    await response.write(b"".join(event_line(kind, one, options.presentation) for one in events))


def _due(now: float, options: StreamOptions) -> float | None:
    return None if options.bookmark_seconds is None else now + options.bookmark_seconds


def _shorter(*moments: float | None, now: float) -> float | None:
    ahead = [max(moment - now, 0.0) for moment in moments if moment is not None]
    return min(ahead) if ahead else None

"""Decide how traffic reaches pods: straight to them, or through node ports.

Pods are the better default (no second hop, no dead node in the way), but both ways draw on the same
two limits: targets of a load balancer and targets of one backend. So ``auto`` decides once for all
backends of a load balancer that nobody decided for, and both sums are always made, so that a plan
can show the loser's numbers too.

Once something runs, its mode stays: a scaled deployment must not move a load balancer's traffic.
When a limit comes near, the switch is proposed. When neither way fits, the answer is advice: put an
in-cluster proxy behind one backend.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from provisioner.core.annotations import ModeWish
from provisioner.core.mode_sums import Arithmetic
from provisioner.core.translate import PODS_ROUTABLE
from provisioner.model.diagnostic import Diagnostic, error, info, warning
from provisioner.model.expression import ModeRoom
from provisioner.model.intent import (
    BackendId,
    BackendIntent,
    LoadBalancerIntent,
    TargetMode,
)
from provisioner.model.kube import Key
from provisioner.model.plan import BackendMode, ModeDecision, ModeSum
from provisioner.model.settings import Settings

NEAR = 0.8
"""Share of a limit from which the switch to the other mode is proposed."""

HEADROOM = 0.8
"""Share of a limit within which pods must fit before a way back to them is proposed."""

_CONFIGURED = {ModeWish.POD: TargetMode.POD, ModeWish.NODE_PORT: TargetMode.NODE_PORT}

NEITHER_FITS = "MODE-NEITHER-FITS"

PROXY_SKETCH = (
    "let one backend take all of this traffic and route behind it: run an in-cluster proxy"
    " (a Deployment of 3 replicas of an ingress proxy of your choice and a Service of type NodePort"
    ' "proxy:80"), give these Ingresses the proxy\'s class, and keep a single Ingress of this class'
    ' with path "/" (Prefix) to proxy:80'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """The modes of the backends that nobody decided for, and why."""

    modes: Mapping[BackendId, TargetMode]
    source: str
    reason: str


def decide(
    load_balancer: LoadBalancerIntent,
    *,
    room: ModeRoom,
    present: Mapping[str, TargetMode],
    settings: Settings,
    nodes: int | None = None,
    pods_routable: bool | None = None,
) -> tuple[ModeDecision, tuple[Diagnostic, ...]]:
    """Return one mode per backend with the sums that speak for it, and what people should know.

    Args:
        load_balancer: The load balancer; without backends the decision is empty.
        room: Limits, and what the cloud rules out.
        present: Modes in force, by backend text (``<ns>/<ingress>/<service>:<port>``).
        settings: The controller's default, node growth, and its word on pod addresses.
        nodes: Eligible nodes, for backends that do not know theirs.
        pods_routable: What an account file says of pod addresses.
    """
    by_class = load_balancer.options.get(PODS_ROUTABLE)
    said = (by_class if isinstance(by_class, bool) else None, settings.pods_routable, pods_routable)
    arithmetic = Arithmetic(
        room=room,
        nodes=nodes,
        growth=settings.node_growth,
        pods_routable=next((word for word in said if word is not None), None),
    )
    decision = _decision(load_balancer, arithmetic, present=present, settings=settings)
    return decision, _findings(load_balancer, decision, arithmetic)


def _decision(
    load_balancer: LoadBalancerIntent,
    arithmetic: Arithmetic,
    *,
    present: Mapping[str, TargetMode],
    settings: Settings,
) -> ModeDecision:
    backends = load_balancer.backends
    fixed = _fixed(load_balancer, settings, present)
    free = tuple(b for b in backends if b.id not in fixed)
    explicit = {key: mode for key, (mode, _) in fixed.items()}
    held = explicit if free else {}
    considered = tuple(arithmetic.sum(m, backends, fixed=held) for m in TargetMode)
    choice = _choose(free, arithmetic, considered=considered, present=present, explicit=explicit)
    modes = {**choice.modes, **explicit}
    return ModeDecision(
        mode=_summary(backends, modes),
        reason=choice.reason if free else _explicit_reason(backends),
        considered=considered if backends else (),
        backends=tuple(
            BackendMode(
                backend=b.id,
                mode=modes.get(b.id),
                source=fixed[b.id][1] if b.id in fixed else choice.source,
            )
            for b in backends
        ),
    )


def _findings(
    load_balancer: LoadBalancerIntent, decision: ModeDecision, arithmetic: Arithmetic
) -> tuple[Diagnostic, ...]:
    """Return what a decision should tell people: impossible wishes, a limit that comes near."""
    backends = load_balancer.backends
    modes = {b.backend: b.mode for b in decision.backends if b.mode is not None}
    impossible = list(_impossible_wishes(load_balancer, decision, arithmetic))
    undecided = [b for b in backends if b.id not in modes and _possible(b, arithmetic)]
    found = impossible
    if undecided and not _unknowable(undecided, arithmetic):
        found.extend(_neither(load_balancer, decision, arithmetic))
    elif modes and arithmetic.near(arithmetic.total(backends, modes), NEAR):
        found.append(_near(load_balancer, decision))
    if any(b.pods == () and modes.get(b.id) is TargetMode.POD for b in backends):
        found.extend(_assumed(load_balancer, arithmetic))
    return tuple(found)


def _fixed(
    load_balancer: LoadBalancerIntent, settings: Settings, present: Mapping[str, TargetMode]
) -> Mapping[BackendId, tuple[TargetMode, str]]:
    """Return the modes that somebody decided, and who.

    Where only the incumbent's way decides, what is in force is stronger: that controller has a
    setting of its own for it, which can be told from what it made alone.
    """
    fixed: dict[BackendId, tuple[TargetMode, str]] = {}
    for backend in load_balancer.backends:
        default = backend.default_mode
        if settings.target_mode:
            default = _CONFIGURED.get(ModeWish(settings.target_mode))
        if backend.mode is not None:
            fixed[backend.id] = (backend.mode, backend.mode_source)
        elif default is not None and not backend.mode_source:
            running = None if settings.target_mode else present.get(backend_text(backend.id))
            fixed[backend.id] = (
                (running, "in force") if running else (default, "the controller's default")
            )
    return fixed


def _choose(
    free: Sequence[BackendIntent],
    arithmetic: Arithmetic,
    *,
    considered: Sequence[ModeSum],
    present: Mapping[str, TargetMode],
    explicit: Mapping[BackendId, TargetMode],
) -> _Choice:
    running = {
        b.id: mode
        for b in free
        if (mode := present.get(backend_text(b.id))) and not arithmetic.impossible(b, mode)
    }
    if running:
        return _stay(free, arithmetic, running=running)
    if _unknowable(free, arithmetic):
        reason = "known after apply: neither nodes nor pods are known here"
        return _Choice(modes={}, source="auto, known after apply", reason=reason)
    for candidate in considered:
        if candidate.fits:
            modes = {b.id: candidate.mode for b in free}
            return _Choice(modes=modes, source="auto", reason=_fresh_reason(candidate, considered))
    if all(candidate.impossible for candidate in considered):
        return _each_for_itself(free, arithmetic, explicit=explicit)
    return _Choice(
        modes={}, source="auto, neither mode fits", reason=f"neither mode fits: {_both(considered)}"
    )


def _stay(
    free: Sequence[BackendIntent],
    arithmetic: Arithmetic,
    *,
    running: Mapping[BackendId, TargetMode],
) -> _Choice:
    """Keep what runs; backends that are new follow the majority where they can."""
    tally = Counter(running.values())
    leading = max(TargetMode, key=lambda mode: (tally[mode], mode is TargetMode.POD))
    modes = dict(running)
    for backend in free:
        if backend.id not in modes:
            possible = _possible(backend, arithmetic, first=leading)
            modes.update(dict.fromkeys((backend.id,), possible) if possible else {})
    return _Choice(
        modes=modes,
        source="auto, in force",
        reason=f"{leading} is in force, and counts alone never change a mode",
    )


def _each_for_itself(
    free: Sequence[BackendIntent],
    arithmetic: Arithmetic,
    *,
    explicit: Mapping[BackendId, TargetMode],
) -> _Choice:
    """Mix the modes where neither is possible for all backends."""
    modes: dict[BackendId, TargetMode] = {}
    for backend in free:
        mode = _possible(backend, arithmetic)
        if mode is not None:
            modes[backend.id] = mode
    if not arithmetic.fits(arithmetic.total(free, {**modes, **explicit})):
        reason = "neither mode is possible for all backends, and mixed they do not fit"
        return _Choice(modes={}, source="auto, nothing fits", reason=reason)
    reason = "neither mode is possible for all backends, so each has the one it can have"
    return _Choice(modes=modes, source="auto, the only possible mode", reason=reason)


def _possible(
    backend: BackendIntent, arithmetic: Arithmetic, *, first: TargetMode = TargetMode.POD
) -> TargetMode | None:
    order = sorted(TargetMode, key=lambda mode: mode is not first)
    return next((mode for mode in order if not arithmetic.impossible(backend, mode)), None)


def _unknowable(backends: Iterable[BackendIntent], arithmetic: Arithmetic) -> bool:
    """Tell whether only the cluster can decide: no nodes are known, nor some backend's pods."""
    return any(b.pods is None and b.nodes is None and arithmetic.nodes is None for b in backends)


def backend_text(backend: BackendId) -> str:
    """Return a backend as modes in force name it: ``<ns>/<ingress>/<service>:<port>``."""
    return f"{backend.ingress}/{backend}"


def _summary(backends: Sequence[BackendIntent], modes: Mapping[BackendId, TargetMode]) -> str:
    found = {modes.get(b.id) for b in backends}
    if not found or None in found:
        return ""
    return "mixed" if len(found) > 1 else str(next(iter(found)))


def _explicit_reason(backends: Sequence[BackendIntent]) -> str:
    return "every backend has a mode that somebody set" if backends else "no backends"


def _fresh_reason(chosen: ModeSum, considered: Sequence[ModeSum]) -> str:
    others = [f"{s.mode}: {_sum_words(s)}" for s in considered if s is not chosen]
    return f"{chosen.mode}: {_sum_words(chosen)}; {'; '.join(others)}"


def _both(considered: Sequence[ModeSum]) -> str:
    return "; ".join(f"{s.mode}: {_sum_words(s)}" for s in considered)


def _sum_words(item: ModeSum) -> str:
    low, high = item.targets
    count = f"{low} or more" if high is None else str(high)
    words = f"{item.arithmetic} = {count} of {item.targets_limit} targets"
    biggest = item.largest[1] or item.largest[0]
    if biggest > item.largest_limit:
        words += f", the largest backend {biggest} of {item.largest_limit}"
    return f"impossible, {item.impossible}" if item.impossible else words


def _subject(load_balancer: LoadBalancerIntent) -> str:
    return f"load balancer {load_balancer.name}"


def _owner(load_balancer: LoadBalancerIntent) -> Key | None:
    return None if load_balancer.explicit else Key.parse(load_balancer.name)


def _impossible_wishes(
    load_balancer: LoadBalancerIntent, decision: ModeDecision, arithmetic: Arithmetic
) -> Iterable[Diagnostic]:
    """Yield an error for every backend whose mode, by wish or by default, cannot work."""
    sources = {b.backend: b for b in decision.backends}
    for backend in load_balancer.backends:
        decided = sources[backend.id]
        modes = tuple(TargetMode) if decided.mode is None else (decided.mode,)
        reasons = [arithmetic.impossible(backend, mode) for mode in modes]
        if not all(reasons):
            continue
        yield error(
            "MODE-IMPOSSIBLE",
            f"Ingress {backend.id.ingress}",
            message=f"target mode {' or '.join(modes)} ({decided.source}) cannot work for Service"
            f" {backend.id.service}: {'; '.join(dict.fromkeys(reasons))}",
            field=backend.field,
            hint="set another target mode, or change what rules this one out",
            ingress=backend.id.ingress,
        )


def _neither(
    load_balancer: LoadBalancerIntent, decision: ModeDecision, arithmetic: Arithmetic
) -> Iterable[Diagnostic]:
    """Yield an error for each member that there is no room for beside those before it."""
    misfits = _misfits(load_balancer, decision, arithmetic)
    everyone = len(misfits) in {0, len(load_balancer.members)}
    for key in [_owner(load_balancer)] if everyone else misfits:
        yield error(
            NEITHER_FITS,
            _subject(load_balancer) if everyone else f"Ingress {key}",
            message=f"neither target mode fits its limits: {_both(decision.considered)}",
            hint=PROXY_SKETCH,
            ingress=key,
        )


def _misfits(
    load_balancer: LoadBalancerIntent, decision: ModeDecision, arithmetic: Arithmetic
) -> list[Key]:
    """Return the members that fit in no mode once those before them, in order, are there."""
    decided = {b.backend: b.mode for b in decision.backends if b.mode is not None}
    room: list[BackendIntent] = []
    misfits = []
    for member in load_balancer.members:
        own = [b for b in load_balancer.backends if b.id.ingress == member.ingress]
        together = [*room, *own]
        for mode in TargetMode:
            modes = {**{b.id: mode for b in together}, **decided}
            possible = not any(arithmetic.impossible(b, modes[b.id]) for b in together)
            if possible and arithmetic.fits(arithmetic.total(together, modes)):
                room = together
                break
        else:
            misfits.append(member.ingress)
    return misfits


def _near(load_balancer: LoadBalancerIntent, decision: ModeDecision) -> Diagnostic:
    others = [s for s in decision.considered if s.mode.value != decision.mode]
    better = next((s for s in others if _worth_proposing(s)), None)
    if better is not None and decision.mode != "mixed":
        hint = f"set target mode {better.mode}: {_sum_words(better)}"
    else:
        hint = PROXY_SKETCH
    return warning(
        "MODE-NEAR-LIMIT",
        _subject(load_balancer),
        message=f"its targets reach {NEAR:.0%} of a limit in mode {decision.mode}:"
        f" {_both(decision.considered)}",
        hint=hint,
        ingress=_owner(load_balancer),
    )


def _worth_proposing(item: ModeSum) -> bool:
    """Tell whether a switch would help: pods only with headroom left, so that it does not flap."""
    if not item.fits:
        return False
    biggest = item.largest[1] or item.largest[0]
    total = item.targets[1] or item.targets[0]
    share = HEADROOM if item.mode is TargetMode.POD else 1.0
    return total <= share * item.targets_limit and biggest <= share * item.largest_limit


def _assumed(load_balancer: LoadBalancerIntent, arithmetic: Arithmetic) -> Iterable[Diagnostic]:
    if arithmetic.pods_routable is not None:
        return
    yield info(
        "MODE-ASSUMED",
        _subject(load_balancer),
        message="some of its backends have no pods yet; their addresses are assumed reachable",
        hint="state podsRoutable in the LoadBalancerClass",
        ingress=_owner(load_balancer),
    )

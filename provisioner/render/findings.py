"""Diagnostics and tallies in words, shared by every renderer for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from provisioner.model.approval import Approval
from provisioner.model.change import Action, Step, Wait, WaitFor
from provisioner.model.diagnostic import Diagnostic, Severity
from provisioner.model.intent import Quarantined
from provisioner.model.limits import Usage
from provisioner.model.plan import LoadBalancerPlan, ModeDecision, ModeSum, Plan
from provisioner.model.resource import Unknown, Value
from provisioner.render import forwarding, phrases
from provisioner.render.lines import Line, Style
from provisioner.render.usage import share

STYLES = {
    Severity.ERROR: Style.ERROR,
    Severity.WARNING: Style.WARNING,
    Severity.INFO: Style.INFO,
}

_COMPARISON = "take-over"  # the option of a plan that nobody can apply


def place(item: Diagnostic) -> str:
    """Return where a diagnostic points: ``Ingress shop/web, spec.rules[0].host``."""
    return f"{item.subject}, {item.field}" if item.field else item.subject


def diagnostic_lines(items: Iterable[Diagnostic], *, indent: int = 0) -> Iterator[Line]:
    """Yield diagnostics, the heaviest first."""
    for item in sorted(items, key=Diagnostic.sort_key):
        head = f"{item.severity.value}: {place(item)} [{item.code}]"
        yield Line(head, STYLES[item.severity], indent)
        yield Line(item.message, Style.PLAIN, indent + 2, 0)
        if item.hint:
            yield Line(f"hint: {item.hint}", Style.DIM, indent + 2, 6)


def tally(items: Iterable[Diagnostic]) -> str:
    """Return ``1 error, 2 warnings``, leaving out what there is none of."""
    counts = dict.fromkeys(Severity, 0)
    for item in items:
        counts[item.severity] += 1
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}
    return ", ".join(phrases.counted(n, words[s]) for s, n in counts.items() if n)


def approval(found: Approval) -> str:
    """Return what needs an approval, or had one."""
    if not found.needed:
        return f"Approved: {found.reason}"
    return f"Needs an approval (apply --approve): {found.reason}. Digest: {found.digest}"


def summary(plan: Plan) -> str:
    """Return the last line of a plan."""
    if not plan.has_changes:
        if any(item.severity is Severity.ERROR for item in plan.diagnostics):
            return "No changes, but not everything could be planned: see the diagnostics."
        if any(part.approval is not None and part.approval.needed for part in plan.parts):
            return "No changes without an approval."
        return "No changes. The cloud is as the Ingresses want it."
    counts = dict.fromkeys(Action, 0)
    for step in plan.steps:
        counts[step.action] += 1
    return (
        f"Plan: {counts[Action.CREATE]} to create, {counts[Action.UPDATE]} to update, "
        f"{counts[Action.REPLACE]} to replace, {counts[Action.DELETE]} to delete."
    )


def calls(plan: Plan) -> str:
    """Return which mutating calls the whole plan makes; "" for none."""
    counts: dict[str, int] = {}
    for step in plan.steps:
        for operation, count in step.counts:
            counts[operation] = counts.get(operation, 0) + count
    if not counts:
        return ""
    each = ", ".join(f"{name} x {n}" if n > 1 else name for name, n in sorted(counts.items()))
    return f"{phrases.counted(sum(counts.values()), 'API call')}: {each}"


def not_applyable(plan: Plan) -> str:
    """Return why the plan cannot be applied as it stands, "" where it can."""
    if plan.inputs.account_file is not None:
        return "This plan rests on an account file, so it cannot be applied."
    if any(option == _COMPARISON for option, _ in plan.inputs.options):
        return "This plan is a comparison (--take-over), so it cannot be applied."
    groups = [_blocked(part) for part in plan.parts if not part.applyable]
    if groups:
        return f"Cannot be applied as it stands: {'; '.join(groups)}."
    return "" if plan.applyable else "This plan cannot be applied as it stands."


def _blocked(part: LoadBalancerPlan) -> str:
    """Return a part with what is not known of it yet."""
    values = (change.after for step in part.changes for change in step.fields)
    whys = sorted({unknown.why for value in values for unknown in unknowns(value) if unknown.why})
    if part.lacks:
        return f"{part.group} (it needs {', '.join(part.lacks)}, which cannot be applied either)"
    return f"{part.group} (not known here: {', '.join(whys)})" if whys else part.group


def unknowns(value: Value) -> Iterator[Unknown]:
    """Yield what is known only after apply inside a value."""
    match value:
        case Unknown():
            yield value
        case Mapping():
            yield from (found for item in value.values() for found in unknowns(item))
        case tuple():
            yield from (found for item in value for found in unknowns(item))
        case _:
            return


def wait(item: WaitFor, group: str) -> str:
    """Return what a step waits for."""
    names = ", ".join(phrases.short_address(address, group) for address in item.on)
    match item.kind:
        case Wait.ACTIVE:
            return f"waits until {names} is active"
        case Wait.SETTLED:
            least = f" ({item.seconds / 60:.0f} minutes)" if item.seconds else ""
            return f"waits until {names} has settled{least}"
        case Wait.DRAINED:
            return f"waits until {names} has drained"
        case Wait.HEALTHY:
            old = ", ".join(phrases.short_address(address, group) for address in item.instead_of)
            unless = f", or {old} has none" if old else ""
            return f"waits until {names} has a healthy target{unless}"


def limit(usage: Usage) -> str:
    """Return ``rules per load balancer: 60 of 100 (60 %)``, with the peak where it is higher."""
    value = usage.limit.value
    peak = f", {usage.peak} at the worst moment" if usage.peak > usage.used else ""
    over = "; over the limit" if usage.headroom < 0 else ""
    return (
        f"{usage.limit.label or usage.limit.name} ({usage.subject}): {usage.used} of {value}{peak} "
        f"({share(usage):.0%}{over})"
    )


def parts(usage: Usage) -> str:
    """Return the largest contributors: ``shop/web 40, shop/api 20``."""
    return ", ".join(f"{name} {units}" for name, units in usage.parts)


def mode(decision: ModeDecision) -> str:
    """Return the target mode and its reason on one line."""
    head = decision.mode or ("known after apply" if decision.backends else "none")
    return f"Target mode: {head}" + f"; {decision.reason}" * bool(decision.reason)


_EVIDENT: Final = (" differ", " differs")


def reason(step: Step) -> str:
    """Return why a step is there; "" where the lines below it say the same."""
    if step.reason == "does not exist":
        return ""  # a creation, or a later stage of one
    return "" if step.reason.endswith(_EVIDENT) else step.reason


def mode_sum(item: ModeSum) -> str:
    """Return what a mode would use, or why it cannot work."""
    if item.impossible:
        return f"{item.mode.value}: not possible, {item.impossible}"
    verdict = "" if item.fits else "; does not fit"
    return (
        f"{item.mode.value}: {_bounds(item.targets)} of {item.targets_limit} targets, "
        f"largest target group {_bounds(item.largest)} of {item.largest_limit} "
        f"({item.arithmetic}{verdict})"
    )


def _bounds(bounds: tuple[int, int | None]) -> str:
    low, high = bounds
    if high is None:
        return f"{low} or more"
    return str(low) if low == high else f"{low} to {high}"


def mixed_backends(decision: ModeDecision) -> tuple[str, ...]:
    """Return one line per backend where they differ; () where one reason holds."""
    if len({(item.mode, item.source) for item in decision.backends}) < 2:  # noqa: PLR2004 - all alike
        return ()
    return tuple(
        f"{item.backend} {item.mode.value if item.mode else 'known after apply'}"
        f"{f' ({item.source})' if item.source else ''}"
        for item in sorted(decision.backends, key=lambda b: b.backend)
    )


def quarantined(item: Quarantined) -> str:
    """Return who was taken out and why."""
    where = f", {item.path}" if item.path else ""
    return f"Ingress {item.ingress}{where}: {item.diagnostic.message} [{item.diagnostic.code}]"


def describe(part: LoadBalancerPlan) -> str:
    """Return the facts of a load balancer for its header: scheme and listeners."""
    found: list[str] = []
    for resource in part.resources:
        scheme = resource.spec.get("Scheme")
        if isinstance(scheme, str):
            found.insert(0, scheme)
    listeners = sorted(
        (port, str(resource.spec.get("Protocol")))
        for resource in part.resources
        if resource.kind == "Listener" and isinstance(port := resource.spec.get("Port"), int)
    )
    found.extend(f"{protocol} {port}" for port, protocol in listeners)
    return ", ".join([*found, *forwarding.facts(part.resources)])

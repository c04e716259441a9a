"""Plans, resources and limits as JSON documents: canonical, sorted, byte-identical for equal input.

The order of fields is that of the Structs in ``wire.py``, the order of lists is sorted here (steps
alone keep the plan's order, which is the order of work), and object keys inside specs are sorted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from provisioner.model.approval import Approval
from provisioner.model.change import Action, FieldChange, Step
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import Quarantined
from provisioner.model.kube import Key
from provisioner.model.limits import Usage
from provisioner.model.plan import Inputs, LoadBalancerPlan, ModeDecision, ModeSum, Plan
from provisioner.model.resource import Resource, Unknown, Value, canonical, has_unknown
from provisioner.render import wire
from provisioner.render.usage import next_to_bite


def plan_to_json(plan: Plan) -> bytes:
    """Return the plan in format 1.0, indented, with a newline at its end."""
    return _encode(plan_document(plan))


def resources_to_json(
    provider: str,
    resources: Sequence[Resource],
    *,
    diagnostics: Sequence[Diagnostic] = (),
) -> bytes:
    """Return desired resources by load balancer, ``shared`` among them where it has any."""
    groups = sorted({resource.group for resource in resources})
    return _encode(
        wire.RenderWire(
            format_version=wire.FORMAT_VERSION,
            provider=provider,
            load_balancers=[_rendered(group, resources) for group in groups],
            diagnostics=_diagnostics(diagnostics),
        )
    )


def limits_to_json(plan: Plan) -> bytes:
    """Return how full every limit is."""
    upcoming = next_to_bite(plan)
    return _encode(
        wire.LimitsWire(
            format_version=wire.FORMAT_VERSION,
            provider=plan.provider,
            cluster_name=plan.cluster_name,
            load_balancers=[_limits_of(part) for part in _in_order(plan)],
            shared=_limits_of(plan.shared),
            next=None
            if upcoming is None
            else wire.NextLimitWire(
                group=upcoming.group,
                name=upcoming.usage.limit.name,
                subject=upcoming.usage.subject,
                headroom=upcoming.usage.headroom,
            ),
            diagnostics=_diagnostics(plan.diagnostics),
        )
    )


def failure_to_json(message: str, hint: str = "") -> bytes:
    """Return why a command stopped."""
    error = wire.ErrorWire(message=message, hint=hint)
    return _encode(wire.FailureWire(format_version=wire.FORMAT_VERSION, error=error))


def plan_document(plan: Plan) -> wire.PlanWire:
    """Return the plan as its wire Struct."""
    return wire.PlanWire(
        format_version=wire.FORMAT_VERSION,
        provider=plan.provider,
        cluster_name=plan.cluster_name,
        inputs=_inputs(plan.inputs),
        digest=plan.digest,
        applyable=plan.applyable,
        summary=_summary(plan),
        load_balancers=[_load_balancer(part) for part in _in_order(plan)],
        shared=wire.SharedWire(
            digest=plan.shared.digest,
            applyable=plan.shared.applyable,
            steps=[_step(step) for step in plan.shared.steps],
            limits=_limits(plan.shared.usages),
        ),
        diagnostics=_diagnostics(plan.diagnostics),
    )


def _encode(document: wire.Wire) -> bytes:
    text = msgspec.json.encode(document)
    del document  # a large plan need not be in memory in every one of its forms at once
    text = msgspec.json.format(text, indent=2)
    return text + b"\n"


def _in_order(plan: Plan) -> list[LoadBalancerPlan]:
    return sorted(plan.load_balancers, key=lambda part: part.group)


def _names(keys: Iterable[Key]) -> list[str]:
    return sorted(str(key) for key in keys)


def _raw(value: Value) -> msgspec.Raw:
    return msgspec.Raw(canonical(value).encode())


def _summary(plan: Plan) -> wire.SummaryWire:
    tally = dict.fromkeys(Action, 0)
    for step in plan.steps:
        tally[step.action] += 1
    return wire.SummaryWire(
        create=tally[Action.CREATE],
        update=tally[Action.UPDATE],
        replace=tally[Action.REPLACE],
        delete=tally[Action.DELETE],
        noop=tally[Action.NOOP],
    )


def _inputs(inputs: Inputs) -> wire.InputsWire:
    files = [wire.InputFileWire(path=file.path, sha256=file.sha256) for file in inputs.files]
    account = inputs.account_file
    return wire.InputsWire(
        files=sorted(files, key=lambda file: file.path),
        cluster=inputs.cluster,
        account_file=None
        if account is None
        else wire.InputFileWire(path=account.path, sha256=account.sha256),
        options=dict(sorted(inputs.options)),
    )


def _load_balancer(part: LoadBalancerPlan) -> wire.LoadBalancerWire:
    quarantined = [_quarantined(item) for item in part.quarantined]
    return wire.LoadBalancerWire(
        group=part.group,
        digest=part.digest,
        applyable=part.applyable,
        ingresses=_names(part.ingresses),
        quarantined=sorted(quarantined, key=lambda q: (q.ingress, q.path, q.diagnostic)),
        target_mode=_target_mode(part.mode) if part.mode is not None else None,
        steps=[_step(step) for step in part.steps],
        limits=_limits(part.usages),
        kept=_names(part.kept),
        approval=_approval(part.approval) if part.approval is not None else None,
    )


def _approval(approval: Approval) -> wire.ApprovalWire:
    return wire.ApprovalWire(needed=approval.needed, digest=approval.digest, reason=approval.reason)


def _quarantined(item: Quarantined) -> wire.QuarantinedWire:
    return wire.QuarantinedWire(
        ingress=str(item.ingress), path=item.path, diagnostic=item.diagnostic.code
    )


def _target_mode(decision: ModeDecision) -> wire.TargetModeWire:
    # "" is the model's word for "known after apply"; on the wire that is always null.
    modes: dict[str, wire.ModeName | None] = {"pod": "pod", "node-port": "node-port"}
    backends = sorted(decision.backends, key=lambda item: item.backend)
    return wire.TargetModeWire(
        mode="mixed" if decision.mode == "mixed" else modes.get(decision.mode),
        reason=decision.reason,
        considered=[_mode_sum(item) for item in sorted(decision.considered, key=lambda s: s.mode)],
        backends=[
            wire.BackendModeWire(
                ingress=str(item.backend.ingress),
                service=str(item.backend.service),
                port=item.backend.port,
                mode=item.mode.value if item.mode is not None else None,
                source=item.source,
            )
            for item in backends
        ],
    )


def _mode_sum(item: ModeSum) -> wire.ModeSumWire:
    return wire.ModeSumWire(
        mode=item.mode.value,
        fits=item.fits,
        targets=wire.RangeWire(low=item.targets[0], high=item.targets[1]),
        targets_limit=item.targets_limit,
        largest=wire.RangeWire(low=item.largest[0], high=item.largest[1]),
        largest_limit=item.largest_limit,
        arithmetic=item.arithmetic,
        impossible=item.impossible,
    )


def _step(step: Step) -> wire.StepWire:
    return wire.StepWire(
        id=step.id,
        action=step.action.value,
        kind=step.kind,
        address=step.address,
        name=step.name,
        ingresses=_names(step.ingresses),
        reason=step.reason,
        calls=[wire.CallWire(operation=name, count=count) for name, count in step.counts],
        changes=[_field(change) for change in sorted(step.fields, key=lambda c: c.path)],
        after=sorted(step.after),
        wait=step.wait.kind.value if step.wait is not None else None,
    )


def _field(change: FieldChange) -> wire.FieldWire:
    return wire.FieldWire(
        path=change.path,
        before=_raw(change.before),
        after=_raw(change.after),
        known_after_apply=has_unknown(change.after),
    )


def _limits(usages: Iterable[Usage]) -> list[wire.LimitWire]:
    rows = [
        wire.LimitWire(
            name=usage.limit.name,
            used=usage.used,
            peak=usage.peak,
            limit=usage.limit.value,
            source=usage.limit.source.value,
            adjustable=usage.limit.adjustable,
            subject=usage.subject,
        )
        for usage in usages
    ]
    return sorted(rows, key=lambda row: (row.name, row.subject))


def _limits_of(part: LoadBalancerPlan) -> wire.LimitsOfWire:
    return wire.LimitsOfWire(group=part.group, limits=_limits(part.usages))


def _rendered(group: str, resources: Sequence[Resource]) -> wire.RenderedWire:
    mine = sorted((r for r in resources if r.group == group), key=lambda r: r.address)
    return wire.RenderedWire(
        group=group,
        resources=[
            wire.ResourceWire(
                kind=resource.kind,
                address=resource.address,
                name=None if isinstance(resource.name, Unknown) else resource.name,
                ingresses=_names(resource.ingresses),
                spec={key: _raw(resource.spec[key]) for key in sorted(resource.spec)},
            )
            for resource in mine
        ],
    )


def _diagnostics(diagnostics: Iterable[Diagnostic]) -> list[wire.DiagnosticWire]:
    return [
        wire.DiagnosticWire(
            severity=item.severity.value,
            code=item.code,
            subject=item.subject,
            field=item.field,
            message=item.message,
            hint=item.hint,
        )
        for item in sorted(diagnostics, key=Diagnostic.sort_key)
    ]

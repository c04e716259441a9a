"""Which Ingresses are ours: only those whose class says so.

Anything else is read at most and never written. In a cluster the IngressClass object decides; in
files, which seldom hold one, the class names of the provider and those that the user lists do. The
default class acts when an Ingress is created and is no reason to take one over later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from provisioner.core.classes import Classes, ClassPolicy
from provisioner.core.dialect import Dialect
from provisioner.model.diagnostic import Diagnostic, error, info, warning
from provisioner.model.kube import Ingress, Key
from provisioner.model.resource import ObservedResource
from provisioner.model.settings import FINALIZER, Settings
from provisioner.model.snapshot import Snapshot

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
NAME_A_CLASS = "name an IngressClass of ours in spec.ingressClassName"


class Standing(StrEnum):
    """What an Ingress is to us."""

    OURS = "ours"
    LEAVING = "leaving"  # it was ours, and still holds resources
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """An Ingress that is, or was, ours, with the policy of its class.

    ``problems`` are reasons in the class why it cannot be planned; they name the Ingress.
    """

    ingress: Ingress
    policy: ClassPolicy
    standing: Standing
    problems: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Every Ingress of a snapshot, sorted by what it is to us."""

    selected: tuple[Selected, ...]
    not_ours: tuple[Key, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    standing: Standing
    remark: Diagnostic | None = None
    problem: Diagnostic | None = None


def class_name(ingress: Ingress) -> str | None:
    """Return the class that an Ingress names, in its field or in the older annotation."""
    if ingress.class_name is not None:
        return ingress.class_name
    return ingress.meta.annotations.get(CLASS_ANNOTATION)


def select(snapshot: Snapshot, provider: Dialect, *, settings: Settings) -> Selection:
    """Return which Ingresses are ours, with the policy of their class."""
    classes = Classes(snapshot, provider, settings)
    selected: list[Selected] = []
    not_ours: list[Key] = []
    remarks: dict[Diagnostic, None] = {}
    for key in sorted(snapshot.ingresses):
        ingress = snapshot.ingresses[key]
        verdict = _judge(ingress, snapshot, provider=provider, settings=settings)
        remarks.update(dict.fromkeys(_remarks(ingress, verdict)))
        if verdict.standing is Standing.FOREIGN:
            not_ours.append(key)
            continue
        policy = classes.policy(class_name(ingress) or "")
        remarks.update(dict.fromkeys(policy.remarks))
        selected.append(_selected(ingress, verdict, policy=policy))
    return Selection(selected=tuple(selected), not_ours=tuple(not_ours), diagnostics=tuple(remarks))


def is_complete(snapshot: Snapshot) -> bool:
    """Tell whether what the snapshot lacks is truly absent, so that it may be deleted."""
    return snapshot.complete and not snapshot.unknown_kinds & {"Ingress", "IngressClass"}


def unmentioned(
    snapshot: Snapshot, settings: Settings, resources: Iterable[ObservedResource]
) -> frozenset[Key]:
    """Return the Ingresses that have something in the cloud, and may exist though unseen here."""
    if is_complete(snapshot) or settings.prune:
        return frozenset()
    seen = {key for resource in resources for key in resource.ingresses}
    return frozenset(seen - snapshot.ingresses.keys())


def _selected(ingress: Ingress, verdict: _Verdict, *, policy: ClassPolicy) -> Selected:
    problems = [replace(p, ingress=ingress.key) for p in policy.problems]
    if verdict.problem is not None:
        problems.append(verdict.problem)
    standing = Standing.LEAVING if ingress.meta.deleting else verdict.standing
    return Selected(ingress=ingress, policy=policy, standing=standing, problems=tuple(problems))


def _judge(
    ingress: Ingress, snapshot: Snapshot, *, provider: Dialect, settings: Settings
) -> _Verdict:
    name = class_name(ingress)
    known = snapshot.classes.get(name) if name is not None else None
    if known is not None:
        if known.controller == provider.controller:
            return _Verdict(standing=Standing.OURS)
        reason = f"its class {name} belongs to {known.controller or 'no controller'}"
        return _foreign(ingress, reason, tell=not snapshot.live)
    if snapshot.live:
        return _judge_without_class(ingress, name, snapshot=snapshot)
    if provider.infers_class(name) or name in settings.classes:
        return _Verdict(standing=Standing.OURS)
    reason = f"its class {name} is not one of ours" if name else "it names no class"
    hint = f"if it is, say so with --class {name}, or add its IngressClass to the files"
    return _foreign(ingress, reason, tell=True, hint=hint if name else NAME_A_CLASS)


def _judge_without_class(ingress: Ingress, name: str | None, *, snapshot: Snapshot) -> _Verdict:
    """Judge an Ingress of a cluster that does not hold the class object."""
    if name is None:
        return _foreign(ingress, "it names no class", tell=False)
    if _was_ours(ingress) and not ingress.meta.deleting:
        problem = _lost_class(ingress, name, snapshot=snapshot)
        return _Verdict(standing=Standing.OURS, problem=problem)
    unknown = "IngressClass" in snapshot.unknown_kinds
    reason = "IngressClass objects could not be listed" if unknown else _absent(name)
    hint = "allow listing ingressclasses" if unknown else f"create IngressClass {name}"
    return _foreign(ingress, reason, tell=True, hint=hint)


def _absent(name: str) -> str:
    return f"IngressClass {name} does not exist"


def _foreign(ingress: Ingress, reason: str, *, tell: bool, hint: str = "") -> _Verdict:
    if _was_ours(ingress):
        return _Verdict(standing=Standing.LEAVING)
    remark = _not_ours(ingress, reason, hint=hint) if tell else None
    return _Verdict(standing=Standing.FOREIGN, remark=remark)


def _was_ours(ingress: Ingress) -> bool:
    return FINALIZER in ingress.meta.finalizers


def _remarks(ingress: Ingress, verdict: _Verdict) -> tuple[Diagnostic, ...]:
    found = (verdict.remark,) if verdict.remark is not None else ()
    older = ingress.meta.annotations.get(CLASS_ANNOTATION)
    if verdict.standing is Standing.FOREIGN or older in {None, ingress.class_name}:
        return found
    if ingress.class_name is None:
        return found
    return (*found, _two_classes(ingress, older or ""))


def _not_ours(ingress: Ingress, reason: str, *, hint: str) -> Diagnostic:
    return info(
        "CLASS-NOT-OURS",
        f"Ingress {ingress.key}",
        message=f"not planned: {reason}",
        field="spec.ingressClassName",
        hint=hint,
        ingress=ingress.key,
    )


def _lost_class(ingress: Ingress, name: str, *, snapshot: Snapshot) -> Diagnostic:
    unknown = "IngressClass" in snapshot.unknown_kinds
    return error(
        "CLASS-MISSING",
        f"Ingress {ingress.key}",
        message="IngressClass objects could not be listed, so its class cannot be judged"
        if unknown
        else f"{_absent(name)}; what it has on its load balancer stays as it is",
        field="spec.ingressClassName",
        hint="let the controller list ingressclasses"
        if unknown
        else f"create IngressClass {name}, or name another one",
        ingress=ingress.key,
    )


def _two_classes(ingress: Ingress, older: str) -> Diagnostic:
    return warning(
        "CLASS-CONTRADICTION",
        f"Ingress {ingress.key}",
        message=f"spec.ingressClassName is {ingress.class_name} and annotation {CLASS_ANNOTATION}"
        f" is {older}; the field counts",
        field=f"metadata.annotations[{CLASS_ANNOTATION}]",
        hint="remove the annotation",
        ingress=ingress.key,
    )

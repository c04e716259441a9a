"""Which Ingresses are ours: only those whose class says so.

Anything else is read at most and never written. In a cluster the IngressClass object decides; in
files, which seldom hold one, the class names of the provider and those that the user lists do. The
default class acts when an Ingress is created and is no reason to take one over later.

Whose the others are is said by name where the provider knows the neighbour: one by one for files,
in one sentence for a cluster, where a neighbour may have hundreds. A take-over looks at the
incumbent's Ingresses as if they were ours, by the incumbent's own rules of selection. GKE's
controller knows no IngressClass: it goes by the annotation, which to it counts before the field,
and takes what has neither. What it serves in a cluster is never ours, whatever its field says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from provisioner.core.classes import Classes, ClassPolicy
from provisioner.core.dialect import Dialect
from provisioner.core.incumbency import served_by_incumbent
from provisioner.model.diagnostic import Diagnostic, error, info, warning
from provisioner.model.kube import Ingress, IngressClass, Key
from provisioner.model.resource import ObservedResource
from provisioner.model.settings import FINALIZER, Settings
from provisioner.model.snapshot import Snapshot

CLASS_ANNOTATION = "kubernetes.io/ingress.class"
DEFAULT_CLASS_ANNOTATION = "ingressclass.kubernetes.io/is-default-class"
NAME_A_CLASS = "name an IngressClass of ours in spec.ingressClassName"
TO_COMPARE = (
    "to see what moving it would change, plan with --take-over --compatibility incumbent;"
    " to have it, name an IngressClass of ours"
)


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
    class_name: str | None = None  # where it is not the one that the Ingress names in its field


def class_name(ingress: Ingress) -> str | None:
    """Return the class that an Ingress names, in its field or in the older annotation."""
    if ingress.class_name is not None:
        return ingress.class_name
    return ingress.meta.annotations.get(CLASS_ANNOTATION)


def _older_class(ingress: Ingress) -> str | None:
    return ingress.meta.annotations.get(CLASS_ANNOTATION)


def select(snapshot: Snapshot, provider: Dialect, *, settings: Settings) -> Selection:
    """Return which Ingresses are ours, with the policy of their class."""
    classes = Classes(snapshot, provider, settings)
    judge = _Judge(snapshot, provider, settings)
    selected: list[Selected] = []
    not_ours: list[Key] = []
    remarks: dict[Diagnostic, None] = {}
    for key in sorted(snapshot.ingresses):
        ingress = snapshot.ingresses[key]
        verdict = judge.guarded(ingress)
        remarks.update(dict.fromkeys(_remarks(ingress, verdict)))
        if verdict.standing is Standing.FOREIGN:
            not_ours.append(key)
            continue
        name = verdict.class_name
        name = (class_name(ingress) or "") if name is None else name
        annotated = name not in {"", ingress.class_name} and name == _older_class(ingress)
        policy = classes.policy(name, annotated=annotated)
        remarks.update(dict.fromkeys(policy.remarks))
        admission = _admission(ingress, policy, snapshot)
        if admission is not None and not admission.blocking:
            remarks[admission] = None
        problem = admission if admission is not None and admission.blocking else None
        selected.append(_selected(ingress, verdict, policy=policy, admission=problem))
    remarks.update(dict.fromkeys(judge.neighbours()))
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


def _selected(
    ingress: Ingress, verdict: _Verdict, *, policy: ClassPolicy, admission: Diagnostic | None
) -> Selected:
    problems = [replace(p, ingress=ingress.key) for p in policy.problems]
    problems += [p for p in (verdict.problem, admission) if p is not None]
    standing = Standing.LEAVING if ingress.meta.deleting else verdict.standing
    return Selected(ingress=ingress, policy=policy, standing=standing, problems=tuple(problems))


@dataclass(slots=True)
class _Judge:
    """Tells whose an Ingress is, and counts those of neighbours."""

    snapshot: Snapshot
    provider: Dialect
    settings: Settings
    counted: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def guarded(self, ingress: Ingress) -> _Verdict:
        """Return whose an Ingress is, with the reason why it may not be written yet."""
        verdict = self.verdict(ingress)
        if verdict.standing is not Standing.OURS or verdict.problem is not None:
            return verdict
        problem = served_by_incumbent(ingress, self.snapshot, self.provider, self.settings)
        return verdict if problem is None else replace(verdict, problem=problem)

    def verdict(self, ingress: Ingress) -> _Verdict:
        """Return whose an Ingress is."""
        name = class_name(ingress)
        older = _older_class(ingress)
        alone = self.provider.incumbent_serves(annotation=older, class_name=ingress.class_name)
        if self.settings.take_over:
            theirs = self._without_any_class(older) if alone else self._of_incumbent(ingress, name)
            if theirs is not None:
                return theirs
        if alone and self.snapshot.live:
            return self._served_without_class(ingress, older)
        if alone and older is not None:
            name = older
        known = self.snapshot.classes.get(name) if name is not None else None
        if known is not None:
            if known.controller == self.provider.controller:
                return _Verdict(standing=Standing.OURS, class_name=name)
            return self._of_neighbour(ingress, known)
        if self.snapshot.live:
            return self._without_class(ingress, name)
        return self._in_files(ingress, name)

    def neighbours(self) -> Iterator[Diagnostic]:
        """Yield a remark on each class of a cluster whose Ingresses an incumbent serves."""
        for (name, controller, product), count in sorted(self.counted.items()):
            them = "Ingress is" if count == 1 else "Ingresses are"
            whose = f"{product} ({controller})" if controller else product
            yield info(
                "CLASS-NEIGHBOUR",
                f"IngressClass {name}" if controller else _annotated(name),
                message=f"{count} {them} served by {whose} and not planned",
                field="spec.controller"
                if controller
                else f"metadata.annotations[{CLASS_ANNOTATION}]",
                hint=TO_COMPARE.replace("it ", "them ", 1).replace("have it", "have them"),
            )

    def _of_incumbent(self, ingress: Ingress, name: str | None) -> _Verdict | None:
        """Judge as the incumbent would: its annotation, then its classes, then its default class.

        The annotation never gives way to the field there (LBC, pkg/ingress/group_loader.go).
        """
        classes = self.snapshot.classes
        older = ingress.meta.annotations.get(CLASS_ANNOTATION)
        if older is not None:
            theirs = self.provider.infers_class(older) and not self._ours(older)
            return _Verdict(standing=Standing.OURS, class_name=older) if theirs else None
        if name is not None:
            theirs = name in classes and self._incumbent(classes[name].controller)
            return _Verdict(standing=Standing.OURS) if theirs else None
        default = _default_class(classes)
        if default is None or not self._incumbent(classes[default].controller):
            return None
        return _Verdict(standing=Standing.OURS, class_name=default)

    def _without_any_class(self, annotation: str | None) -> _Verdict | None:
        """Judge what the incumbent serves without any IngressClass, in a take-over."""
        theirs = self.provider.infers_class(annotation)
        return _Verdict(standing=Standing.OURS, class_name=annotation or "") if theirs else None

    def _served_without_class(self, ingress: Ingress, annotation: str | None) -> _Verdict:
        """Judge what the incumbent serves in a cluster: two controllers must never meet there."""
        product = self.provider.neighbour(controller="", class_name=annotation or "")
        if not _was_ours(ingress):
            place = (annotation or "", "", product or "the incumbent controller")
            self.counted[place] = self.counted.get(place, 0) + 1
        return _foreign(ingress, "", tell=False)

    def _ours(self, name: str) -> bool:
        known = self.snapshot.classes.get(name)
        return known is not None and known.controller == self.provider.controller

    def _incumbent(self, controller: str) -> bool:
        return controller in self.provider.incumbent_controllers

    def _of_neighbour(self, ingress: Ingress, known: IngressClass) -> _Verdict:
        name, controller = known.meta.name, known.controller
        product = self.provider.neighbour(controller=controller, class_name=name)
        if self.snapshot.live:
            if self._incumbent(controller) and not _was_ours(ingress):
                place = (name, controller, product)
                self.counted[place] = self.counted.get(place, 0) + 1
            return _foreign(ingress, "", tell=False)
        if not product:
            reason = f"its class {name} belongs to {controller or 'no controller'}"
            return _foreign(ingress, reason, tell=True)
        reason = f"its class {name} belongs to {product} ({controller})"
        hint = TO_COMPARE if self._incumbent(controller) else NAME_A_CLASS
        return _foreign(ingress, reason, tell=True, hint=hint)

    def _in_files(self, ingress: Ingress, name: str | None) -> _Verdict:
        """Judge an Ingress of files that do not hold the class object."""
        if self.provider.infers_class(name) or name in self.settings.classes:
            return _Verdict(standing=Standing.OURS, class_name=name or "")
        if not name:
            return _foreign(ingress, "it names no class", tell=True, hint=NAME_A_CLASS)
        product = self.provider.neighbour(controller="", class_name=name)
        reason = f"its class {name} is not one of ours"
        reason = f"its class {name} belongs to {product}" if product else reason
        hint = f"if it is, say so with --class {name}, or add its IngressClass to the files"
        return _foreign(ingress, reason, tell=True, hint=NAME_A_CLASS if product else hint)

    def _without_class(self, ingress: Ingress, name: str | None) -> _Verdict:
        """Judge an Ingress of a cluster that does not hold the class object."""
        snapshot = self.snapshot
        if name is None:
            return _foreign(ingress, "it names no class", tell=False)
        if _was_ours(ingress) and not ingress.meta.deleting:
            problem = _lost_class(ingress, name, snapshot=snapshot)
            return _Verdict(standing=Standing.OURS, problem=problem)
        product = self.provider.neighbour(controller="", class_name=name)
        if product:
            reason = f"its class {name} belongs to {product}"
            return _foreign(ingress, reason, tell=True, hint=NAME_A_CLASS)
        unknown = "IngressClass" in snapshot.unknown_kinds
        reason = "IngressClass objects could not be listed" if unknown else _absent(name)
        hint = "allow listing ingressclasses" if unknown else f"create IngressClass {name}"
        return _foreign(ingress, reason, tell=True, hint=hint)


def _annotated(name: str) -> str:
    return f"Ingresses of class {name}" if name else "Ingresses without a class"


def _default_class(classes: Mapping[str, IngressClass]) -> str | None:
    """Return the class of Ingresses that name none, None where there is not exactly one."""
    marked = [
        name
        for name, found in classes.items()
        if found.meta.annotations.get(DEFAULT_CLASS_ANNOTATION) == "true"
    ]
    return marked[0] if len(marked) == 1 else None


def _admission(ingress: Ingress, policy: ClassPolicy, snapshot: Snapshot) -> Diagnostic | None:
    """Return why a class does not admit an Ingress' namespace, or why that cannot be told."""
    namespace, selector = ingress.key.namespace, policy.namespaces
    if selector is None or selector.selects_everything:
        return None
    known = snapshot.namespaces.get(namespace)
    if known is not None and selector.matches(known.labels):
        return None
    subject = f"Ingress {ingress.key}"
    whose = f"spec.namespaceSelector of {policy.parameters}"
    if known is not None:
        return error(
            "CLASS-NAMESPACE",
            subject,
            message=f"its class does not admit namespace {namespace} ({whose})",
            field="spec.ingressClassName",
            hint="label the namespace so that it is selected, or name another class",
            ingress=ingress.key,
        )
    message = f"the labels of namespace {namespace} could not be read, and {whose} looks at them"
    if snapshot.live:
        return error(
            "CLASS-NAMESPACE-UNKNOWN",
            subject,
            message=message,
            field="spec.ingressClassName",
            hint="let the controller list namespaces",
            ingress=ingress.key,
        )
    return warning(
        "CLASS-NAMESPACE-UNKNOWN",
        subject,
        message=f"{message}; taken for admitted",
        field="spec.ingressClassName",
        hint=f"add Namespace {namespace} to the files",
        ingress=ingress.key,
    )


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
    by_field = verdict.class_name in {None, ingress.class_name}
    return (
        *found,
        _two_classes(ingress, older or "", counts="field" if by_field else "annotation"),
    )


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


def _two_classes(ingress: Ingress, older: str, *, counts: str) -> Diagnostic:
    return warning(
        "CLASS-CONTRADICTION",
        f"Ingress {ingress.key}",
        message=f"spec.ingressClassName is {ingress.class_name} and annotation {CLASS_ANNOTATION}"
        f' is "{older}"; the {counts} counts',
        field=f"metadata.annotations[{CLASS_ANNOTATION}]",
        hint="remove the one that does not count",
        ingress=ingress.key,
    )

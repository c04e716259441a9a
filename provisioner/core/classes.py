"""What an IngressClass stands for: whose it is, and the settings that its class object adds.

A LoadBalancerClass is bound by the ``parameters`` of an IngressClass, or names IngressClasses
itself, because classes that serve LBC already use their parameters. Its settings are spelled as
portable annotations are and go through the same table, so a class cannot say what an Ingress could
not. A mistake in it blocks every Ingress of the class: half-read enforcement is no enforcement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from provisioner.core.dialect import Dialect, portable_table
from provisioner.core.reading import NOTHING, Origin, Reading, Table, read
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.intent import Compatibility
from provisioner.model.kube import IngressClass, LoadBalancerClass
from provisioner.model.settings import ANNOTATION_PREFIX, Settings
from provisioner.model.snapshot import Snapshot

OUR_API_GROUP = ANNOTATION_PREFIX.rstrip("/")
CLASS_KIND = "LoadBalancerClass"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPolicy:
    """The settings that come with a class, and what is wrong with it.

    ``problems`` block every Ingress of the class; ``remarks`` block nothing.
    """

    enforced: Reading = NOTHING
    defaults: Reading = NOTHING
    compatibility: Compatibility
    pods_routable: bool | None = None
    problems: tuple[Diagnostic, ...] = ()
    remarks: tuple[Diagnostic, ...] = ()


class Classes:
    """The policies of IngressClasses, each worked out once."""

    def __init__(self, snapshot: Snapshot, provider: Dialect, settings: Settings) -> None:
        self._snapshot = snapshot
        self._provider = provider
        self._settings = settings
        self._table = portable_table()
        self._policies: dict[str, ClassPolicy] = {}

    def policy(self, name: str) -> ClassPolicy:
        """Return the policy of a class by the name that Ingresses use."""
        if name not in self._policies:
            self._policies[name] = self._work_out(name)
        return self._policies[name]

    def _work_out(self, name: str) -> ClassPolicy:
        plain = ClassPolicy(compatibility=self._settings.compatibility)
        if CLASS_KIND in self._snapshot.unknown_kinds:
            return replace(plain, problems=(_unlisted(name),))
        ingress_class = self._snapshot.classes.get(name)
        bound = ingress_class is not None and ingress_class.parameters is not None
        if ingress_class is not None and bound and _binds(ingress_class):
            return self._by_parameters(ingress_class)
        found = self._by_name(name)
        remarks = (_unread_parameters(ingress_class),) if ingress_class and bound else ()
        match found:
            case []:
                policy = plain
            case [one]:
                policy = self._from_object(one)
            case several:
                policy = ClassPolicy(
                    compatibility=plain.compatibility, problems=(_ambiguous(name, several),)
                )
        return replace(policy, remarks=(*policy.remarks, *remarks))

    def _by_name(self, name: str) -> list[LoadBalancerClass]:
        classes = self._snapshot.load_balancer_classes
        return [classes[n] for n in sorted(classes) if name and name in classes[n].ingress_classes]

    def _by_parameters(self, ingress_class: IngressClass) -> ClassPolicy:
        _, _, wanted = ingress_class.parameters or ("", "", "")
        found = self._snapshot.load_balancer_classes.get(wanted)
        if found is not None:
            return self._from_object(found)
        compatibility = self._settings.compatibility
        missing = _missing(ingress_class, wanted)
        if self._snapshot.live:
            return ClassPolicy(compatibility=compatibility, problems=(missing,))
        softened = warning(
            missing.code,
            missing.subject,
            message=missing.message,
            field=missing.field,
            hint="put it into the files, else its settings are not in this plan",
        )
        return ClassPolicy(compatibility=compatibility, remarks=(softened,))

    def _from_object(self, source: LoadBalancerClass) -> ClassPolicy:
        enforced = _read(source, source.enforced, field="spec.enforced", table=self._table)
        defaults = _read(source, source.defaults, field="spec.defaults", table=self._table)
        said = (*enforced.diagnostics, *defaults.diagnostics)
        problems = [_strict(d) for d in said]
        if source.provider not in {"", self._provider.name}:
            problems.append(_other_provider(source, self._provider.name))
        if source.compatibility not in {"", *Compatibility}:
            problems.append(_bad_compatibility(source))
        return ClassPolicy(
            enforced=enforced,
            defaults=defaults,
            compatibility=self._compatibility(source),
            pods_routable=source.pods_routable,
            problems=tuple(problems),
        )

    def _compatibility(self, source: LoadBalancerClass) -> Compatibility:
        if source.compatibility in tuple(Compatibility):
            return Compatibility(source.compatibility)
        return self._settings.compatibility


def _binds(ingress_class: IngressClass) -> bool:
    group, kind, _ = ingress_class.parameters or ("", "", "")
    return group == OUR_API_GROUP and kind == CLASS_KIND


def _read(
    source: LoadBalancerClass, pairs: Mapping[str, str], *, field: str, table: Table
) -> Reading:
    origin = Origin(
        subject=_subject(source), place=None, field=field, word="setting", hidden=ANNOTATION_PREFIX
    )
    keyed = {ANNOTATION_PREFIX + name: value for name, value in pairs.items()}
    return read(keyed, origin, table=table)


def _subject(source: LoadBalancerClass) -> str:
    return f"{CLASS_KIND} {source.meta.name}"


def _strict(diagnostic: Diagnostic) -> Diagnostic:
    """Return the finding as an error: an unknown setting in a class would enforce nothing."""
    return error(
        diagnostic.code,
        diagnostic.subject,
        message=diagnostic.message,
        field=diagnostic.field,
        hint=diagnostic.hint,
    )


def _unlisted(name: str) -> Diagnostic:
    return error(
        "CLASS-UNLISTED",
        f"IngressClass {name}",
        message=f"{CLASS_KIND} objects could not be listed, so what they enforce is not known",
        hint="let the controller list loadbalancerclasses",
    )


def _missing(ingress_class: IngressClass, wanted: str) -> Diagnostic:
    return error(
        "CLASS-PARAMETERS",
        f"IngressClass {ingress_class.meta.name}",
        message=f"its parameters name {CLASS_KIND} {wanted}, which cannot be found",
        field="spec.parameters",
        hint=f"create {CLASS_KIND} {wanted}, or remove the parameters",
    )


def _unread_parameters(ingress_class: IngressClass) -> Diagnostic:
    group, kind, name = ingress_class.parameters or ("", "", "")
    return warning(
        "CLASS-PARAMETERS-UNREAD",
        f"IngressClass {ingress_class.meta.name}",
        message=f"its parameters ({kind} {name} of {group or 'the core group'}) are not read,"
        " so the settings in them have no effect here",
        field="spec.parameters",
        hint=f"state them in a {CLASS_KIND} that lists this class in spec.ingressClasses",
    )


def _ambiguous(name: str, several: list[LoadBalancerClass]) -> Diagnostic:
    names = " and ".join(c.meta.name for c in several)
    return error(
        "CLASS-AMBIGUOUS",
        f"IngressClass {name}",
        message=f"several {CLASS_KIND} objects claim it: {names}",
        hint="let one of them list it in spec.ingressClasses",
    )


def _other_provider(source: LoadBalancerClass, ours: str) -> Diagnostic:
    return error(
        "CLASS-PROVIDER",
        _subject(source),
        message=f"it is for provider {source.provider}, but its IngressClass is served by {ours}",
        field="spec.provider",
        hint="bind it to a class of its own provider",
    )


def _bad_compatibility(source: LoadBalancerClass) -> Diagnostic:
    return error(
        "CLASS-COMPATIBILITY",
        _subject(source),
        message=f'"{source.compatibility}" is not a compatibility',
        field="spec.compatibility",
        hint="write kubernetes or incumbent",
    )

"""What an IngressClass stands for: whose it is, and the settings that its class objects add.

A LoadBalancerClass is bound by the ``parameters`` of an IngressClass, or names IngressClasses
itself, because classes that serve an incumbent controller already use their parameters. Its
settings are spelled as portable annotations are and go through the same table, so a class cannot
say what an Ingress could not. Where the parameters name an object of the cloud's own controller,
the provider reads that one, and both count. A mistake in either blocks every Ingress of the class:
half-read enforcement is no enforcement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from provisioner.core import class_complaints as complaints
from provisioner.core.annotations import SUBNETS
from provisioner.core.dialect import Dialect, portable_table
from provisioner.core.reading import NO_VALUES, NOTHING, Origin, Reading, Said, Table, Values, read
from provisioner.model.annotation import ClassWord, ClassWords
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import Compatibility
from provisioner.model.kube import IngressClass, LoadBalancerClass, Parameters
from provisioner.model.selector import LabelSelector
from provisioner.model.settings import ANNOTATION_PREFIX, Settings
from provisioner.model.snapshot import Snapshot

OUR_API_GROUP = ANNOTATION_PREFIX.rstrip("/")
CLASS_KIND = complaints.OUR_KIND

SUBNET_TAGS = "subnet-tags"
"""Setting that only class parameters state: labels of the subnets, in place of their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPolicy:
    """The settings that come with a class, and what is wrong with it.

    Attributes:
        enforced: What holds above every annotation.
        defaults: What holds below them.
        of_first: What holds for a whole load balancer where the Ingress is its first member.
        namespaces: Which namespaces may use the class, None: every one.
        parameters: The parameters object in words ("IngressClassParams internal"), "" for none.
        source: The LoadBalancerClass, whose tenants govern.
        problems: Block every Ingress of the class; ``remarks`` block nothing.
    """

    enforced: Reading = NOTHING
    defaults: Reading = NOTHING
    of_first: Values = NO_VALUES
    namespaces: LabelSelector | None = None
    parameters: str = ""
    source: LoadBalancerClass | None = None
    compatibility: Compatibility
    pods_routable: bool | None = None
    problems: tuple[Diagnostic, ...] = ()
    remarks: tuple[Diagnostic, ...] = ()

    def imposed_on(self, weaker: Values) -> Values:
        """Return what is enforced, filled up with what objects say themselves.

        Maps (tags) are added up, the class winning key by key, as AWS Load Balancer Controller does
        it; everything else is replaced.
        """
        words = self.enforced.values
        if not words.said and not words.families:
            return weaker
        found = words.over(weaker)
        said = {name: _added(one, weaker.said.get(name)) for name, one in found.said.items()}
        if SUBNET_TAGS in words.said:
            said.pop(SUBNETS.name, None)
        return replace(found, said=MappingProxyType(said))


class Classes:
    """The policies of IngressClasses, each worked out once."""

    def __init__(self, snapshot: Snapshot, provider: Dialect, settings: Settings) -> None:
        self._snapshot = snapshot
        self._provider = provider
        self._settings = settings
        self._table = portable_table(provider)
        self._policies: dict[tuple[str, bool], ClassPolicy] = {}

    def policy(self, name: str, *, annotated: bool = False) -> ClassPolicy:
        """Return the policy of a class by the name that Ingresses use.

        ``annotated`` tells that the Ingress names it in ``kubernetes.io/ingress.class``.
        """
        place = (name, annotated)
        if place not in self._policies:
            policy = self._of_class_object(name)
            policy = self._with_parameters(policy, name, annotated=annotated)
            self._policies[place] = self._with_name(policy, name)
        return self._policies[place]

    def _with_name(self, policy: ClassPolicy, name: str) -> ClassPolicy:
        """Return the policy with what the name of the class says by itself, weakest of all."""
        words = self._provider.named_class(name).words
        if not words:
            return policy
        named = _values(words, f"class {name}")
        defaults = replace(policy.defaults, values=policy.defaults.values.over(named))
        return replace(policy, defaults=defaults)

    def _of_class_object(self, name: str) -> ClassPolicy:
        plain = ClassPolicy(compatibility=self._settings.compatibility)
        if CLASS_KIND in self._snapshot.unknown_kinds:
            return replace(plain, problems=(complaints.unlisted(name, CLASS_KIND),))
        ingress_class = self._snapshot.classes.get(name)
        if ingress_class is not None and _binds(ingress_class):
            return self._by_parameters(ingress_class)
        match self._by_name(name):
            case []:
                return plain
            case [one]:
                return self._from_object(one)
            case several:
                return replace(plain, problems=(complaints.ambiguous(name, several),))

    def _by_name(self, name: str) -> list[LoadBalancerClass]:
        classes = self._snapshot.load_balancer_classes
        return [classes[n] for n in sorted(classes) if name and name in classes[n].ingress_classes]

    def _by_parameters(self, ingress_class: IngressClass) -> ClassPolicy:
        _, _, wanted = ingress_class.parameters or ("", "", "")
        found = self._snapshot.load_balancer_classes.get(wanted)
        if found is not None:
            return self._from_object(found)
        return self._lost(ClassPolicy(compatibility=self._settings.compatibility), ingress_class)

    def _lost(self, policy: ClassPolicy, ingress_class: IngressClass) -> ClassPolicy:
        """Return the policy of a class whose parameters are absent, or just in no file."""
        if self._snapshot.live:
            problem = complaints.missing(ingress_class)
            return replace(policy, problems=(*policy.problems, problem))
        remark = complaints.perhaps_missing(ingress_class)
        return replace(policy, remarks=(*policy.remarks, remark))

    def _from_object(self, source: LoadBalancerClass) -> ClassPolicy:
        enforced = _read(source, source.enforced, field="spec.enforced", table=self._table)
        defaults = _read(source, source.defaults, field="spec.defaults", table=self._table)
        problems = [_strict(d) for d in (*enforced.diagnostics, *defaults.diagnostics)]
        if source.provider not in {"", self._provider.name}:
            problems.append(complaints.other_provider(source, self._provider.name))
        if source.compatibility not in {"", *Compatibility}:
            problems.append(complaints.bad_compatibility(source))
        problems += complaints.tenant_problems(source)
        return ClassPolicy(
            enforced=enforced,
            defaults=defaults,
            source=source,
            compatibility=self._compatibility(source),
            pods_routable=source.pods_routable,
            problems=tuple(problems),
        )

    def _compatibility(self, source: LoadBalancerClass) -> Compatibility:
        if source.compatibility in tuple(Compatibility):
            return Compatibility(source.compatibility)
        return self._settings.compatibility

    def _with_parameters(self, policy: ClassPolicy, name: str, *, annotated: bool) -> ClassPolicy:
        """Return the policy with what the parameters of the cloud's own controller add to it."""
        ingress_class = self._snapshot.classes.get(name)
        if ingress_class is None or ingress_class.parameters is None or _binds(ingress_class):
            return policy
        group, kind, wanted = ingress_class.parameters
        if (group, kind) not in self._provider.parameter_kinds:
            remark = complaints.unread(ingress_class)
            return replace(policy, remarks=(*policy.remarks, remark))
        if annotated:
            counts = policy.compatibility is Compatibility.KUBERNETES
            remark = complaints.by_annotation(ingress_class, counts=counts)
            policy = replace(policy, remarks=(*policy.remarks, remark))
            if not counts:
                return policy
        if f"{kind}.{group}" in self._snapshot.unknown_kinds:
            problem = complaints.unlisted(name, kind)
            return replace(policy, problems=(*policy.problems, problem))
        found = self._snapshot.parameters.get((group, kind, wanted))
        if found is None:
            return self._lost(policy, ingress_class)
        return _joined(policy, name, found, self._provider.class_words(found))


def _joined(
    policy: ClassPolicy, name: str, parameters: Parameters, words: ClassWords
) -> ClassPolicy:
    """Return a policy together with what parameters state; what both state must agree."""
    stated = _values(words.words, _name(parameters))
    of_first = _values(words.of_first, _name(parameters))
    enforced = policy.enforced.values
    twice = [
        complaints.enforced_twice(name, one, enforced.said[setting])
        for values in (stated, of_first)
        for setting, one in values.said.items()
        if setting in enforced.said and enforced.said[setting].value != one.value
    ]
    blocking = [d for d in words.diagnostics if d.blocking]
    remarks = [d for d in words.diagnostics if not d.blocking]
    return replace(
        policy,
        enforced=replace(policy.enforced, values=stated.over(enforced)),
        of_first=of_first,
        namespaces=words.namespaces,
        parameters=_name(parameters),
        problems=(*policy.problems, *twice, *blocking),
        remarks=(*policy.remarks, *remarks),
    )


def _values(words: Iterable[ClassWord], source: str) -> Values:
    said: dict[str, Said[object]] = {}
    families: dict[str, dict[str, Said[object]]] = {}
    for word in words:
        one = Said(
            value=word.value,
            source=f"{word.field} of {source}",
            field=word.field,
            key=word.field,
        )
        if word.suffix:
            families.setdefault(word.setting, {})[word.suffix] = one
        else:
            said[word.setting] = one
    return Values(
        said=MappingProxyType(said),
        families=MappingProxyType({n: MappingProxyType(f) for n, f in families.items()}),
    )


def _name(parameters: Parameters) -> str:
    return f"{parameters.kind} {parameters.meta.name}"


def _added(strong: Said[object], weak: Said[object] | None) -> Said[object]:
    """Return a map filled up with a weaker one; any other value as it is."""
    if weak is None or weak is strong:
        return strong
    if not isinstance(strong.value, Mapping) or not isinstance(weak.value, Mapping):
        return strong
    return replace(strong, value=MappingProxyType({**weak.value, **strong.value}))


def _binds(ingress_class: IngressClass) -> bool:
    group, kind, _ = ingress_class.parameters or ("", "", "")
    return group == OUR_API_GROUP and kind == CLASS_KIND


def _read(
    source: LoadBalancerClass, pairs: Mapping[str, str], *, field: str, table: Table
) -> Reading:
    origin = Origin(
        subject=complaints.subject(source),
        place=None,
        field=field,
        word="setting",
        hidden=ANNOTATION_PREFIX,
    )
    keyed = {ANNOTATION_PREFIX + name: value for name, value in pairs.items()}
    return read(keyed, origin, table=table)


def _strict(diagnostic: Diagnostic) -> Diagnostic:
    """Return the finding as an error: an unknown setting in a class would enforce nothing."""
    return error(
        diagnostic.code,
        diagnostic.subject,
        message=diagnostic.message,
        field=diagnostic.field,
        hint=diagnostic.hint,
    )

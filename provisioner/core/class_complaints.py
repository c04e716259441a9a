"""What can be wrong with a class: with an IngressClass, its parameters, or a LoadBalancerClass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioner.core.hosts import host_problem
from provisioner.core.reading import Said
from provisioner.core.tenancy import ANY
from provisioner.core.values import group_name
from provisioner.model.annotation import AnnotationError
from provisioner.model.diagnostic import Diagnostic, error, info, warning
from provisioner.model.kube import IngressClass, LoadBalancerClass
from provisioner.model.selector import LabelSelector

OUR_KIND = "LoadBalancerClass"

_WITH_VALUES = ("In", "NotIn")
_WITHOUT_VALUES = ("Exists", "DoesNotExist")


def subject(source: LoadBalancerClass) -> str:
    """Return our class object in the words of a diagnostic."""
    return f"{OUR_KIND} {source.meta.name}"


def unlisted(name: str, kind: str) -> Diagnostic:
    """Refuse a class of which a part could not be listed."""
    return error(
        "CLASS-UNLISTED",
        f"IngressClass {name}",
        message=f"{kind} objects could not be listed, so what they enforce is not known",
        hint=f"let the controller list {kind.lower()}{'es' if kind == OUR_KIND else ''}",
    )


def missing(ingress_class: IngressClass) -> Diagnostic:
    """Refuse a class whose parameters lead nowhere."""
    _, kind, wanted = ingress_class.parameters or ("", "", "")
    return error(
        "CLASS-PARAMETERS",
        f"IngressClass {ingress_class.meta.name}",
        message=f"its parameters name {kind} {wanted}, which cannot be found",
        field="spec.parameters",
        hint=f"create {kind} {wanted}, or remove the parameters",
    )


def perhaps_missing(ingress_class: IngressClass) -> Diagnostic:
    """Warn of parameters that the files do not hold."""
    hard = missing(ingress_class)
    return warning(
        hard.code,
        hard.subject,
        message=hard.message,
        field=hard.field,
        hint="put it into the files, else its settings are not in this plan",
    )


def unread(ingress_class: IngressClass) -> Diagnostic:
    """Warn of parameters of a kind that nobody here reads."""
    group, kind, name = ingress_class.parameters or ("", "", "")
    return warning(
        "CLASS-PARAMETERS-UNREAD",
        f"IngressClass {ingress_class.meta.name}",
        message=f"its parameters ({kind} {name} of {group or 'the core group'}) are not read,"
        " so the settings in them have no effect here",
        field="spec.parameters",
        hint=f"state them in a {OUR_KIND} that lists this class in spec.ingressClasses",
    )


def by_annotation(ingress_class: IngressClass, *, counts: bool) -> Diagnostic:
    """Tell whether parameters count for Ingresses that name their class in the older annotation."""
    _, kind, name = ingress_class.parameters or ("", "", "")
    effect = "count" if counts else "do not count"
    differs = "; AWS Load Balancer Controller would ignore them" if counts else ""
    return info(
        "CLASS-PARAMETERS-ANNOTATED",
        f"IngressClass {ingress_class.meta.name}",
        message=f"the settings of {kind} {name} {effect} for Ingresses that name the class in"
        f" annotation kubernetes.io/ingress.class{differs}",
        field="spec.parameters",
        hint="name the class in spec.ingressClassName",
    )


def enforced_twice(name: str, one: Said[object], other: Said[object]) -> Diagnostic:
    """Refuse a class for which two objects enforce different things."""
    return error(
        "CLASS-PARAMETERS-CONTRADICTION",
        f"IngressClass {name}",
        message=f"{one.source} and {other.source} enforce different values",
        field="spec.parameters",
        hint="remove one of the two, or let them say the same",
    )


def ambiguous(name: str, several: Sequence[LoadBalancerClass]) -> Diagnostic:
    """Refuse a class that several objects claim."""
    names = " and ".join(c.meta.name for c in several)
    return error(
        "CLASS-AMBIGUOUS",
        f"IngressClass {name}",
        message=f"several {OUR_KIND} objects claim it: {names}",
        hint="let one of them list it in spec.ingressClasses",
    )


def other_provider(source: LoadBalancerClass, ours: str) -> Diagnostic:
    """Refuse a class object of another cloud."""
    return error(
        "CLASS-PROVIDER",
        subject(source),
        message=f"it is for provider {source.provider}, but its IngressClass is served by {ours}",
        field="spec.provider",
        hint="bind it to a class of its own provider",
    )


def bad_compatibility(source: LoadBalancerClass) -> Diagnostic:
    """Refuse a compatibility that does not exist."""
    return error(
        "CLASS-COMPATIBILITY",
        subject(source),
        message=f'"{source.compatibility}" is not a compatibility',
        field="spec.compatibility",
        hint="write kubernetes or incumbent",
    )


def tenant_problems(source: LoadBalancerClass) -> Iterator[Diagnostic]:
    """Yield what is wrong with the tenants of a class: a policy misread protects nobody."""
    for index, tenant in enumerate(source.tenants or ()):
        place = f"spec.tenants[{index}]"
        for name, groups in (("groups", tenant.groups), ("governs", tenant.governs)):
            for number, group in enumerate(groups):
                if trouble := _group_problem(group):
                    yield _bad_tenant(source, f"{place}.{name}[{number}]", trouble)
        for number, host in enumerate(tenant.hosts):
            if trouble := _suffix_problem(host):
                yield _bad_tenant(source, f"{place}.hosts[{number}]", trouble)
        if tenant.selector is not None and (trouble := _selector_problem(tenant.selector)):
            yield _bad_tenant(source, f"{place}.namespaceSelector", trouble)


def _group_problem(group: str) -> str:
    if group == ANY:
        return ""
    try:
        group_name(group)
    except AnnotationError as problem:
        return str(problem)
    return ""


def _suffix_problem(host: str) -> str:
    if host == ANY:
        return ""
    if host.startswith(("*", ".")):
        return f'"{host}" is no suffix: a name covers every name below it, without a wildcard'
    trouble = host_problem(host.lower()) if host else "it is empty"
    return f'"{host}" is no suffix: {trouble}' if trouble else ""


def _selector_problem(selector: LabelSelector) -> str:
    for found in selector.requirements:
        if found.operator not in {*_WITH_VALUES, *_WITHOUT_VALUES}:
            return f'"{found.operator}" is not an operator'
        if bool(found.values) is not (found.operator in _WITH_VALUES):
            need = "needs values" if found.operator in _WITH_VALUES else "takes no values"
            return f"operator {found.operator} {need}"
        if not found.key:
            return "a requirement names no label"
    return ""


def _bad_tenant(source: LoadBalancerClass, field: str, trouble: str) -> Diagnostic:
    return error(
        "CLASS-TENANT",
        subject(source),
        message=f"the tenants cannot be read: {trouble}",
        field=field,
        hint='write group names, host suffixes such as "shop.example.com", or "*"',
    )

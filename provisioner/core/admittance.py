"""Apply the tenancy of class objects: who is turned away from a group, from a host, and how.

An Ingress in a group that it may not join is quarantined as a whole: nothing new of it gets in, and
what it has there already stays until it leaves, because an outage is nobody's idea of a policy. A
path for somebody else's host loses that path only. It too keeps what it has, until the owner of the
host serves it on this load balancer; then there is one answer, and it is the owner's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from provisioner.core.annotations import GROUP, TAGS
from provisioner.core.conflicts import Scopes
from provisioner.core.group import Candidate
from provisioner.core.reading import Said
from provisioner.core.tenancy import ANY, Answer, Tenancy, Verdict
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.intent import Compatibility, PathRule

_UNLISTED = "the labels of namespace {} could not be read, and {} looks at them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a policy says about one load balancer.

    ``lenient`` is True for files, which seldom hold Namespaces: what depends on their labels is
    then allowed, with a warning.
    """

    tenancy: Tenancy
    group: str
    lenient: bool

    @property
    def explicit(self) -> bool:
        """Whether it is a named group."""
        return "/" not in self.group

    def host(self, candidate: Candidate, host: str) -> Verdict:
        """Judge a rule for a host ("": for any)."""
        namespace, own = candidate.key.namespace, owner_class(candidate)
        if host:
            spanning = candidate.policy.compatibility is Compatibility.INCUMBENT
            return self.tenancy.host(namespace, host, own=own, spanning=spanning)
        return self.any_host(candidate)

    def any_host(self, candidate: Candidate) -> Verdict:
        """Judge an answer for every host that nobody names; on a load balancer of one's own: free.

        Only who points a host at that load balancer can meet it there.
        """
        if not self.explicit:
            return Verdict(answer=Answer.FREE)
        own = owner_class(candidate)
        return self.tenancy.any_host(candidate.key.namespace, self.group, own=own)

    def refuses(self, verdict: Verdict) -> bool:
        """Tell whether a verdict turns somebody away."""
        match verdict.answer:
            case Answer.NO:
                return True
            case Answer.UNKNOWN:
                return not self.lenient
            case _:
                return False


def owner_class(candidate: Candidate) -> str:
    """Return the name of the LoadBalancerClass that an Ingress is bound to, "" for none."""
    source = candidate.policy.source
    return source.meta.name if source is not None else ""


def findings(candidate: Candidate, rights: Rights, scopes: Scopes) -> Iterator[Diagnostic]:
    """Yield what a policy has against an Ingress in a group: blocking findings, and remarks."""
    if not rights.explicit:
        return
    namespace, own = candidate.key.namespace, owner_class(candidate)
    joining = rights.tenancy.join(namespace, rights.group, own=own)
    said = candidate.values.where(GROUP)
    field = said.field if said is not None else ""
    if joining.answer is Answer.NO:
        yield _not_a_member(candidate, joining, group=rights.group, field=field)
        return
    if joining.answer is Answer.UNKNOWN:
        yield unlisted(candidate, joining, field=field, lenient=rights.lenient)
    governing = rights.tenancy.govern(namespace, rights.group, own=own)
    if governing.answer in {Answer.NO, Answer.UNKNOWN}:
        for spoken in _shared_words(candidate, scopes):
            if governing.answer is Answer.NO:
                yield _not_governing(candidate, governing, spoken)
            else:
                yield unlisted(candidate, governing, field=spoken.field, lenient=rights.lenient)


def _shared_words(candidate: Candidate, scopes: Scopes) -> Iterator[Said[object]]:
    """Yield what an Ingress itself says about the load balancer or its ports; tags hurt nobody."""
    shared = (scopes.exclusive | scopes.per_port | scopes.union) - {TAGS.name}
    words = candidate.own
    yield from (said for name, said in words.said.items() if name in shared)
    for name, family in words.families.items():
        if name in shared:
            yield from family.values()


def unlisted(candidate: Candidate, verdict: Verdict, *, field: str, lenient: bool) -> Diagnostic:
    """Return what is said where a decision depends on labels that are not known."""
    namespace = candidate.key.namespace
    message = _UNLISTED.format(namespace, f"spec.tenants of {verdict.says}")
    if lenient:
        return warning(
            "CLASS-NAMESPACE-UNKNOWN",
            candidate.subject,
            message=f"{message}; taken for allowed",
            field=field,
            hint=f"add Namespace {namespace} to the files",
            ingress=candidate.key,
        )
    return error(
        "CLASS-NAMESPACE-UNKNOWN",
        candidate.subject,
        message=message,
        field=field,
        hint="let the controller list namespaces",
        ingress=candidate.key,
    )


def host_refusal(candidate: Candidate, rule: PathRule, verdict: Verdict) -> Diagnostic:
    """Return what is said of a path for a host of others."""
    if verdict.answer is Answer.UNKNOWN:
        return unlisted(candidate, verdict, field=rule.field, lenient=False)
    return _not_the_owner(candidate, verdict, host=rule.host, field=rule.field)


def default_refusal(candidate: Candidate, verdict: Verdict, *, field: str) -> Diagnostic:
    """Return what is said of a default backend on a load balancer of others."""
    if verdict.answer is Answer.UNKNOWN:
        return unlisted(candidate, verdict, field=field, lenient=False)
    return _not_the_owner(candidate, verdict, host="", field=field)


def _not_a_member(candidate: Candidate, verdict: Verdict, *, group: str, field: str) -> Diagnostic:
    namespace = candidate.key.namespace
    if verdict.word == group:
        why = f"it belongs to {verdict.holders}"
    else:
        why = f"no tenant of that namespace lists it in {verdict.says}"
    return error(
        "GROUP-NOT-ALLOWED",
        candidate.subject,
        message=f"namespace {namespace} may not join group {group}: {why} ({verdict.says})",
        field=field,
        hint=f"use another group, or have {namespace} added to spec.tenants of {verdict.says}",
        ingress=candidate.key,
    )


def _not_governing(candidate: Candidate, verdict: Verdict, said: Said[object]) -> Diagnostic:
    return error(
        "GROUP-SETTING-NOT-ALLOWED",
        candidate.subject,
        message=f"{said.key} holds for everybody on this load balancer, and only"
        f" {verdict.holders} may state it ({verdict.says})",
        field=said.field,
        hint="remove it, or ask whoever governs the group to state it",
        ingress=candidate.key,
    )


def _not_the_owner(candidate: Candidate, verdict: Verdict, *, host: str, field: str) -> Diagnostic:
    namespace = candidate.key.namespace
    what = f"host {host}" if host else "whatever host nobody names on this load balancer"
    if not verdict.grants:
        whose = f"no tenant of {verdict.says} owns {ANY}"
    elif verdict.word in {host, ANY}:
        whose = f"it belongs to {verdict.holders} ({verdict.says})"
    else:
        whose = f"{verdict.word} belongs to {verdict.holders} ({verdict.says})"
    return error(
        "HOST-NOT-ALLOWED",
        candidate.subject,
        message=f"namespace {namespace} may not serve {what}: {whose}",
        field=field,
        hint=f"use a host of your own, or have {namespace} added to spec.tenants of {verdict.says}",
        ingress=candidate.key,
    )

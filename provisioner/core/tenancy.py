"""Which namespaces may join which named group, and whose a host is: the word of class objects.

A load balancer that several teams share needs somebody to say who may do what on it; otherwise
whoever names a group is in it, and whoever writes a host first has it. ``spec.tenants`` of a
LoadBalancerClass says so. Four rules make it hold against somebody who picks another class:

* What is named exactly counts before ``*``, and a longer suffix before a shorter one.
* The word of an Ingress' own class counts first, then that of other classes that name the group or
  cover the host, and last the ``*`` of the own class.
* A class with tenants is a closed list of groups: one that it does not name is joined by nobody.
* A host that no suffix covers is free: it belongs to the namespace that was there first.

A wildcard host is whoever's its suffix is. Deeper suffixes of others lose nothing by that, because
hosts are matched before wildcards; where nobody owns the suffix, it must not cover theirs.

Pure judgement; ``core.admittance`` turns it into quarantine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from provisioner.model.kube import LoadBalancerClass, Tenant
from provisioner.model.snapshot import Snapshot

ANY = "*"


class Answer(StrEnum):
    """Whether something may be done."""

    FREE = "free"  # no policy speaks of it
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # it depends on labels of the namespace, which are not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One entry of ``spec.tenants`` that decides, and the word of it that does."""

    source: str  # name of the LoadBalancerClass
    index: int
    word: str
    tenant: Tenant

    @property
    def holders(self) -> str:
        """Who is granted it, in words."""
        named = [f"namespace {name}" for name in self.tenant.namespaces]
        if self.tenant.selector is not None:
            named.append(f"the namespaces that tenants[{self.index}] selects")
        return " and ".join(named) or "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An answer and the grants that decided it; ``word`` is what they name."""

    answer: Answer
    grants: tuple[Grant, ...] = ()
    source: str = ""  # the class whose list is silent, where there are no grants

    @property
    def word(self) -> str:
        """The group or suffix that the grants name."""
        return self.grants[0].word if self.grants else ""

    @property
    def says(self) -> str:
        """Whose word it is, for messages."""
        source = self.grants[0].source if self.grants else self.source
        return f"LoadBalancerClass {source}"

    @property
    def holders(self) -> str:
        """Who may do it, in words."""
        return " and ".join(dict.fromkeys(grant.holders for grant in self.grants)) or "nobody"


_FREE = Verdict(answer=Answer.FREE)
_Words = Callable[[Tenant], Sequence[str]]


class Tenancy:
    """The tenants of every class object of a provider.

    ``own`` is always the name of the LoadBalancerClass that an Ingress' class is bound to, "" where
    it is bound to none.
    """

    def __init__(self, snapshot: Snapshot, provider: str) -> None:
        self._namespaces = snapshot.namespaces
        self._classes = {
            name: found
            for name, found in sorted(snapshot.load_balancer_classes.items())
            if found.tenants is not None and found.provider in {"", provider}
        }
        self._hosts = {name: _by_suffix(found) for name, found in self._classes.items()}
        self._children = _children(suffix for table in self._hosts.values() for suffix in table)

    def join(self, namespace: str, group: str, *, own: str) -> Verdict:
        """Judge whether Ingresses of a namespace may be on the load balancer of a named group."""
        return self._of_group(namespace, group, own, words=lambda t: t.groups, closed=True)

    def govern(self, namespace: str, group: str, *, own: str) -> Verdict:
        """Judge whether they may state settings that hold for everybody on it."""
        return self._of_group(namespace, group, own, words=lambda t: t.governs, closed=False)

    def host(self, namespace: str, host: str, *, own: str, spanning: bool = False) -> Verdict:
        """Judge whether they may have rules for a host.

        Args:
            namespace: Whose rules they are.
            host: In lower case; ``*.example.com`` for a wildcard.
            own: See the class.
            spanning: A wildcard stands for several labels and rules are not matched host first, as
                an ALB does it by itself; then it must not cover a suffix of others at all.
        """
        wildcard = host.startswith("*.")
        name = host.removeprefix("*.")
        verdict = self._judged(namespace, self._covering(name, own))
        if not wildcard or (verdict.answer is not Answer.FREE and not spanning):
            return verdict
        if verdict.answer in {Answer.NO, Answer.UNKNOWN}:
            return verdict
        for suffix in self._below(name, deep=spanning):
            deeper = self._judged(namespace, self._covering(suffix, own))
            if deeper.answer in {Answer.NO, Answer.UNKNOWN}:
                return deeper
        return verdict

    def any_host(self, namespace: str, group: str, *, own: str) -> Verdict:
        """Judge whether they may answer, on a shared load balancer, for hosts that nobody names.

        Where a policy of the group gives hosts to tenants, that is for those who own ``*``.
        """
        governing = [own] if own in self._classes else self._naming(group)
        owning = [name for name in governing if self._hosts[name]]
        if not owning:
            return _FREE
        grants = [grant for name in owning for grant in self._hosts[name].get(ANY, ())]
        return self._judged(namespace, grants, source=owning[0])

    def _naming(self, group: str) -> list[str]:
        return [
            name
            for name, found in self._classes.items()
            if any(group in tenant.groups for tenant in found.tenants or ())
        ]

    def _of_group(
        self, namespace: str, group: str, own: str, *, words: _Words, closed: bool
    ) -> Verdict:
        everyone = sorted(self._classes, key=lambda name: name != own)
        for names in ([n for n in everyone if n == own], [n for n in everyone if n != own]):
            named = [g for n in names for g in self._grants(n, group, words)]
            if named:
                return self._judged(namespace, named)
        if own not in self._classes:
            return _FREE
        rest = list(self._grants(own, ANY, words))
        return self._judged(namespace, rest, source=own) if rest or closed else _FREE

    def _grants(self, source: str, word: str, words: _Words) -> Iterator[Grant]:
        for index, tenant in enumerate(self._classes[source].tenants or ()):
            if word in words(tenant):
                yield Grant(source=source, index=index, word=word, tenant=tenant)

    def _covering(self, name: str, own: str) -> Sequence[Grant]:
        """Return who owns the longest suffix of a name, () where none covers it."""
        mine = self._hosts.get(own, {})
        for suffix in _suffixes(name):
            if suffix in mine:
                return mine[suffix]
        for suffix in _suffixes(name):
            found = [g for table in self._hosts.values() for g in table.get(suffix, ())]
            if found:
                return found
        return mine.get(ANY, ())

    def _below(self, name: str, *, deep: bool) -> Iterator[str]:
        """Yield the suffixes that a wildcard over a name covers."""
        if not deep:
            yield from self._children.get(name, ())
            return
        listed = {suffix for table in self._hosts.values() for suffix in table}
        yield from sorted(suffix for suffix in listed if suffix.endswith(f".{name}"))

    def _judged(self, namespace: str, grants: Sequence[Grant], *, source: str = "") -> Verdict:
        if not grants:
            answer = Answer.NO if source else Answer.FREE
            return Verdict(answer=answer, source=source)
        answers = {self._holds(grant.tenant, namespace) for grant in grants}
        for answer in (Answer.YES, Answer.UNKNOWN):
            if answer in answers:
                return Verdict(answer=answer, grants=tuple(grants))
        return Verdict(answer=Answer.NO, grants=tuple(grants))

    def _holds(self, tenant: Tenant, namespace: str) -> Answer:
        if namespace in tenant.namespaces:
            return Answer.YES
        if tenant.selector is None:
            return Answer.NO
        if tenant.selector.selects_everything:
            return Answer.YES
        known = self._namespaces.get(namespace)
        if known is None:
            return Answer.UNKNOWN
        return Answer.YES if tenant.selector.matches(known.labels) else Answer.NO


def _by_suffix(source: LoadBalancerClass) -> Mapping[str, tuple[Grant, ...]]:
    found: dict[str, list[Grant]] = {}
    for index, tenant in enumerate(source.tenants or ()):
        for host in tenant.hosts:
            suffix = host.lower()
            grant = Grant(source=source.meta.name, index=index, word=suffix, tenant=tenant)
            found.setdefault(suffix, []).append(grant)
    return {suffix: tuple(grants) for suffix, grants in found.items()}


def _children(suffixes: Iterator[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the listed names by the name that is one label shorter."""
    found: dict[str, set[str]] = {}
    for suffix in suffixes:
        _, dot, parent = suffix.partition(".")
        if dot:
            found.setdefault(parent, set()).add(suffix)
    return {parent: tuple(sorted(names)) for parent, names in found.items()}


def _suffixes(name: str) -> Iterator[str]:
    """Yield a name and its parents, longest first."""
    while name:
        yield name
        name = name.partition(".")[2]

"""Which load balancer answers a request: that of the host, if only one can be meant.

A URL names a host, and DNS, which nobody here may ask, says where that leads. The rules say it as
well as anybody can: a load balancer that has rules for the host is meant, and of several the only
one with a rule that takes the request. A URL may also hold a load balancer's own DNS name (with the
host in a Host header, as one does with curl). Where still two could be meant, nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from provisioner.model.errors import ConfigError
from provisioner.model.route import Answer, Reply, Request, RoutedBackend, Tried, Verdict

_NAMED = 5
_NOBODY = "no Ingress of ours asks for one, or it is not applied yet"

AddressesOf = Callable[[str], tuple[str, ...]]


def answer(
    request: Request,
    replies: Sequence[Reply],
    *,
    group: str = "",
    addresses_of: AddressesOf | None = None,
) -> Answer:
    """Return the reply that counts.

    Args:
        request: What was asked.
        replies: What every load balancer would do with it.
        group: The load balancer that the user named, "" for none.
        addresses_of: Group -> the DNS names or addresses of its load balancer, where known.

    Raises:
        ConfigError: None is meant, or more than one could be.
    """
    listening = {reply.group: reply for reply in replies if reply.action is not None}
    actions = {reply.group: reply.action for reply in replies if reply.action is not None}
    chosen, because = _chosen(request, replies, listening, group=group, addresses_of=addresses_of)
    reply = listening[chosen]
    others = [
        other
        for name, other in sorted(listening.items())
        if name != chosen and other.knows_host and not group
    ]
    notes = tuple(
        f"load balancer {other.group} knows this host too: {_takes(other)}" for other in others
    )
    return Answer(
        request=request,
        reply=reply,
        action=actions[chosen],
        because=because,
        notes=(*reply.notes, *notes),
    )


def passed_over(tried: Sequence[Tried]) -> Iterator[str]:
    """Yield which rules could not be decided, and so were passed over."""
    for each in tried:
        if each.verdict is Verdict.UNDECIDED:
            problem = next(c.problem for c in each.checks if c.verdict is Verdict.UNDECIDED)
            yield f"rule {each.priority} ({each.title or each.rule}) was passed over: {problem}"


def shortfalls(behind: Sequence[RoutedBackend], *, status: int) -> Iterator[str]:
    """Yield why a forward may not reach anybody; ``status`` is what clients get then."""
    for backend in behind:
        if backend.targets == () and backend.weight:
            yield (
                f"{backend.service} has no targets: its share of requests is answered with {status}"
            )


def _chosen(
    request: Request,
    replies: Sequence[Reply],
    listening: Mapping[str, Reply],
    *,
    group: str,
    addresses_of: AddressesOf | None,
) -> tuple[str, str]:
    """Return the group whose reply counts, and why."""
    if group:
        return _named(group, request, replies, listening), "it is the one that --group names"
    name = request.authority.lower()
    if addresses_of is not None:
        for reply in replies:
            if name in addresses_of(reply.group):
                because = f"{name} is its own DNS name"
                return _named(reply.group, request, replies, listening), because
    return _by_rules(request, replies, listening)


def _named(
    group: str, request: Request, replies: Sequence[Reply], listening: Mapping[str, Reply]
) -> str:
    if group in listening:
        return group
    known = {reply.group: reply for reply in replies}
    if group in known:
        raise _nobody_listens(request, [known[group]])
    there = f"there are {_list(sorted(known))}" if known else _NOBODY
    raise ConfigError(f"there is no load balancer {group}", hint=there)


def _by_rules(
    request: Request, replies: Sequence[Reply], listening: Mapping[str, Reply]
) -> tuple[str, str]:
    """Return the group that its rules speak for: for the host first, then for the request."""
    knowing = [reply for reply in replies if reply.knows_host]
    among = sorted({reply.group for reply in knowing or replies} & listening.keys())
    if not among:
        raise _nobody_listens(request, knowing or replies)
    if len(among) == 1:
        return among[0], _only_one(request, among_knowing=bool(knowing))
    taking = [name for name in among if not listening[name].is_default]
    if len(taking) == 1:
        return taking[0], "of those that could be meant, it alone has a rule for this request"
    could = taking or among
    if not taking and _are_alike([listening[name] for name in could]):
        return could[0], f"no rule takes this request, and all {len(could)} of them answer alike"
    raise ConfigError(
        f"{request.url} could mean {len(could)} load balancers: {_list(could)}",
        hint="DNS decides which of them gets it; name one with --group",
    )


def _only_one(request: Request, *, among_knowing: bool) -> str:
    if among_knowing:
        return f"it alone has rules for host {request.host} and listens on port {request.port}"
    return f"it alone listens on port {request.port}; no load balancer has rules for this host"


def _are_alike(replies: Sequence[Reply]) -> bool:
    """Tell whether it makes no difference which one answers: no backend, and the same words."""
    return len({reply.action for reply in replies}) == 1 and not any(r.backends for r in replies)


def _nobody_listens(request: Request, replies: Sequence[Reply]) -> ConfigError:
    """Return the error that says what is listened on instead."""
    if not replies:
        return ConfigError("there is no load balancer", hint=_NOBODY)
    which = f"load balancer {replies[0].group} does not listen" if len(replies) == 1 else ""
    each = [f"{reply.group} on {', '.join(reply.ports) or 'nothing'}" for reply in replies]
    return ConfigError(
        f"{which or 'no load balancer listens'} on {request.scheme}:{request.port}",
        hint=f"listening: {_list(sorted(each))}",
    )


def _takes(reply: Reply) -> str:
    if reply.is_default:
        return "none of its rules takes this request"
    matched = reply.matched
    return f"its rule {matched.title or matched.rule} takes it" if matched is not None else ""


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more

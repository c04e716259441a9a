"""What a rule of a URL map does: a service, several by weight, a redirect, or an answer of its own.

A URL map has no fixed response. Load balancers that Envoy serves have *fault injection*, which
aborts a share of the requests with a status before they reach anybody; with a share of all of them
over a service that has no backends it is one. The classic load balancer has neither that nor
weights: "urlRewrite is the only action supported in UrlMaps for classic Application Load Balancers"
(``HttpRouteAction``, Compute API). What it cannot do is refused by name. A quarantined path, which
should answer 503, leads there to a service without backends: Google answers 502, and no wider path
gets the requests.

Retries belong to the action as well. Rewrites are in ``rewrites``, because they differ by pattern.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from providers.gcp.routing.canonical import (
    ACTION,
    FAULT,
    REDIRECT,
    RETRY,
    SERVICE,
    WEIGHTED,
    canonical_action,
)
from providers.gcp.settings import REDIRECT_STATUS
from providers.gcp.variant import Variant
from provisioner.core.annotations import RETRIES, WEIGHTS, Retries
from provisioner.core.rule_findings import RuleError, UnsupportedRuleError
from provisioner.core.rule_words import share
from provisioner.model.intent import (
    BackendId,
    FixedResponse,
    Forward,
    ListenerProtocol,
    Redirect,
    RuleAction,
)
from provisioner.model.resource import PlainInput, Ref, Spec, freeze_spec
from provisioner.model.settings import ANNOTATION_PREFIX

SELF_LINK = "selfLink"
LARGEST_WEIGHT = 1000
NOT_FOUND = 404
UNAVAILABLE = 503

_CODES: Mapping[int, str] = {status: name for name, status in REDIRECT_STATUS.items()}
_CLASSIC = "on a classic Application Load Balancer"
_ANOTHER = "use the annotation ingress-provisioner.io/google-load-balancer: global-external"
_NANOS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinations:
    """Where backends are in the project, and what the load balancer can do.

    Attributes:
        own: Addresses of backend services; a backend that was refused has none.
        nothing: Address of the service without backends, None where there is none to be had.
        variant: Which of Google's load balancers it is.
    """

    own: Mapping[BackendId, str]
    nothing: str | None
    variant: Variant

    def serve(self, action: RuleAction) -> bool:
        """Tell whether every backend of an action has a backend service."""
        if not isinstance(action, Forward):
            return True
        return all(weighted.backend in self.own for weighted in action.backends)

    def answer(self, status: int) -> Spec | None:
        """Return the action that answers everybody with a status, None where there is none."""
        if self.nothing is None or not self.variant.managed:
            return None
        abort = {"httpStatus": status, "percentage": 100}
        return freeze_spec(
            {SERVICE: Ref(self.nothing, SELF_LINK), ACTION: {FAULT: {"abort": abort}}}
        )

    def unavailable(self) -> Spec | None:
        """Return the action of a path that cannot serve anybody, None where there is none."""
        if self.nothing is not None and not self.variant.managed:
            return freeze_spec({SERVICE: Ref(self.nothing, SELF_LINK)})
        return self.answer(UNAVAILABLE)


def action_of(
    action: RuleAction,
    options: Mapping[str, object],
    destinations: Destinations,
    *,
    protocol: ListenerProtocol = ListenerProtocol.HTTP,
) -> Spec:
    """Return what a rule does, before any rewrite.

    Args:
        action: What the intent says; every backend of it has a backend service.
        options: Of the rule, or of the default backend.
        destinations: Where the backends are.
        protocol: What the clients of the map speak.

    Raises:
        RuleError: The load balancer cannot do it.
    """
    match action:
        case Forward():
            return _with_retries(_forward(action, destinations), options, destinations)
        case Redirect():
            return _redirect(action, protocol)
        case FixedResponse():
            answer = destinations.answer(action.status)
            if answer is None:
                raise UnsupportedRuleError(
                    f"Answering {action.status} {_CLASSIC}", hint=f"name a Service, or {_ANOTHER}"
                )
            return answer
        case _:
            assert_never(action)


def redirect_to_https(status: int) -> Spec:
    """Return the action that sends everybody to HTTPS."""
    return _redirect(Redirect(status=status, protocol="HTTPS"), ListenerProtocol.HTTP)


def with_rewrite(action: Spec, prefix: str) -> Spec:
    """Return an action that writes ``prefix`` in place of what a pattern matched."""
    route = action.get(ACTION)
    rest: Mapping[str, PlainInput] = route if isinstance(route, Mapping) else {}
    changed: dict[str, PlainInput] = {**rest, "urlRewrite": {"pathPrefixRewrite": prefix}}
    return canonical_action({**action, ACTION: changed})


def _forward(action: Forward, destinations: Destinations) -> Spec:
    if action.foreign:
        raise UnsupportedRuleError(f"Forwarding to {action.foreign[0].name}, which is no Service,")
    if action.stickiness_seconds is not None:
        raise UnsupportedRuleError(
            "Keeping a client on one of several backends",
            hint="use session-affinity, which keeps it on one pod of a backend",
        )
    weights: dict[str, int] = {}
    for weighted in action.backends:
        address = destinations.own[weighted.backend]
        weights[address] = weights.get(address, 0) + share(weighted.weight)
    if len(weights) == 1:
        return freeze_spec({SERVICE: Ref(next(iter(weights)), SELF_LINK)})
    return _split(weights, destinations)


def _split(weights: Mapping[str, int], destinations: Destinations) -> Spec:
    field = f"metadata.annotations[{ANNOTATION_PREFIX}{WEIGHTS.name}]"
    sharing = [address for address, weight in weights.items() if weight]
    if not sharing:
        raise RuleError(
            "BACKEND-WEIGHTS",
            "every backend of it has weight 0; a URL map sends requests to at least one",
            hint="give one backend a weight above 0",
            field=field,
        )
    if max(weights.values()) > LARGEST_WEIGHT:
        raise RuleError(
            "BACKEND-WEIGHTS",
            f"a weight is {max(weights.values())}; a URL map takes 0 to {LARGEST_WEIGHT}",
            hint="write smaller weights in the same proportion",
            field=field,
        )
    if not destinations.variant.managed:
        if len(sharing) == 1:  # nobody shares: it is a service like any other
            return freeze_spec({SERVICE: Ref(sharing[0], SELF_LINK)})
        raise UnsupportedRuleError(
            f"Splitting traffic by weight {_CLASSIC}", hint=_ANOTHER, field=field
        )
    services: list[PlainInput] = [
        {"backendService": Ref(address, SELF_LINK), "weight": weights[address]}
        for address in weights
    ]
    return canonical_action({ACTION: {WEIGHTED: services}})


def _with_retries(action: Spec, options: Mapping[str, object], destinations: Destinations) -> Spec:
    said = options.get(RETRIES.name)
    if not isinstance(said, Retries):
        return action
    if not destinations.variant.managed:
        raise UnsupportedRuleError(
            f"Repeating failed requests {_CLASSIC}",
            hint=_ANOTHER,
            field=f"metadata.annotations[{ANNOTATION_PREFIX}{RETRIES.name}]",
        )
    policy: dict[str, PlainInput] = {"numRetries": said.attempts}
    if said.per_try_seconds is not None:
        seconds, nanos = divmod(round(said.per_try_seconds * _NANOS), _NANOS)
        policy["perTryTimeout"] = {"seconds": str(seconds), "nanos": nanos}
    if said.conditions:
        policy["retryConditions"] = said.conditions
    route = action.get(ACTION)
    rest: Mapping[str, PlainInput] = route if isinstance(route, Mapping) else {}
    return canonical_action({**action, ACTION: {**rest, RETRY: policy}})


def _redirect(action: Redirect, protocol: ListenerProtocol) -> Spec:
    """Return a redirect; a URL map has no placeholders, and neither port nor query to set."""
    parts = (action.host, action.path, action.query, action.port)
    if any(part and "#{" in part for part in parts):
        raise UnsupportedRuleError("A redirect with placeholders", hint="write the parts in full")
    if action.query or action.port not in (None, "443"):
        raise UnsupportedRuleError("A redirect to another port or query")
    if action.status not in _CODES:
        raise UnsupportedRuleError(
            f"A redirect with status {action.status}",
            hint="write " + ", ".join(str(status) for status in sorted(_CODES)),
        )
    to_https = action.protocol == "HTTPS" and protocol is ListenerProtocol.HTTP
    redirect: dict[str, PlainInput] = {
        "httpsRedirect": to_https,
        "hostRedirect": action.host or "",
        "pathRedirect": action.path or "",
        "stripQuery": action.query == "",
        "redirectResponseCode": _CODES[action.status],
    }
    return canonical_action({REDIRECT: redirect})

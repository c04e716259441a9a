"""Actions of listeners and rules, in the one spelling that survives a round trip.

AWS and its emulators read actions back with things added. The canonical form, which desired specs
use and observed ones are brought to, is the shortest that loses nothing:

* ``forward`` always has a ``ForwardConfig``, never a ``TargetGroupArn`` beside it. A single target
  group has no ``Weight``; several have one each and stand in order of their addresses. Stickiness
  is written only where it is on;
* ``redirect`` always has all six fields; what a redirect keeps is its placeholder (``#{host}``);
* ``fixed-response`` has a ``MessageBody`` only where there is one;
* ``Order`` is written only where a list has several actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from providers.aws.addresses import Kind
from provisioner.core.rule_findings import RuleError
from provisioner.core.rule_words import share
from provisioner.model.expression import Expression
from provisioner.model.intent import (
    BackendId,
    FixedResponse,
    ForeignBackend,
    Forward,
    Redirect,
    RuleAction,
)
from provisioner.model.kube import NO_STRINGS
from provisioner.model.resource import PlainInput, Ref, Spec, Unknown, Value, freeze

TARGET_GROUP_ARN = "TargetGroupArn"

UNAVAILABLE = FixedResponse(status=503)
"""What answers for a backend that cannot be expressed and never could."""

_ARN = "arn:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinations:
    """Where backends are in the account.

    Attributes:
        own: Addresses of our target groups; a backend that was refused has none.
        foreign: Name or ARN of target groups of others -> ARN; "" where there is none.
        reserved: Names and ARNs of target groups that are ours, whichever load balancer's.
    """

    own: Mapping[BackendId, str]
    foreign: Mapping[str, str] = field(default_factory=lambda: NO_STRINGS)
    reserved: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        request: Expression,
        own: Mapping[BackendId, str],
        foreign: Mapping[str, str] = NO_STRINGS,
    ) -> Destinations:
        """Return the destinations of a load balancer, and what is out of bounds."""
        groups = [
            r for r in request.observed.resources.values() if r.kind == Kind.TARGET_GROUP.value
        ]
        names = {group.name for group in groups}
        arns = {group.outputs.get(TARGET_GROUP_ARN, "") for group in groups}
        return cls(own=own, foreign=foreign, reserved=frozenset((names | arns) - {""}))

    def serve(self, action: RuleAction) -> bool:
        """Tell whether every backend of an action has a target group."""
        if not isinstance(action, Forward):
            return True
        return all(weighted.backend in self.own for weighted in action.backends)

    def check(self, action: RuleAction) -> None:
        """Refuse an action that names target groups which the account lacks, or which are ours.

        Ours belong to an Ingress, come and go with it, and stand behind whatever it asks clients to
        pass. Whoever named one would get past that, and keep it from ever being deleted.

        Raises:
            RuleError: There is one.
        """
        for backend in action.foreign if isinstance(action, Forward) else ():
            if not self.reserved.isdisjoint((backend.name, self.foreign.get(backend.name, ""))):
                raise RuleError(
                    "BACKEND-TARGET-GROUP-OURS",
                    f"target group {backend.name} belongs to an Ingress",
                    hint="name its Service instead (serviceName and servicePort)",
                )
        for name in self._missing(action):
            raise RuleError(
                "BACKEND-TARGET-GROUP-MISSING",
                f"target group {name} does not exist in this account and region",
                hint="create it, or name another one",
            )

    def _missing(self, action: RuleAction) -> tuple[str, ...]:
        if not isinstance(action, Forward):
            return ()
        return tuple(b.name for b in action.foreign if self.foreign.get(b.name) == "")

    def ways(self, action: Forward) -> int:
        """Return among how many target groups an action splits traffic."""
        ours = {self.own.get(weighted.backend, "") for weighted in action.backends}
        return len(ours) + len({str(self._arn(backend)) for backend in action.foreign})

    def weights(self, action: Forward) -> list[tuple[Ref | str | Unknown, int]]:
        """Return each target group with its weight; one that is named twice gets the sum."""
        found: dict[Ref | str | Unknown, int] = {}
        for weighted in action.backends:
            arn = Ref(self.own[weighted.backend], TARGET_GROUP_ARN)
            found[arn] = found.get(arn, 0) + share(weighted.weight)
        for backend in action.foreign:
            other = self._arn(backend)
            found[other] = found.get(other, 0) + share(backend.weight)
        return list(found.items())

    def _arn(self, backend: ForeignBackend) -> str | Unknown:
        known = self.foreign.get(backend.name)
        if known:
            return known
        if backend.name.startswith(_ARN):
            return backend.name
        return Unknown(f"depends on target group {backend.name}")


def actions(action: RuleAction, destinations: Destinations, *, entry: Sequence[Spec] = ()) -> Value:
    """Return the action list of a rule or the default actions of a listener.

    A forward to a backend without a target group (one that was refused) answers 503.

    Args:
        action: What the intent says.
        destinations: Where its backends are.
        entry: What a client has to pass first: sign in, show a token.
    """
    listed = [dict(spec) for spec in entry]
    if not destinations.serve(action):
        listed.append(_fixed_response(UNAVAILABLE))
    else:
        listed.append(_last(action, destinations))
    if len(listed) > 1:
        listed = [{**each, "Order": place} for place, each in enumerate(listed, start=1)]
    return freeze(listed)


def _last(action: RuleAction, destinations: Destinations) -> dict[str, Value]:
    """Return the action that ends a list."""
    match action:
        case Forward():
            return _forward(action, destinations)
        case Redirect():
            return _redirect(action)
        case FixedResponse():
            return _fixed_response(action)
        case _:
            assert_never(action)


def _forward(action: Forward, destinations: Destinations) -> dict[str, Value]:
    config: dict[str, PlainInput] = {"TargetGroups": _tuples(destinations.weights(action))}
    if action.stickiness_seconds is not None:
        config["TargetGroupStickinessConfig"] = {
            "Enabled": True,
            "DurationSeconds": action.stickiness_seconds,
        }
    return {"Type": "forward", "ForwardConfig": freeze(config)}


def _tuples(weights: Sequence[tuple[Ref | str | Unknown, int]]) -> list[PlainInput]:
    """Return target groups in their one order; a single one has no weight."""
    if len(weights) == 1:
        return [{TARGET_GROUP_ARN: arn} for arn, _ in weights]
    ordered = sorted(weights, key=lambda pair: str(pair[0]))
    return [{TARGET_GROUP_ARN: arn, "Weight": weight} for arn, weight in ordered]


def forward_to(weights: Mapping[str, int]) -> Value:
    """Return the action list that forwards to target groups (by address) with these weights."""
    pairs = [(Ref(address, TARGET_GROUP_ARN), weights[address]) for address in weights]
    return freeze([{"Type": "forward", "ForwardConfig": {"TargetGroups": _tuples(pairs)}}])


def weights_of(action_list: Value) -> dict[str, int]:
    """Return what an action list forwards to: address of the target group -> weight.

    Target groups that are not ours are left out. Empty for everything but a forward.
    """
    found: dict[str, int] = {}
    for action in _mappings(action_list):
        config = action.get("ForwardConfig")
        groups = config.get("TargetGroups") if isinstance(config, Mapping) else None
        for group in _mappings(groups):
            arn, weight = group.get(TARGET_GROUP_ARN), group.get("Weight", 1)
            if isinstance(arn, Ref):
                found[arn.address] = weight if isinstance(weight, int) else 1
    return found


def with_weights(action_list: Value, weights: Mapping[str, int]) -> Value:
    """Return an action list whose forward has these weights; all else (stickiness, login) stays."""
    replaced: list[PlainInput] = [
        _reweighted(action, weights) if "ForwardConfig" in action else action
        for action in _mappings(action_list)
    ]
    return freeze(replaced)


def _reweighted(action: Mapping[str, Value], weights: Mapping[str, int]) -> Mapping[str, Value]:
    """Return a forward with these weights for our target groups; those of others stay."""
    config = action["ForwardConfig"]
    rest = dict(config) if isinstance(config, Mapping) else {}
    pairs: list[tuple[Ref | str | Unknown, int]] = [
        (Ref(address, TARGET_GROUP_ARN), weights[address]) for address in weights
    ]
    for group in _mappings(rest.get("TargetGroups")):
        arn, weight = group.get(TARGET_GROUP_ARN), group.get("Weight", 1)
        if isinstance(arn, str | Unknown):
            pairs.append((arn, weight if isinstance(weight, int) else 1))
    ordered = sorted(pairs, key=lambda pair: str(pair[0]))
    groups: list[PlainInput] = [{TARGET_GROUP_ARN: a, "Weight": w} for a, w in ordered]
    return {**action, "ForwardConfig": {**rest, "TargetGroups": freeze(groups)}}


def _redirect(action: Redirect) -> dict[str, Value]:
    config = {
        "Protocol": action.protocol or "#{protocol}",
        "Host": action.host or "#{host}",
        "Port": action.port or "#{port}",
        "Path": action.path if action.path is not None else "/#{path}",
        "Query": action.query if action.query is not None else "#{query}",
        "StatusCode": f"HTTP_{action.status}",
    }
    return {"Type": "redirect", "RedirectConfig": freeze(config)}


def _fixed_response(action: FixedResponse) -> dict[str, Value]:
    config = {"StatusCode": str(action.status)}
    if action.content_type:
        config["ContentType"] = action.content_type
    if action.body:
        config["MessageBody"] = action.body
    return {"Type": "fixed-response", "FixedResponseConfig": freeze(config)}


def _mappings(value: Value) -> list[Mapping[str, Value]]:
    if not isinstance(value, tuple):
        return []
    return [item for item in value if isinstance(item, Mapping)]

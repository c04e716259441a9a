"""What an ALB does with a request: the listener of its port, the first rule that matches, actions.

Works on resources alone, so that what is planned and what exists are asked the same way. Rules are
tried in the order of their priorities; the listener's default actions answer when none matches. Of
a rule's actions the last one answers; those before it make people sign in or check a token.

A rule that cannot be decided (it asks for the client's address and nobody told, or it holds a
regular expression that this model cannot read) is passed over and named in a note.

Source: "Listener rules for your Application Load Balancer", Elastic Load Balancing user guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from providers.aws.addresses import Kind, balancer_of
from providers.aws.evaluation.backends import backends
from providers.aws.evaluation.matching import asks_for_host, check
from providers.aws.evaluation.sending import location, redirect_status, rewritten
from provisioner.core.route import passed_over, shortfalls
from provisioner.model.resource import Ref, Resource, Spec, Value, by_group
from provisioner.model.route import (
    Action,
    ActionType,
    Reply,
    Request,
    RoutedBackend,
    Tried,
    Verdict,
)

_NOT_FOUND = 404
_UNAVAILABLE = 503
_PROTOCOLS = {"http": "HTTP", "https": "HTTPS"}


def route(resources: Sequence[Resource], request: Request) -> tuple[Reply, ...]:
    """Return what each load balancer among the resources does with a request, by group."""
    groups = by_group(resources)
    return tuple(
        _Balancer.of(group, found).reply(request)
        for group, found in sorted(groups.items())
        if any(each.kind == Kind.LISTENER.value for each in found)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Balancer:
    """One load balancer: its listeners by port, and each one's rules in order."""

    group: str
    listeners: tuple[Resource, ...]
    rules: tuple[Resource, ...]
    resources: Mapping[str, Resource]

    @classmethod
    def of(cls, group: str, resources: Sequence[Resource]) -> _Balancer:
        """Return the load balancer that these resources make up.

        While it replaces another, only the new one is asked; both are to answer alike.
        """
        newest = max(balancer_of(each.address) for each in resources)
        resources = [each for each in resources if balancer_of(each.address) in (0, newest)]
        listeners = [each for each in resources if each.kind == Kind.LISTENER.value]
        rules = [each for each in resources if each.kind == Kind.LISTENER_RULE.value]
        return cls(
            group=group,
            listeners=tuple(sorted(listeners, key=lambda each: (_port(each), each.address))),
            rules=tuple(sorted(rules, key=lambda each: (_priority(each), each.address))),
            resources={each.address: each for each in resources},
        )

    def reply(self, request: Request) -> Reply:
        """Return what it does with a request."""
        knows_host = any(asks_for_host(_conditions(rule), request) for rule in self.rules)
        ports = tuple(f"{_protocol(each).lower()}:{_port(each)}" for each in self.listeners)
        listener = self._listener(request)
        if listener is None:
            return Reply(group=self.group, ports=ports, knows_host=knows_host)
        tried = tuple(self._tried(listener, request))
        matched = self.resources[tried[-1].rule or listener.address]
        spec, field = matched.spec, "Actions" if tried[-1].rule else "DefaultActions"
        actions = _in_order(spec.get(field))
        final = actions[-1] if actions else {}
        action = _action(final, request)
        behind = _backends(final, self.resources) if action.type is ActionType.FORWARD else ()
        forwards = action.type is ActionType.FORWARD
        sent, problems = rewritten(spec.get("Transforms"), request) if forwards else (None, ())
        return Reply(
            group=self.group,
            listener=listener.address,
            ports=ports,
            knows_host=knows_host,
            tried=tried,
            action=action,
            backends=behind,
            before=tuple(_first(each) for each in actions[:-1]),
            sent=sent,
            notes=(
                *passed_over(tried),
                *problems,
                *shortfalls(behind, status=_UNAVAILABLE),
                *_stays(final),
            ),
        )

    def _listener(self, request: Request) -> Resource | None:
        wanted = (_PROTOCOLS[request.scheme], request.port)
        found = (each for each in self.listeners if (_protocol(each), _port(each)) == wanted)
        return next(found, None)

    def _tried(self, listener: Resource, request: Request) -> Iterator[Tried]:
        """Yield every rule up to the one that matches, which may be the default."""
        for rule in self.rules:
            parent = rule.spec.get("ListenerArn")
            if not isinstance(parent, Ref) or parent.address != listener.address:
                continue
            tried = Tried(
                listener=listener.address,
                rule=rule.address,
                priority=_priority(rule),
                title=rule.title,
                ingresses=rule.ingresses,
                checks=tuple(check(each, request) for each in _conditions(rule)),
            )
            yield tried
            if tried.verdict is Verdict.YES:
                return
        yield Tried(
            listener=listener.address, title="everything else", ingresses=listener.ingresses
        )


def _action(action: Mapping[str, Value], request: Request) -> Action:
    """Return what an action does in the end; one without a known type answers as AWS would: 404."""
    match action.get("Type"):
        case "forward":
            return Action(type=ActionType.FORWARD)
        case "redirect":
            config = _config(action, "RedirectConfig")
            return Action(
                type=ActionType.REDIRECT,
                status_code=redirect_status(config),
                location=location(config, request),
            )
        case _:
            status = str(_config(action, "FixedResponseConfig").get("StatusCode", ""))
            code = int(status) if status.isdecimal() else _NOT_FOUND
            return Action(type=ActionType.FIXED_RESPONSE, status_code=code)


def _backends(
    action: Mapping[str, Value], resources: Mapping[str, Resource]
) -> tuple[RoutedBackend, ...]:
    config = _config(action, "ForwardConfig")
    if not config and "TargetGroupArn" in action:
        config = {"TargetGroups": ({"TargetGroupArn": action["TargetGroupArn"]},)}
    return backends(config, resources)


def _first(action: Mapping[str, Value]) -> str:
    """Return in words what happens before a request is answered. Secrets are not among them."""
    match action.get("Type"):
        case "authenticate-oidc":
            config = _config(action, "AuthenticateOidcConfig")
            return f"signs in with {config.get('Issuer')}{_strangers(config)}"
        case "authenticate-cognito":
            config = _config(action, "AuthenticateCognitoConfig")
            return f"signs in with Cognito at {config.get('UserPoolDomain')}{_strangers(config)}"
        case "jwt-validation":
            config = _config(action, "JwtValidationConfig")
            return f"brings a valid token of {config.get('Issuer')}, or gets 401"
        case other:
            return f"passes {other}"


def _strangers(config: Spec) -> str:
    """Return what happens to those who have not signed in."""
    match config.get("OnUnauthenticatedRequest"):
        case "deny":
            return "; who has not gets 401"
        case "allow":
            return "; who has not is let through"
        case _:
            return ""


def _stays(action: Mapping[str, Value]) -> Iterator[str]:
    """Yield what keeps a client where it is."""
    stickiness = _config(action, "ForwardConfig").get("TargetGroupStickinessConfig")
    if isinstance(stickiness, Mapping) and stickiness.get("Enabled"):
        seconds = stickiness.get("DurationSeconds")
        yield f"a client stays with the backend that it met first for {seconds} s"


def _in_order(actions: Value) -> list[Mapping[str, Value]]:
    if not isinstance(actions, tuple):
        return []
    return sorted((each for each in actions if isinstance(each, Mapping)), key=_order)


def _order(action: Mapping[str, Value]) -> int:
    value = action.get("Order")
    return value if isinstance(value, int) else 0


def _config(action: Mapping[str, Value], name: str) -> Spec:
    config = action.get(name)
    return config if isinstance(config, Mapping) else {}


def _conditions(rule: Resource) -> tuple[Spec, ...]:
    found = rule.spec.get("Conditions")
    if not isinstance(found, tuple):
        return ()
    return tuple(each for each in found if isinstance(each, Mapping))


def _port(listener: Resource) -> int:
    value = listener.spec.get("Port")
    return value if isinstance(value, int) else 0


def _protocol(listener: Resource) -> str:
    return str(listener.spec.get("Protocol", ""))


def _priority(rule: Resource) -> int:
    value = rule.spec.get("Priority")
    return value if isinstance(value, int) else 0

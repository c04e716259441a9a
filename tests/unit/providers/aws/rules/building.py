"""Builders for rules, target groups and changes: short words, real frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from providers.aws import addresses, limits
from providers.aws.account import Facts, Vpc
from providers.aws.desired import targets
from providers.aws.routing import rules
from provisioner.core.diff import DiffRules, diff
from provisioner.model.change import Change
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.expression import Expression, StepRoom
from provisioner.model.intent import (
    BackendId,
    BackendIntent,
    Compatibility,
    FixedResponse,
    Forward,
    ListenerIntent,
    ListenerProtocol,
    LoadBalancerIntent,
    Member,
    PathRule,
    PathType,
    RuleAction,
    TargetMode,
    WeightedBackend,
)
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.limits import Limits
from provisioner.model.resource import (
    Json,
    Observed,
    ObservedResource,
    Resource,
    Spec,
    to_json,
)
from provisioner.model.settings import Identity, Settings

GROUP = "edge"
HTTPS = 443
LISTENER = addresses.listener(GROUP, 80)
FACTS = Facts(vpc=Vpc(id="vpc-1", cidrs=("10.0.0.0/16",)))
IDENTITY = Identity(cluster_name="prod", cluster_uid="uid-1")

EXACT, PREFIX, OTHER = (
    PathType.EXACT,
    PathType.PREFIX,
    PathType.IMPLEMENTATION_SPECIFIC,
)


def a_backend_id(service: str = "web", *, ingress: str = "shop/web", port: str = "80") -> BackendId:
    """Return the id of a backend whose Service is in the Ingress's namespace."""
    key = Key.parse(ingress)
    return BackendId(ingress=key, service=Key(key.namespace, service), port=port)


def to(service: str = "web", *, ingress: str = "shop/web") -> Forward:
    """Return a forward to one Service."""
    return Forward(backends=(WeightedBackend(backend=a_backend_id(service, ingress=ingress)),))


def a_path(
    host: str = "shop.example.com",
    path: str = "/",
    path_type: PathType = PREFIX,
    *,
    ingress: str = "shop/web",
    service: str = "web",
    place: tuple[int, int] = (0, 0),
    held: bool = False,
    action: RuleAction | None = None,
    options: Mapping[str, object] | None = None,
) -> PathRule:
    """Return one path of an Ingress."""
    return PathRule(
        ingress=Key.parse(ingress),
        field=f"spec.rules[{place[0]}].http.paths[{place[1]}]",
        host=host,
        path=path,
        path_type=path_type,
        action=action or to(service, ingress=ingress),
        position=place,
        held=held,
        options=options or {},
    )


def a_listener(
    *paths: PathRule,
    port: int = 80,
    default: RuleAction | None = None,
    default_ingress: str = "",
    default_options: Mapping[str, object] | None = None,
    redirect_to: int | None = None,
) -> ListenerIntent:
    """Return a listener with these paths; on port 443 it speaks HTTPS."""
    return ListenerIntent(
        port=port,
        protocol=ListenerProtocol.HTTPS if port == HTTPS else ListenerProtocol.HTTP,
        members=tuple(sorted({path.ingress for path in paths})),
        rules=paths,
        default=default or FixedResponse(),
        default_ingress=Key.parse(default_ingress) if default_ingress else None,
        default_options=default_options or {},
        redirect_to=redirect_to,
    )


def a_request(
    listener: ListenerIntent,
    *,
    members: Sequence[Member] | None = None,
    observed: Sequence[ObservedResource] = (),
    backends: Sequence[BackendIntent] = (),
    account: Mapping[str, int] | None = None,
    compatibility: Compatibility = Compatibility.KUBERNETES,
    modes: Mapping[BackendId, TargetMode | None] | None = None,
) -> Expression:
    """Return the request to express a load balancer with one listener."""
    intent = LoadBalancerIntent(
        name=GROUP,
        explicit=True,
        compatibility=compatibility,
        scheme=None,
        members=tuple(members or (Member(ingress=key) for key in listener.members)),
        listeners=(listener,),
        backends=tuple(backends),
    )
    return Expression(
        intent=intent,
        modes=modes if modes is not None else {b.id: TargetMode.POD for b in backends},
        observed=Observed(resources={r.address: r for r in observed}),
        limits=limits.merge(account or {}),
        settings=Settings(identity=IDENTITY),
    )


def group_address(backend: BackendId, mode: str = "pod", *, generation: int = 1) -> str:
    """Return the address of a backend's target group in the group ``edge``."""
    tgid = addresses.target_group_id(backend, mode, explicit=True)
    return addresses.target_group(GROUP, tgid, generation=generation)


def express(
    listener: ListenerIntent,
    *,
    members: Sequence[Member] | None = None,
    observed: Sequence[ObservedResource] = (),
    kept: Sequence[Resource] = (),
    account: Mapping[str, int] | None = None,
    compatibility: Compatibility = Compatibility.KUBERNETES,
    without: Sequence[BackendId] = (),
    foreign: Mapping[str, str] = NO_STRINGS,
) -> rules.ListenerRules:
    """Return the rules of a listener whose backends, but for ``without``, have target groups."""
    actions = [rule.action for rule in listener.rules]
    actions += [listener.default]
    actions += [m.default_backend for m in members or () if m.default_backend is not None]
    ids = {
        weighted.backend
        for action in actions
        if isinstance(action, Forward)
        for weighted in action.backends
    }
    return rules.listener_rules(
        a_request(
            listener,
            members=members,
            observed=observed,
            account=account,
            compatibility=compatibility,
        ),
        listener,
        target_groups={b: group_address(b) for b in ids if b not in without},
        kept=tuple(kept),
        foreign=foreign,
    )


def incumbent(
    listener: ListenerIntent,
    *,
    members: Sequence[Member] | None = None,
    observed: Sequence[ObservedResource] = (),
    account: Mapping[str, int] | None = None,
) -> rules.ListenerRules:
    """Return the rules of a listener in the reading of AWS Load Balancer Controller."""
    return express(
        listener,
        members=members,
        observed=observed,
        account=account,
        compatibility=Compatibility.INCUMBENT,
    )


def field(resource: Resource, name: str) -> Json:
    """Return a field of a resource's spec as plain JSON."""
    return to_json(resource.spec.get(name))


def seen(resource: Resource, **outputs: str) -> ObservedResource:
    """Return a desired resource as it would be observed once it exists."""
    priority = resource.spec.get("Priority")
    return ObservedResource(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        name=resource.name if isinstance(resource.name, str) else "",
        ingresses=resource.ingresses,
        spec=resource.spec,
        outputs=outputs,
        title=resource.title,
        order=priority if isinstance(priority, int) else 0,
    )


def titles(result: rules.ListenerRules) -> list[str]:
    """Return what the rules are for, in order."""
    return [resource.title for resource in result.resources]


def codes(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """Return the codes of diagnostics."""
    return [diagnostic.code for diagnostic in diagnostics]


def conditions_of(resource: Resource) -> dict[str, tuple[str, ...]]:
    """Return a rule's condition values by field."""
    found: dict[str, tuple[str, ...]] = {}
    listed = resource.spec["Conditions"]
    assert isinstance(listed, tuple)
    for condition in listed:
        assert isinstance(condition, Mapping)
        config = next(v for k, v in condition.items() if k.endswith("Config"))
        assert isinstance(config, Mapping)
        values = next(value for value in config.values() if isinstance(value, tuple))
        found[str(condition["Field"])] = tuple(str(value) for value in values)
    return found


def answer(result: rules.ListenerRules, host: str, path: str) -> str:
    """Return the title of the rule that an ALB would choose, "" for the default action."""
    for resource in result.resources:
        found = conditions_of(resource)
        if _host_matches(found.get("host-header"), host) and _path_matches(
            found.get("path-pattern"), path
        ):
            return resource.title
    return ""


def _host_matches(values: Sequence[str] | None, host: str) -> bool:
    if values is None:
        return True
    return any(
        re.search(value, host) if value.startswith("^") else fnmatchcase(host.lower(), value)
        for value in values
    )


def _path_matches(values: Sequence[str] | None, path: str) -> bool:
    return values is None or any(fnmatchcase(path, value) for value in values)


AWS_DIFF = DiffRules(
    immutable={"TargetGroup": targets.IMMUTABLE}, create_only={"TargetGroup": targets.CREATE_ONLY}
)


def changes(
    desired: Sequence[Resource], observed: Sequence[ObservedResource]
) -> tuple[Change, ...]:
    """Return what the core says differs."""
    return diff(desired, observed, AWS_DIFF)


def some_room(
    account: Mapping[str, int] | None = None,
    used: Mapping[tuple[str, str], int] | None = None,
) -> StepRoom:
    """Return limits and what is used of them."""
    return StepRoom(limits=limits.merge(account or {}), used=used or {})


def some_limits(**account: int) -> Limits:
    """Return limits; keywords spell limit names with underscores."""
    return limits.merge({name.replace("_", "-"): value for name, value in account.items()})


def with_spec(resource: ObservedResource, spec: Spec) -> ObservedResource:
    """Return an observed resource with another spec."""
    return replace(resource, spec=spec)


def only_entry(resource: Resource, name: str) -> Mapping[str, Json]:
    """Return the one entry of a list in a resource's spec as plain JSON."""
    listed = field(resource, name)
    assert isinstance(listed, list)
    [entry] = listed
    assert isinstance(entry, dict)
    return entry

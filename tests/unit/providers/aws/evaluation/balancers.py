"""Small load balancers made by hand: listeners, rules and target groups as resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from providers.aws import addresses
from providers.aws.addresses import Kind
from provisioner.model.kube import Key
from provisioner.model.resource import PlainInput, Ref, Resource, Spec, Unknown, freeze_spec

GROUP = "shop/web"

Plain = Mapping[str, PlainInput]


def a_listener(
    *default: Plain, port: int = 80, protocol: str = "HTTP", group: str = GROUP
) -> Resource:
    """Return a listener; without actions it answers 404."""
    return Resource(
        kind=Kind.LISTENER.value,
        address=addresses.listener(group, port),
        group=group,
        spec=freeze_spec(
            {
                "Port": port,
                "Protocol": protocol,
                "DefaultActions": list(default) or [fixed(404)],
            }
        ),
    )


def a_rule(
    priority: int,
    conditions: Sequence[Spec],
    *actions: Plain,
    port: int = 80,
    group: str = GROUP,
    transforms: Sequence[Plain] = (),
) -> Resource:
    """Return a rule; without actions it answers 200."""
    spec: dict[str, PlainInput] = {
        "ListenerArn": Ref(addresses.listener(group, port), "ListenerArn"),
        "Priority": priority,
        "Conditions": list(conditions),
        "Actions": list(actions) or [fixed(200)],
    }
    if transforms:
        spec["Transforms"] = list(transforms)
    return Resource(
        kind=Kind.LISTENER_RULE.value,
        address=addresses.listener_rule(group, port, str(priority)),
        group=group,
        ingresses=(Key("shop", "web"),),
        title=f"rule {priority}",
        spec=freeze_spec(spec),
    )


def fixed(status: int) -> Plain:
    """Return an action that answers directly."""
    config = {"StatusCode": str(status), "ContentType": "text/plain"}
    return {"Type": "fixed-response", "FixedResponseConfig": config}


def forward(*services: str, group: str = GROUP, **more: PlainInput) -> Plain:
    """Return an action that forwards to ``service:port`` each, or ``service:port*weight``."""
    entries: list[PlainInput] = []
    for text in services:
        backend, _, weight = text.partition("*")
        arn = Ref(addresses.target_group(group, f"{backend}/pod"), "TargetGroupArn")
        entries.append({"TargetGroupArn": arn, **({"Weight": int(weight)} if weight else {})})
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": entries, **more}}


def some_targets(
    backend: str, *targets: str, group: str = GROUP, unknown: bool = False
) -> tuple[Resource, Resource]:
    """Return the target group of a backend and its targets, ``id:port`` each."""
    address = addresses.target_group(group, f"{backend}/pod")
    listed: list[PlainInput] = []
    for text in targets:
        name, _, port = text.partition(":")
        listed.append({"Id": name, "Port": int(port)})
    made = Resource(
        kind=Kind.TARGET_GROUP.value,
        address=address,
        group=group,
        ingresses=(Key("shop", "web"),),
    )
    registered = Resource(
        kind=Kind.TARGETS.value,
        address=addresses.targets_of(address),
        group=group,
        spec=freeze_spec({"Targets": Unknown("endpoints") if unknown else listed}),
    )
    return made, registered

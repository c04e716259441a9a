"""What a case expects: the short notation of the corpus spelled out as whole resources.

A resource stands under ``<Kind> <id>`` and starts from the plain one of its kind (``kinds`` of
``parts.yaml``), so that a case says what differs. ``null`` takes a field, or a resource of a part
that the case is *like*, away. Nothing is computed but what the notation stands for:

* ``tags`` are tags of users; the three ownership tags stand beside them, with the ``role`` that
  resources of the kind have;
* ``SecurityGroups`` says ``frontend`` and ``backend`` for the groups that the controller makes;
* ``when`` and ``do`` are conditions and actions: ``{host: [...]}``, ``{path: [...]}``,
  ``{forward: svc-1:80}``, ``{fixed: 503, body: ...}``; whoever wants others writes them as the API
  has them;
* ``targets`` of a target group are what is registered with it, as ``<id>:<port>``; both nodes on
  the group's own port where nothing is said;
* what an API leaves open is spelled out as AWS fills it in: parts of a redirect that are kept, the
  content type of a fixed response;
* ``later`` is a value that is known after apply alone;
* ``nodes: 30001-30002`` is the rule on the security group of the nodes.

Order counts wherever the incumbent or AWS keeps one (conditions, values, actions, security groups);
what has none in AWS stands sorted (subnets, attributes, targets, target groups of a forward).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Fields = Mapping[str, object]
Group = Mapping[str, Fields | None]

CLUSTER: Final = "cluster-dummy"
SHARED: Final = "shared"
LATER: Final = "later"
NODES: Final = ("i-0aaaa", "i-0bbbb")
_REDIRECT: Final = {
    "Protocol": "#{protocol}",
    "Host": "#{host}",
    "Port": "#{port}",
    "Path": "/#{path}",
    "Query": "#{query}",
}
_SLUGS: Final = {
    "LoadBalancer": "load-balancer",
    "SecurityGroup": "security-group",
    "Listener": "listener",
    "TargetGroup": "target-group",
    "NetworkLoadBalancer": "network-load-balancer",
    "NetworkListener": "network-listener",
    "NetworkTargetGroup": "network-target-group",
}


_ROLES: Final = {
    "LoadBalancer": "LoadBalancer",
    "SecurityGroup": "ManagedLBSecurityGroup",
    "Listener": "{}",
    "ListenerRule": "{}",
    "NetworkLoadBalancer": "FrontendNlb",
    "NetworkListener": "FrontendNlb-ls-TCP-{}",
    "NetworkTargetGroup": "FrontendNlb-tg-TCP-{}",
}
"""What the role of a resource is, by its kind and id."""


class ResourceOf:
    """Spells the resources of one load balancer out."""

    def __init__(self, group: str, kinds: Mapping[str, Fields], *, members: list[str]) -> None:
        self.group = group
        self.kinds = kinds
        self.members = members

    def spelled(self, resources: Mapping[str, Fields]) -> dict[str, dict[str, object]]:
        """Return whole resources, and the targets of those that are target groups."""
        found = {}
        for identity, short in resources.items():
            fields = {**self.kinds.get(identity.partition(" ")[0], {}), **short}
            targets = fields.pop("targets", None)
            found[identity] = self._resource(identity, fields)
            if identity.startswith("TargetGroup "):
                address = identity.replace("TargetGroup", "Targets", 1)
                registered = {"Targets": _targets(targets, fields["Port"]), "of": fields.get("of")}
                found[address] = self._resource(address, registered)
        return found

    def _resource(self, identity: str, fields: Fields) -> dict[str, object]:
        """Return a whole resource: its name, whose it is, and its fields."""
        kind, _, id_ = identity.partition(" ")
        fields = {key: value for key, value in fields.items() if value is not None}
        members = fields.pop("of", self.members)
        user = fields.pop("tags", {})
        role = fields.pop("role", None) or self._role(kind, id_)
        if kind == "ListenerRule":
            fields["ListenerArn"] = self._ref("Listener", id_.split(":")[0])
            fields["Priority"] = int(id_.split(":")[1])
        found = {key: self._value(key, value) for key, value in fields.items()}
        found = {_LONG.get(key, key): value for key, value in found.items()}
        found |= self._parents(kind, id_)
        if isinstance(user, dict) and kind in _TAGGED:
            found["Tags"] = {**user, **self._own(str(role))}
        found["(name)"] = found.get("Name", found.get("GroupName", ""))
        found["(ingresses)"] = members
        return found

    def _parents(self, kind: str, id_: str) -> dict[str, object]:
        match kind:
            case "Listener":
                return {"LoadBalancerArn": self._ref("LoadBalancer"), "Port": int(id_)}
            case "ListenerCertificate":
                return {"ListenerArn": self._ref("Listener", id_.partition(" ")[0])}
            case "Targets":
                return {"TargetGroupArn": self._ref("TargetGroup", id_)}
            case "NetworkListener":
                return self._network_listener(id_)
            case "NetworkTargets":
                return {"TargetGroupArn": self._ref("NetworkTargetGroup", id_)}
            case "WebACLAssociation" | "RegionalWebACLAssociation" | "Protection":
                return {"ResourceArn": self._ref("LoadBalancer")}
            case "SecurityGroupRule" if id_.startswith("frontend/"):
                return {"GroupId": self._ref("SecurityGroup", "frontend")}
        return {}

    def _network_listener(self, port: str) -> dict[str, object]:
        group = self._ref("NetworkTargetGroup", port)
        return {
            "LoadBalancerArn": self._ref("NetworkLoadBalancer"),
            "Port": int(port),
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}],
        }

    def _value(self, key: str, value: object) -> object:
        if value == LATER:
            return None
        if key == "SecurityGroups" and isinstance(value, list):
            return [self._security_group(item) for item in value]
        if key == "when" and isinstance(value, list):
            return [_condition(item) for item in value]
        if key in {"do", "default"} and isinstance(value, list):
            actions = [self._action(item) for item in value]
            if len(actions) > 1:
                return [{**a, "Order": n} for n, a in enumerate(actions, start=1)]
            return actions
        return value

    def _security_group(self, word: object) -> object:
        if word == "frontend":
            return self._ref("SecurityGroup", "frontend")
        if word == "backend":
            return backend_group()
        return word

    def _action(self, short: Mapping[str, object]) -> dict[str, object]:
        if "Type" in short:
            return dict(short)
        if "forward" in short:
            return self._forward(short)
        if "redirect" in short:
            config = short["redirect"]
            assert isinstance(config, dict)
            return {"Type": "redirect", "RedirectConfig": {**_REDIRECT, **config}}
        answer = {"StatusCode": str(short["fixed"])}
        answer |= {"ContentType": str(short["type"])} if "type" in short else {}
        answer |= {"MessageBody": str(short["body"])} if "body" in short else {}
        return {"Type": "fixed-response", "FixedResponseConfig": answer}

    def _forward(self, short: Mapping[str, object]) -> dict[str, object]:
        """Return a forward: one target group, or ``{<target group>: weight}`` of several."""
        wanted = short["forward"]
        config: dict[str, object] = {}
        if isinstance(wanted, dict):
            config["TargetGroups"] = [
                {"TargetGroupArn": self._target_group(name), "Weight": weight}
                for name, weight in wanted.items()
            ]
        else:
            config["TargetGroups"] = [{"TargetGroupArn": self._target_group(str(wanted))}]
        if "sticky" in short:
            config["TargetGroupStickinessConfig"] = {
                "Enabled": True,
                "DurationSeconds": short["sticky"],
            }
        return {"Type": "forward", "ForwardConfig": config}

    def _target_group(self, name: str) -> object:
        if name.startswith("arn:"):
            return name
        return self._ref("TargetGroup", name if name.endswith("/pod") else f"{name}/node-port")

    def _ref(self, kind: str, id_: str = "") -> dict[str, str]:
        attribute = "GroupId" if kind == "SecurityGroup" else f"{kind}Arn"
        attribute = attribute.removeprefix("Network")
        place = f"{self.group}/{id_}" if id_ else self.group
        return {"ref": f"aws:{_SLUGS[kind]}/{place}.{attribute}"}

    def _own(self, role: str) -> dict[str, str]:
        """Return the tags by which the incumbent finds its resources."""
        if not role:
            return {}
        if self.group == SHARED:
            return {"elbv2.k8s.aws/cluster": CLUSTER, "elbv2.k8s.aws/resource": role}
        return {
            "elbv2.k8s.aws/cluster": CLUSTER,
            "ingress.k8s.aws/stack": self.group,
            "ingress.k8s.aws/resource": role,
        }

    def _role(self, kind: str, id_: str) -> str:
        """Return what the incumbent's tag says that a resource is for."""
        if self.group == SHARED:
            return "backend-sg" if kind == "SecurityGroup" else ""
        if kind == "TargetGroup":
            return self._target_group_role(id_)
        return _ROLES.get(kind, "").format(id_)

    def _target_group_role(self, id_: str) -> str:
        """Return ``<namespace>/<ingress>-<service>:<port>``."""
        *ingress, service, _ = id_.split("/")
        return f"{'/'.join(ingress) or self.group}-{service}"


_LONG: Final = {"when": "Conditions", "do": "Actions", "default": "DefaultActions"}
_TAGGED: Final = frozenset(
    {
        "LoadBalancer",
        "SecurityGroup",
        "SecurityGroupRule",
        "Listener",
        "ListenerRule",
        "TargetGroup",
        "NetworkLoadBalancer",
        "NetworkListener",
        "NetworkTargetGroup",
        "Certificate",
    }
)


def backend_group() -> dict[str, str]:
    """Return the id of the security group that all load balancers of the cluster share."""
    return {"ref": "aws:security-group/shared/incumbent-backend.GroupId"}


def node_rule(ports: str) -> tuple[str, Fields]:
    """Return the rule on the security group of the nodes: ``30001`` or ``30001-30002``."""
    first, _, last = ports.partition("-")
    span = f"{first}-{last or first}"
    permission = {
        "IpProtocol": "tcp",
        "FromPort": int(first),
        "ToPort": int(last or first),
        "UserIdGroupPairs": [
            {
                "GroupId": backend_group(),
                "Description": "elbv2.k8s.aws/targetGroupBinding=shared",
            }
        ],
    }
    fields = {"GroupId": "sg-0nodes", "IpPermissions": [permission], "of": []}
    return f"SecurityGroupRule sg-0nodes/{span}-incumbent", fields


def _targets(texts: object, port: object) -> list[dict[str, object]] | str:
    """Return what is registered with a target group."""
    if texts == LATER:
        return LATER
    listed = texts if isinstance(texts, list) else [f"{node}:{port}" for node in NODES]
    return [
        {"Id": text.rpartition(":")[0], "Port": int(text.rpartition(":")[2])} for text in listed
    ]


def _condition(short: Mapping[str, object]) -> Mapping[str, object]:
    """Return a condition on host or path; any other is written as it is."""
    if "host" in short:
        return {"Field": "host-header", "HostHeaderConfig": {"Values": short["host"]}}
    if "path" in short:
        return {"Field": "path-pattern", "PathPatternConfig": {"Values": short["path"]}}
    if "path-regex" in short:
        config = {"RegexValues": short["path-regex"]}
        return {"Field": "path-pattern", "PathPatternConfig": config}
    return short

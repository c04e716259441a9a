"""Hand-built plans: one of everything a renderer must show."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.model.change import Action, Call, FieldChange, Step, Wait, WaitFor
from provisioner.model.diagnostic import Diagnostic, error, info, warning
from provisioner.model.intent import BackendId, Quarantined, TargetMode
from provisioner.model.kube import Key
from provisioner.model.limits import Limit, LimitSource, Usage
from provisioner.model.plan import (
    BackendMode,
    InputFile,
    Inputs,
    LoadBalancerPlan,
    ModeDecision,
    ModeSum,
    Plan,
)
from provisioner.model.resource import (
    PlainInput,
    Ref,
    Resource,
    Unknown,
    freeze,
    freeze_spec,
)

WEB = Key("shop", "web")
OLD = "aws:target-group/shop/web/web:80/node-port"
NEW = "aws:target-group/shop/web/web:80/pod"
RULE = "aws:listener-rule/shop/web/80/0123456789"


def field(path: str, before: PlainInput, after: PlainInput) -> FieldChange:
    """Return a field change made of plain values."""
    return FieldChange(path=path, before=freeze(before), after=freeze(after))


def calls(**counts: int) -> tuple[Call, ...]:
    """Return calls by operation and count."""
    return tuple(
        Call(service="elbv2", operation=name, parameters={}, address="aws:x/y")
        for name, count in counts.items()
        for _ in range(count)
    )


def forward(*groups: str) -> PlainInput:
    """Return a forward action to target groups, weighted where there are several."""
    weights = [{}] if len(groups) == 1 else [{"Weight": 1}, {"Weight": 0}]
    members: list[PlainInput] = [
        {"TargetGroupArn": Ref(address, "TargetGroupArn"), **weight}
        for address, weight in zip(groups, weights, strict=True)
    ]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": members}}]


def conditions(host: str, *paths: str) -> PlainInput:
    """Return rule conditions for a host and paths."""
    return [
        {"Field": "host-header", "HostHeaderConfig": {"Values": [host]}},
        {"Field": "path-pattern", "PathPatternConfig": {"Values": list(paths)}},
    ]


def tags(**user: str) -> PlainInput:
    """Return tags with one mark of ours."""
    mark = {"Key": "ingress-provisioner.io/owner", "Value": "prod/uid/default"}
    return [mark, *({"Key": key, "Value": value} for key, value in sorted(user.items()))]


def permission(last: int, cidr: str) -> PlainInput:
    """Return a security group permission from port 80."""
    ranges: PlainInput = [{"CidrIp": cidr}]
    return [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": last, "IpRanges": ranges}]


def target(number: int, port: int = 8080) -> PlainInput:
    """Return a pod target."""
    return {"Id": f"10.0.0.{number}", "Port": port}


def step(action: Action, kind: str, address: str, **more: object) -> Step:
    """Return a step of load balancer shop/web."""
    given: dict[str, object] = {
        "id": address,
        "action": action,
        "kind": kind,
        "address": address,
        "group": "shop/web",
        "ingresses": (WEB,),
        **more,
    }
    return Step(**given)  # type: ignore[arg-type]  # a builder: the test names real fields


def create_load_balancer() -> Step:
    """Return the creation of a load balancer, with references, tags and unknown values."""
    return step(
        Action.CREATE,
        "LoadBalancer",
        "aws:load-balancer/shop/web",
        name="ipr-shop-web-0123456789",
        reason="does not exist",
        fields=(
            field("Attributes", None, [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}]),
            field("Name", None, "ipr-shop-web-0123456789"),
            field("Scheme", None, "internal"),
            field(
                "SecurityGroups",
                None,
                [Ref("aws:security-group/shop/web/frontend", "GroupId"), "sg-1"],
            ),
            field("Subnets", None, Unknown("which subnets there are")),
            field("Tags", None, tags(team="shop")),
        ),
        calls=calls(CreateLoadBalancer=1, ModifyLoadBalancerAttributes=1),
    )


def create_targets() -> Step:
    """Return the registration of twelve targets."""
    return step(
        Action.CREATE,
        "Targets",
        "aws:targets/shop/web/web:80/pod",
        fields=(
            field("TargetGroupArn", None, Ref(NEW, "TargetGroupArn")),
            field("Targets", None, [target(n) for n in range(1, 13)]),
        ),
        calls=calls(RegisterTargets=1),
        after=(NEW,),
    )


def create_rule() -> Step:
    """Return the creation of a rule."""
    return step(
        Action.CREATE,
        "ListenerRule",
        RULE,
        fields=(
            field("Actions", None, forward(NEW)),
            field("Conditions", None, conditions("shop.example.com", "/cart", "/cart/*")),
            field("Priority", None, 100),
        ),
        calls=calls(CreateRule=1),
        after=(NEW, "aws:load-balancer/shop/web"),
    )


def shift() -> Step:
    """Return the stage of a backend switch that moves the weight."""
    return step(
        Action.UPDATE,
        "ListenerRule",
        RULE,
        id=f"{RULE}#shift",
        title="shop.example.com /cart -> web:80",
        reason="the target mode of web:80 changes",
        fields=(field("Actions", forward(OLD, NEW), forward(NEW, OLD)),),
        calls=calls(ModifyRule=1),
        wait=WaitFor(kind=Wait.HEALTHY, on=(NEW,), instead_of=(OLD,)),
    )


def delete_target_group() -> Step:
    """Return the deletion of the old target group."""
    return step(
        Action.DELETE,
        "TargetGroup",
        OLD,
        name="ipr-shop-web-9876543210",
        reason="no rule uses it any more",
        fields=(field("Port", 30080, None),),
        calls=calls(DeleteTargetGroup=1),
        after=(f"{RULE}#shift",),
        wait=WaitFor(kind=Wait.DRAINED, on=(OLD,)),
    )


def noop() -> Step:
    """Return a resource that stays as it is."""
    return step(Action.NOOP, "Listener", "aws:listener/shop/web/80")


def resource(kind: str, address: str, spec: Mapping[str, PlainInput], **more: object) -> Resource:
    """Return a desired resource of shop/web."""
    given: dict[str, object] = {
        "kind": kind,
        "address": address,
        "group": "shop/web",
        "ingresses": (WEB,),
        "spec": freeze_spec(spec),
        **more,
    }
    return Resource(**given)  # type: ignore[arg-type]  # a builder: the test names real fields


def resources() -> tuple[Resource, ...]:
    """Return a small load balancer, from listener to targets."""
    listener = Ref("aws:listener/shop/web/80", "ListenerArn")
    return (
        resource("LoadBalancer", "aws:load-balancer/shop/web", {"Scheme": "internal"}),
        resource(
            "Listener",
            "aws:listener/shop/web/80",
            {
                "LoadBalancerArn": Ref("aws:load-balancer/shop/web", "LoadBalancerArn"),
                "Protocol": "HTTP",
                "Port": 80,
            },
        ),
        resource(
            "ListenerRule",
            RULE,
            {
                "ListenerArn": listener,
                "Priority": 100,
                "Conditions": conditions("shop.example.com", "/cart"),
                "Actions": forward(NEW),
            },
        ),
        resource(
            "TargetGroup", NEW, {"Protocol": "HTTP", "Tags": tags(team="shop")}, name=Unknown("uid")
        ),
        resource(
            "Targets",
            "aws:targets/shop/web/web:80/pod",
            {"TargetGroupArn": Ref(NEW, "TargetGroupArn"), "Targets": [target(1), target(2)]},
        ),
    )


def usage(name: str, used: int, limit: int, **more: object) -> Usage:
    """Return the usage of a limit."""
    given: dict[str, object] = {
        "limit": Limit(
            name=name,
            value=limit,
            source=LimitSource.ACCOUNT,
            adjustable=True,
            label=name.replace("-", " "),
        ),
        "subject": "load balancer shop/web",
        "used": used,
        "peak": used,
        **more,
    }
    return Usage(**given)  # type: ignore[arg-type]  # a builder: the test names real fields


def decision() -> ModeDecision:
    """Return a target mode with both sums."""
    return ModeDecision(
        mode="pod",
        reason="pods are routable and both limits hold",
        considered=(
            ModeSum(
                mode=TargetMode.POD,
                targets=(8, 8),
                largest=(5, 5),
                targets_limit=1000,
                largest_limit=1000,
                arithmetic="5 + 3 pods",
            ),
            ModeSum(
                mode=TargetMode.NODE_PORT,
                targets=(2, None),
                largest=(1, None),
                targets_limit=1000,
                largest_limit=500,
                arithmetic="2 Services x 1 or more nodes",
            ),
        ),
        backends=(
            BackendMode(
                backend=BackendId(ingress=WEB, service=Key("shop", "web"), port="80"),
                mode=TargetMode.POD,
                source="auto",
            ),
        ),
    )


def mistake() -> Diagnostic:
    """Return an error on an Ingress of the load balancer."""
    return error(
        "BACKEND-NO-SERVICE",
        "Ingress shop/admin",
        field="spec.rules[0].http.paths[1].backend.service.name",
        message="There is no Service shop/admin.",
        hint="Create the Service, or correct the name.",
        ingress=Key("shop", "admin"),
    )


def part(**more: object) -> LoadBalancerPlan:
    """Return load balancer shop/web."""
    given: dict[str, object] = {
        "group": "shop/web",
        "digest": "sha256:part",
        "applyable": True,
        "ingresses": (WEB,),
        **more,
    }
    return LoadBalancerPlan(**given)  # type: ignore[arg-type]  # a builder: the test names real fields


def shared(**more: object) -> LoadBalancerPlan:
    """Return the shared part."""
    given: dict[str, object] = {
        "group": "shared",
        "digest": "sha256:shared",
        "applyable": True,
        **more,
    }
    return LoadBalancerPlan(**given)  # type: ignore[arg-type]  # a builder: the test names real fields


def plan(*parts: LoadBalancerPlan, **more: object) -> Plan:
    """Return a plan of these load balancers."""
    given: dict[str, object] = {
        "provider": "aws",
        "cluster_name": "prod",
        "digest": "sha256:plan",
        "applyable": True,
        "load_balancers": parts,
        "shared": shared(),
        **more,
    }
    return Plan(**given)  # type: ignore[arg-type]  # a builder: the test names real fields


def rich_plan() -> Plan:
    """Return a plan with one of everything."""
    wrong = mistake()
    web = part(
        ingresses=(Key("shop", "admin"), WEB),
        quarantined=(Quarantined(ingress=Key("shop", "admin"), path="", diagnostic=wrong),),
        kept=(Key("shop", "legacy"),),
        mode=decision(),
        steps=(
            create_load_balancer(),
            create_targets(),
            create_rule(),
            shift(),
            noop(),
            delete_target_group(),
        ),
        usages=(
            usage(
                "rules-per-application-load-balancer", 60, 100, peak=61, parts=(("shop/web", 60),)
            ),
            usage("targets-per-application-load-balancer", 12, 1000),
        ),
        resources=resources(),
    )
    remarks = (
        warning(
            "PATH-UNREACHABLE", "Ingress shop/web", message="Path /b can never match.", field="b"
        ),
        info("CLASS-NOT-OURS", "Ingress shop/nginx", message="Class nginx is not ours."),
        wrong,
    )
    inputs = Inputs(
        files=(InputFile(path="k8s/web.yaml", sha256="0" * 64),),
        cluster="prod-context",
        options=(("cluster-name", "prod"), ("prune", "true")),
    )
    opening = step(
        Action.UPDATE,
        "SecurityGroupRule",
        "aws:security-group-rule/shared/sg-1/8080-8080",
        group="shared",
        fields=(
            field(
                "IpPermissions",
                permission(80, "10.0.0.0/8"),
                permission(443, "0.0.0.0/0"),
            ),
            field("Tags", tags(team="shop"), tags(team="web", cost="1")),
        ),
        calls=calls(AuthorizeSecurityGroupIngress=1),
    )
    return plan(web, shared=shared(steps=(opening,)), diagnostics=remarks, inputs=inputs)

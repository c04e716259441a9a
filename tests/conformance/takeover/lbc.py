"""An account as AWS Load Balancer Controller leaves it, made with plain boto3 calls.

Every name, tag, condition, health check and permission is a literal, written from that controller's
formulas (names end in ten digits of SHA-256, computed with ``sha256sum``). Nothing here comes from
our own code, or a test would compare that code with itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.account import Account, give_pod_addresses

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import TagSpecificationTypeDef
    from types_boto3_ec2.type_defs import TagTypeDef as Ec2Tag
    from types_boto3_elbv2.literals import ProtocolEnumType, TargetTypeEnumType
    from types_boto3_elbv2.type_defs import ActionTypeDef, RuleConditionTypeDef, TagTypeDef

CLUSTER = "cluster-dummy"
RULE_LABEL = "elbv2.k8s.aws/targetGroupBinding=shared"
ANYONE = "0.0.0.0/0"


def tags(stack: str, resource: str, **more: str) -> list[TagTypeDef]:
    """Return the three tags of that controller, and others."""
    pairs = {
        "elbv2.k8s.aws/cluster": CLUSTER,
        "ingress.k8s.aws/stack": stack,
        "ingress.k8s.aws/resource": resource,
        **more,
    }
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pods:
    """Addresses of pods, by Service."""

    shop: str
    blue: str
    green: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a test wants to point at afterwards: names of target groups to their ARNs."""

    pods: Pods
    target_groups: dict[str, str]
    certificates: tuple[str, ...]
    rules: dict[str, str]
    load_balancers: dict[str, str]


class Lbc:
    """Makes what that controller makes, in its order."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.elbv2 = account.login.elbv2()
        self.ec2 = account.login.ec2()
        self.target_groups: dict[str, str] = {}
        self.rules: dict[str, str] = {}
        self.load_balancers: dict[str, str] = {}
        addresses = give_pod_addresses(account, 3)
        self.pods = Pods(
            shop=addresses[0].address, blue=addresses[1].address, green=addresses[2].address
        )

    def make(self) -> Made:
        """Make everything: the shared group, one implicit and one explicit group."""
        backend = self.backend_group()
        self.implicit(backend)
        self.explicit(backend)
        self.node_rule(backend, 8080, 30090)
        return Made(
            pods=self.pods,
            target_groups=self.target_groups,
            certificates=tuple(each.arn for each in self.account.certificates),
            rules=self.rules,
            load_balancers=self.load_balancers,
        )

    def backend_group(self) -> str:
        """Make the security group that all load balancers of the cluster carry."""
        shared: list[TagTypeDef] = [
            {"Key": "elbv2.k8s.aws/cluster", "Value": CLUSTER},
            {"Key": "elbv2.k8s.aws/resource", "Value": "backend-sg"},
        ]
        return self.ec2.create_security_group(
            GroupName="k8s-traffic-clusterdummy-1fa64436d7",
            Description="[k8s] Shared Backend SecurityGroup for LoadBalancer",
            VpcId=self.account.vpc_id,
            TagSpecifications=_tagged(shared),
        )["GroupId"]

    def node_rule(self, backend: str, first: int, last: int) -> None:
        """Let the backend group in on the nodes: one range over all target groups."""
        self.ec2.authorize_security_group_ingress(
            GroupId=self.account.node_group_id,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": first,
                    "ToPort": last,
                    "UserIdGroupPairs": [{"GroupId": backend, "Description": RULE_LABEL}],
                }
            ],
        )

    def frontend_group(self, name: str, stack: str, ports: tuple[int, ...], **more: str) -> str:
        """Make the security group that lets clients in."""
        group = self.ec2.create_security_group(
            GroupName=name,
            Description="[k8s] Managed SecurityGroup for LoadBalancer",
            VpcId=self.account.vpc_id,
            TagSpecifications=_tagged(tags(stack, "ManagedLBSecurityGroup", **more)),
        )["GroupId"]
        self.ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": port,
                    "ToPort": port,
                    "IpRanges": [{"CidrIp": ANYONE}],
                }
                for port in ports
            ],
        )
        return group

    def target_group(
        self, name: str, stack: str, role: str, *, kind: TargetTypeEnumType, port: int
    ) -> str:
        """Make a target group with that controller's health check."""
        arn = self.elbv2.create_target_group(
            Name=name,
            TargetType=kind,
            Port=port,
            Protocol="HTTP",
            ProtocolVersion="HTTP1",
            VpcId=self.account.vpc_id,
            IpAddressType="ipv4",
            HealthCheckPort="traffic-port",
            HealthCheckProtocol="HTTP",
            HealthCheckPath="/",
            HealthCheckIntervalSeconds=15,
            HealthCheckTimeoutSeconds=5,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
            Matcher={"HttpCode": "200"},
            Tags=tags(stack, role),
        )["TargetGroups"][0]["TargetGroupArn"]
        self.target_groups[name] = arn
        return arn

    def listener(
        self,
        balancer: str,
        stack: str,
        port: int,
        default: ActionTypeDef,
        *,
        protocol: ProtocolEnumType = "HTTP",
        certificates: tuple[str, ...] = (),
        more: dict[str, str] | None = None,
    ) -> str:
        """Make a listener; the first certificate is the default one and is added once more."""
        secure = (
            {
                "SslPolicy": "ELBSecurityPolicy-2016-08",
                "Certificates": [{"CertificateArn": certificates[0]}],
            }
            if certificates
            else {}
        )
        arn = self.elbv2.create_listener(
            LoadBalancerArn=balancer,
            Port=port,
            Protocol=protocol,
            DefaultActions=[default],
            Tags=tags(stack, str(port), **(more or {})),
            **secure,  # type: ignore[arg-type]  # both fields or neither
        )["Listeners"][0]["ListenerArn"]
        for certificate in certificates:
            self.elbv2.add_listener_certificates(
                ListenerArn=arn, Certificates=[{"CertificateArn": certificate}]
            )
        return arn

    def rule(
        self,
        listener: str,
        stack: str,
        role: str,
        conditions: list[RuleConditionTypeDef],
        action: ActionTypeDef,
    ) -> None:
        """Make a rule; its role is ``<port>:<priority>``."""
        self.rules[f"{stack} {role}"] = self.elbv2.create_rule(
            ListenerArn=listener,
            Priority=int(role.partition(":")[2]),
            Conditions=conditions,
            Actions=[action],
            Tags=tags(stack, role),
        )["Rules"][0]["RuleArn"]

    def implicit(self, backend: str) -> None:
        """Make the load balancer of Ingress ns-1/ing-1: internet-facing, node ports, HTTP."""
        stack = "ns-1/ing-1"
        frontend = self.frontend_group("k8s-ns1-ing1-bd83176788", stack, (80,))
        first = self.target_group(
            "k8s-ns1-svca-d6ce4265dc", stack, "ns-1/ing-1-svc-a:80", kind="instance", port=30080
        )
        second = self.target_group(
            "k8s-ns1-svcb-3742a140d6", stack, "ns-1/ing-1-svc-b:http", kind="instance", port=30090
        )
        balancer = self.elbv2.create_load_balancer(
            Name="k8s-ns1-ing1-159dd7a143",
            Type="application",
            Scheme="internet-facing",
            IpAddressType="ipv4",
            Subnets=[subnet.subnet_id for subnet in self.account.public_subnets],
            SecurityGroups=[frontend, backend],
            Tags=tags(stack, "LoadBalancer"),
        )["LoadBalancers"][0]["LoadBalancerArn"]
        self.load_balancers[stack] = balancer
        listener = self.listener(balancer, stack, 80, forward(second))
        host = condition("host-header", "app.example.com")
        self.rule(
            listener,
            stack,
            "80:1",
            [host, condition("path-pattern", "/static/logo.png")],
            forward(second),
        )
        self.rule(
            listener,
            stack,
            "80:2",
            [host, condition("path-pattern", "/api", "/api/*")],
            forward(first),
        )
        for arn, port in ((first, 30080), (second, 30090)):
            self.elbv2.register_targets(
                TargetGroupArn=arn,
                Targets=[{"Id": node.instance_id, "Port": port} for node in self.account.nodes],
            )

    def explicit(self, backend: str) -> None:
        """Make the load balancer of group edge: internal, pods, HTTPS with a redirect to it."""
        stack = "edge"
        more = {"team": "web"}
        frontend = self.frontend_group("k8s-edge-e97fdba771", stack, (80, 443), **more)
        shop = self.target_group(
            "k8s-ns2-shop-97072d4685", stack, "ns-2/shop-shop:80", kind="ip", port=8080
        )
        blue = self.target_group(
            "k8s-ns2-blue-ce38f7358d", stack, "ns-2/web-blue:80", kind="ip", port=8080
        )
        green = self.target_group(
            "k8s-ns2-green-f965618986", stack, "ns-2/web-green:80", kind="ip", port=9090
        )
        for arn in (blue, green):
            self.elbv2.add_tags(ResourceArns=[arn], Tags=[{"Key": "team", "Value": "web"}])
        balancer = self.elbv2.create_load_balancer(
            Name="k8s-edge-94e92fa188",
            Type="application",
            Scheme="internal",
            IpAddressType="ipv4",
            Subnets=[subnet.subnet_id for subnet in self.account.private_subnets],
            SecurityGroups=[frontend, backend],
            Tags=tags(stack, "LoadBalancer", **more),
        )["LoadBalancers"][0]["LoadBalancerArn"]
        self.load_balancers[stack] = balancer
        self.elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=balancer,
            Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "120"}],
        )
        to_https: ActionTypeDef = {
            "Type": "redirect",
            "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
        }
        nothing: ActionTypeDef = {
            "Type": "fixed-response",
            "FixedResponseConfig": {"ContentType": "text/plain", "StatusCode": "404"},
        }
        self.listener(balancer, stack, 80, to_https, more=more)
        arns = tuple(each.arn for each in self.account.certificates)
        secure = self.listener(
            balancer, stack, 443, nothing, protocol="HTTPS", certificates=arns, more=more
        )
        weighted: ActionTypeDef = {
            "Type": "forward",
            "ForwardConfig": {
                "TargetGroups": [
                    {"TargetGroupArn": green, "Weight": 20},
                    {"TargetGroupArn": blue, "Weight": 80},
                ]
            },
        }
        self.rule(
            secure,
            stack,
            "443:1",
            [condition("host-header", "web.example.com"), condition("path-pattern", "/*")],
            weighted,
        )
        self.elbv2.add_tags(
            ResourceArns=[self.rules["edge 443:1"]], Tags=[{"Key": "team", "Value": "web"}]
        )
        self.rule(
            secure,
            stack,
            "443:2",
            [
                condition("host-header", "shop.example.com"),
                condition("path-pattern", "/cart", "/cart/*"),
            ],
            forward(shop),
        )
        for arn, address, port in (
            (shop, self.pods.shop, 8080),
            (blue, self.pods.blue, 8080),
            (green, self.pods.green, 9090),
        ):
            self.elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": address, "Port": port}])


def forward(arn: str) -> ActionTypeDef:
    """Return what that controller sends to forward to one target group."""
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": arn}]}}


def condition(field: str, *values: str) -> RuleConditionTypeDef:
    """Return a condition on host or path."""
    if field == "host-header":
        return {"Field": field, "HostHeaderConfig": {"Values": list(values)}}
    return {"Field": field, "PathPatternConfig": {"Values": list(values)}}


def _tagged(pairs: list[TagTypeDef]) -> list[TagSpecificationTypeDef]:
    listed: list[Ec2Tag] = [{"Key": tag["Key"], "Value": tag.get("Value", "")} for tag in pairs]
    return [{"ResourceType": "security-group", "Tags": listed}]

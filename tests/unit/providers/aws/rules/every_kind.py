"""One resource of every kind as express would spell it, and the operations that it takes."""

from __future__ import annotations

from collections.abc import Mapping

from providers.aws import addresses
from providers.aws.addresses import Kind
from providers.aws.routing.actions import forward_to
from provisioner.model.resource import PlainInput, Ref, Resource, freeze_spec
from tests.unit.providers.aws.rules.building import GROUP

TAGS: PlainInput = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
LOAD_BALANCER = addresses.load_balancer(GROUP)
SECURITY_GROUP = addresses.frontend_security_group(GROUP)
LISTENER = addresses.listener(GROUP, 443)
TARGET_GROUP = addresses.target_group(GROUP, "shop/web/web:80/pod")
RULE = addresses.listener_rule(GROUP, 443, "a")
WEB_ACL = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/edge/1"
PATH: PlainInput = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}


def a_resource(kind: Kind, address: str, **spec: PlainInput) -> Resource:
    """Return a resource with this spec."""
    return Resource(kind=kind.value, address=address, group=GROUP, spec=freeze_spec(spec))


def a_permission(*ranges: tuple[str, str]) -> PlainInput:
    """Return a permission for TCP 443 from (CIDR, description) pairs."""
    listed: list[PlainInput] = [{"CidrIp": cidr, "Description": text} for cidr, text in ranges]
    return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": listed}]


def in_front() -> dict[Kind, Resource]:
    """Return a network load balancer in front, part by part."""
    front = addresses.network_load_balancer(GROUP)
    group = addresses.network_target_group(GROUP, 443)
    return {
        Kind.NETWORK_LOAD_BALANCER: a_resource(
            Kind.NETWORK_LOAD_BALANCER,
            front,
            Name="ipr-edge-0123456789",
            Scheme="internal",
            Type="network",
            IpAddressType="ipv4",
            Subnets=["subnet-1", "subnet-2"],
            SecurityGroups=[Ref(SECURITY_GROUP, "GroupId")],
            Attributes=[{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}],
            Tags=TAGS,
        ),
        Kind.NETWORK_LISTENER: a_resource(
            Kind.NETWORK_LISTENER,
            addresses.network_listener(GROUP, 443),
            LoadBalancerArn=Ref(front, "LoadBalancerArn"),
            Protocol="TCP",
            Port=443,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": Ref(group, "TargetGroupArn")}],
            Tags=TAGS,
        ),
        Kind.NETWORK_TARGET_GROUP: a_resource(
            Kind.NETWORK_TARGET_GROUP,
            group,
            Name="ipr-edge-0123456789",
            TargetType="alb",
            Protocol="TCP",
            Port=443,
            VpcId="vpc-1",
            HealthCheckPath="/",
            Matcher={"HttpCode": "200"},
            Tags=TAGS,
        ),
        Kind.NETWORK_TARGETS: a_resource(
            Kind.NETWORK_TARGETS,
            addresses.network_targets_of(group),
            TargetGroupArn=Ref(group, "TargetGroupArn"),
            Targets=[{"Id": Ref(LOAD_BALANCER, "LoadBalancerArn"), "Port": 443}],
        ),
    }


def everything() -> dict[Kind, Resource]:
    """Return one resource of every kind, as express would spell it."""
    return {
        Kind.LOAD_BALANCER: a_resource(
            Kind.LOAD_BALANCER,
            LOAD_BALANCER,
            Name="ipr-edge-0123456789",
            Scheme="internal",
            Type="application",
            IpAddressType="ipv4",
            Subnets=["subnet-1", "subnet-2"],
            SecurityGroups=[Ref(SECURITY_GROUP, "GroupId"), "sg-1"],
            Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "30"}],
            Tags=TAGS,
        ),
        Kind.SECURITY_GROUP: a_resource(
            Kind.SECURITY_GROUP,
            SECURITY_GROUP,
            GroupName="ipr-edge",
            Description="Ingress Provisioner: clients of edge",
            VpcId="vpc-1",
            Tags=TAGS,
        ),
        Kind.SECURITY_GROUP_RULE: a_resource(
            Kind.SECURITY_GROUP_RULE,
            addresses.frontend_rule(GROUP, 443),
            GroupId=Ref(SECURITY_GROUP, "GroupId"),
            IpPermissions=a_permission(("10.0.0.0/8", "a"), ("0.0.0.0/0", "b")),
            Tags=TAGS,
        ),
        Kind.LISTENER: a_resource(
            Kind.LISTENER,
            LISTENER,
            LoadBalancerArn=Ref(LOAD_BALANCER, "LoadBalancerArn"),
            Protocol="HTTPS",
            Port=443,
            SslPolicy="ELBSecurityPolicy-2016-08",
            Certificates=[{"CertificateArn": "arn:c"}],
            DefaultActions=forward_to({TARGET_GROUP: 1}),
            Tags=TAGS,
        ),
        Kind.LISTENER_CERTIFICATE: a_resource(
            Kind.LISTENER_CERTIFICATE,
            addresses.listener_certificate(GROUP, 443, "arn:d"),
            ListenerArn=Ref(LISTENER, "ListenerArn"),
            Certificates=[{"CertificateArn": "arn:d"}],
        ),
        Kind.LISTENER_RULE: a_resource(
            Kind.LISTENER_RULE,
            RULE,
            ListenerArn=Ref(LISTENER, "ListenerArn"),
            Priority=100,
            Conditions=[PATH],
            Actions=forward_to({TARGET_GROUP: 1}),
            Tags=TAGS,
        ),
        Kind.TARGET_GROUP: a_resource(
            Kind.TARGET_GROUP,
            TARGET_GROUP,
            Name="ipr-shop-web-0123456789",
            TargetType="ip",
            Protocol="HTTP",
            ProtocolVersion="HTTP1",
            Port=8080,
            VpcId="vpc-1",
            HealthCheckEnabled=True,
            HealthCheckProtocol="HTTP",
            HealthCheckPort="traffic-port",
            HealthCheckPath="/",
            HealthCheckIntervalSeconds=15,
            HealthCheckTimeoutSeconds=5,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
            Matcher={"HttpCode": "200"},
            Attributes=[{"Key": "stickiness.enabled", "Value": "false"}],
            Tags=TAGS,
        ),
        Kind.TARGETS: a_resource(
            Kind.TARGETS,
            addresses.targets_of(TARGET_GROUP),
            TargetGroupArn=Ref(TARGET_GROUP, "TargetGroupArn"),
            Targets=[{"Id": f"10.0.0.{i}", "Port": 8080} for i in range(3)],
        ),
        Kind.WEB_ACL_ASSOCIATION: a_resource(
            Kind.WEB_ACL_ASSOCIATION,
            addresses.web_acl_association(GROUP),
            ResourceArn=Ref(LOAD_BALANCER, "LoadBalancerArn"),
            WebACLArn=WEB_ACL,
        ),
        Kind.CLASSIC_WEB_ACL_ASSOCIATION: a_resource(
            Kind.CLASSIC_WEB_ACL_ASSOCIATION,
            addresses.classic_web_acl_association(GROUP),
            ResourceArn=Ref(LOAD_BALANCER, "LoadBalancerArn"),
            WebACLId="0a1b2c3d",
        ),
        Kind.PROTECTION: a_resource(
            Kind.PROTECTION,
            addresses.protection(GROUP),
            ResourceArn=Ref(LOAD_BALANCER, "LoadBalancerArn"),
            Enabled=True,
        ),
        **in_front(),
        Kind.CERTIFICATE: a_resource(
            Kind.CERTIFICATE,
            addresses.certificate(GROUP, "shop.example.com"),
            DomainName="shop.example.com",
            ValidationMethod="DNS",
            Tags=TAGS,
        ),
    }


CHANGED: Mapping[Kind, Mapping[str, PlainInput]] = {
    Kind.LOAD_BALANCER: {
        "Subnets": ["subnet-1", "subnet-3"],
        "SecurityGroups": ["sg-2"],
        "IpAddressType": "dualstack",
        "Attributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}],
        "IpamPools": {"Ipv4IpamPoolId": "ipam-pool-2"},
        "MinimumLoadBalancerCapacity": {"CapacityUnits": 200},
        "Tags": [{"Key": "a", "Value": "9"}],
    },
    Kind.SECURITY_GROUP: {"Tags": [{"Key": "a", "Value": "9"}]},
    Kind.SECURITY_GROUP_RULE: {
        "IpPermissions": a_permission(("10.0.0.0/8", "reworded"), ("192.168.0.0/16", "c"))
    },
    Kind.LISTENER: {
        "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "MutualAuthentication": {"Mode": "passthrough"},
        "Attributes": [{"Key": "routing.http.response.server.enabled", "Value": "false"}],
        "Tags": [{"Key": "a", "Value": "1"}],
    },
    Kind.LISTENER_RULE: {
        "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/b"]}}],
        "Tags": [{"Key": "c", "Value": "1"}],
    },
    Kind.TARGET_GROUP: {
        "HealthCheckPath": "/healthz",
        "Matcher": {"HttpCode": "200-299"},
        "Attributes": [{"Key": "stickiness.enabled", "Value": "true"}],
        "Tags": [],
    },
    Kind.TARGETS: {"Targets": [{"Id": "10.0.0.9", "Port": 8080}]},
    Kind.WEB_ACL_ASSOCIATION: {"WebACLArn": ""},
    Kind.CLASSIC_WEB_ACL_ASSOCIATION: {"WebACLId": ""},
    Kind.PROTECTION: {"Enabled": False},
    Kind.NETWORK_LOAD_BALANCER: {
        "SubnetMappings": [{"SubnetId": "subnet-1", "AllocationId": "eipalloc-1"}],
        "SecurityGroups": ["sg-2"],
        "IpAddressType": "dualstack",
        "Attributes": [{"Key": "load_balancing.cross_zone.enabled", "Value": "false"}],
        "Tags": [{"Key": "a", "Value": "9"}],
    },
    Kind.NETWORK_LISTENER: {"DefaultActions": [], "Tags": [{"Key": "a", "Value": "1"}]},
    Kind.NETWORK_TARGET_GROUP: {"HealthCheckPath": "/ready", "Tags": []},
    Kind.NETWORK_TARGETS: {"Targets": [{"Id": "arn:other", "Port": 443}]},
}
UPDATES = {
    Kind.LOAD_BALANCER: [
        "SetSubnets",
        "SetSecurityGroups",
        "SetIpAddressType",
        "ModifyIpPools",
        "ModifyCapacityReservation",
        "ModifyLoadBalancerAttributes",
        "AddTags",
        "RemoveTags",
    ],
    Kind.SECURITY_GROUP: ["CreateTags", "DeleteTags"],
    Kind.SECURITY_GROUP_RULE: [
        "AuthorizeSecurityGroupIngress",
        "UpdateSecurityGroupRuleDescriptionsIngress",
        "RevokeSecurityGroupIngress",
    ],
    Kind.LISTENER: ["ModifyListener", "ModifyListenerAttributes", "RemoveTags"],
    Kind.LISTENER_RULE: ["ModifyRule", "AddTags", "RemoveTags"],
    Kind.TARGET_GROUP: ["ModifyTargetGroup", "ModifyTargetGroupAttributes", "RemoveTags"],
    Kind.TARGETS: ["RegisterTargets", "DeregisterTargets"],
    Kind.WEB_ACL_ASSOCIATION: ["DisassociateWebACL"],
    Kind.CLASSIC_WEB_ACL_ASSOCIATION: ["DisassociateWebACL"],
    Kind.PROTECTION: ["DeleteProtection"],
    Kind.NETWORK_LOAD_BALANCER: [
        "SetSubnets",
        "SetSecurityGroups",
        "SetIpAddressType",
        "ModifyLoadBalancerAttributes",
        "AddTags",
        "RemoveTags",
    ],
    Kind.NETWORK_LISTENER: ["ModifyListener", "RemoveTags"],
    Kind.NETWORK_TARGET_GROUP: ["ModifyTargetGroup", "RemoveTags"],
    Kind.NETWORK_TARGETS: ["DeregisterTargets", "RegisterTargets"],
}
CREATIONS = {
    Kind.LOAD_BALANCER: ["CreateLoadBalancer", "ModifyLoadBalancerAttributes"],
    Kind.SECURITY_GROUP: ["CreateSecurityGroup"],
    Kind.SECURITY_GROUP_RULE: ["AuthorizeSecurityGroupIngress"],
    Kind.LISTENER: ["CreateListener"],
    Kind.LISTENER_CERTIFICATE: ["AddListenerCertificates"],
    Kind.LISTENER_RULE: ["CreateRule"],
    Kind.TARGET_GROUP: ["CreateTargetGroup", "ModifyTargetGroupAttributes"],
    Kind.TARGETS: ["RegisterTargets"],
    Kind.WEB_ACL_ASSOCIATION: ["AssociateWebACL"],
    Kind.CLASSIC_WEB_ACL_ASSOCIATION: ["AssociateWebACL"],
    Kind.PROTECTION: ["CreateProtection"],
    Kind.CERTIFICATE: ["RequestCertificate"],
    Kind.NETWORK_LOAD_BALANCER: ["CreateLoadBalancer", "ModifyLoadBalancerAttributes"],
    Kind.NETWORK_LISTENER: ["CreateListener"],
    Kind.NETWORK_TARGET_GROUP: ["CreateTargetGroup"],
    Kind.NETWORK_TARGETS: ["RegisterTargets"],
}
DELETIONS = {
    Kind.NETWORK_LOAD_BALANCER: ["DeleteLoadBalancer"],
    Kind.NETWORK_LISTENER: ["DeleteListener"],
    Kind.NETWORK_TARGET_GROUP: ["DeleteTargetGroup"],
    Kind.NETWORK_TARGETS: ["DeregisterTargets"],
    Kind.LOAD_BALANCER: ["DeleteLoadBalancer"],
    Kind.SECURITY_GROUP: ["DeleteSecurityGroup"],
    Kind.SECURITY_GROUP_RULE: ["RevokeSecurityGroupIngress"],
    Kind.LISTENER: ["DeleteListener"],
    Kind.LISTENER_CERTIFICATE: ["RemoveListenerCertificates"],
    Kind.LISTENER_RULE: ["DeleteRule"],
    Kind.TARGET_GROUP: ["DeleteTargetGroup"],
    Kind.TARGETS: ["DeregisterTargets"],
    Kind.WEB_ACL_ASSOCIATION: ["DisassociateWebACL"],
    Kind.CLASSIC_WEB_ACL_ASSOCIATION: ["DisassociateWebACL"],
    Kind.PROTECTION: ["DeleteProtection"],
    Kind.CERTIFICATE: ["DeleteCertificate"],
}

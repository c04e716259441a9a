"""Which function carries out which operation of the services that are emulated here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from provisioner.sandbox.aws import (
    balancers,
    certificates,
    extras,
    groups,
    listeners,
    quotas,
    rules,
    tags,
    targets,
)
from provisioner.sandbox.aws.region import Answer, Region

# Any: each function takes the request type of its own operation; the parser that fills it works
# from the same service model that those types are generated from.
Operation = Callable[[Region, Any], Answer]


def _no_subscription(_region: Region, _request: object) -> Answer:
    """Shield Advanced has to be subscribed to; moto does not know the question."""
    return {"SubscriptionState": "INACTIVE"}


OPERATIONS: Mapping[str, Mapping[str, Operation]] = MappingProxyType(
    {
        "elbv2": MappingProxyType(
            {
                "AddListenerCertificates": listeners.add_listener_certificates,
                "AddTags": tags.add_tags,
                "CreateListener": listeners.create_listener,
                "CreateLoadBalancer": balancers.create_load_balancer,
                "CreateRule": rules.create_rule,
                "CreateTargetGroup": groups.create_target_group,
                "CreateTrustStore": extras.create_trust_store,
                "DeleteListener": listeners.delete_listener,
                "DeleteLoadBalancer": balancers.delete_load_balancer,
                "DeleteRule": rules.delete_rule,
                "DeleteTargetGroup": groups.delete_target_group,
                "DeleteTrustStore": extras.delete_trust_store,
                "DeregisterTargets": targets.deregister_targets,
                "DescribeAccountLimits": quotas.describe_account_limits,
                "DescribeCapacityReservation": extras.describe_capacity_reservation,
                "DescribeListenerAttributes": listeners.describe_listener_attributes,
                "DescribeListenerCertificates": listeners.describe_listener_certificates,
                "DescribeListeners": listeners.describe_listeners,
                "DescribeLoadBalancerAttributes": balancers.describe_load_balancer_attributes,
                "DescribeLoadBalancers": balancers.describe_load_balancers,
                "DescribeRules": rules.describe_rules,
                "DescribeSSLPolicies": extras.describe_ssl_policies,
                "DescribeTags": tags.describe_tags,
                "DescribeTargetGroupAttributes": groups.describe_target_group_attributes,
                "DescribeTargetGroups": groups.describe_target_groups,
                "DescribeTargetHealth": targets.describe_target_health,
                "DescribeTrustStores": extras.describe_trust_stores,
                "ModifyCapacityReservation": extras.modify_capacity_reservation,
                "ModifyListener": listeners.modify_listener,
                "ModifyListenerAttributes": listeners.modify_listener_attributes,
                "ModifyLoadBalancerAttributes": balancers.modify_load_balancer_attributes,
                "ModifyRule": rules.modify_rule,
                "ModifyTargetGroup": groups.modify_target_group,
                "ModifyTargetGroupAttributes": groups.modify_target_group_attributes,
                "RegisterTargets": targets.register_targets,
                "RemoveListenerCertificates": listeners.remove_listener_certificates,
                "RemoveTags": tags.remove_tags,
                "SetIpAddressType": balancers.set_ip_address_type,
                "SetRulePriorities": rules.set_rule_priorities,
                "SetSecurityGroups": balancers.set_security_groups,
                "SetSubnets": balancers.set_subnets,
            }
        ),
        "acm": MappingProxyType(
            {
                "DescribeCertificate": certificates.describe_certificate,
                "ListCertificates": certificates.list_certificates,
            }
        ),
        "service-quotas": MappingProxyType(
            {
                "GetAWSDefaultServiceQuota": quotas.get_default_quota,
                "GetServiceQuota": quotas.get_service_quota,
                "ListAWSDefaultServiceQuotas": quotas.list_default_quotas,
                "ListServiceQuotas": quotas.list_service_quotas,
            }
        ),
        "shield": MappingProxyType({"GetSubscriptionState": _no_subscription}),
    }
)

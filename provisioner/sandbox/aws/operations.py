"""Which function carries out which operation of the services that are emulated here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from provisioner.sandbox.aws import (
    balancers,
    buckets,
    capacity,
    certificate_imports,
    certificate_requests,
    certificates,
    classic_wafs,
    groups,
    ip_pools,
    listeners,
    protections,
    quotas,
    rules,
    ssl_policies,
    tags,
    targets,
    trust_stores,
    wafs,
)
from provisioner.sandbox.aws.region import Answer, Region

# Any: each function takes the request type of its own operation; the parser that fills it works
# from the same service model that those types are generated from.
# None: moto has the last word.
Operation = Callable[[Region, Any], Answer | None]


OPERATIONS: Mapping[str, Mapping[str, Operation]] = MappingProxyType(
    {
        "elbv2": MappingProxyType(
            {
                "AddListenerCertificates": listeners.add_listener_certificates,
                "AddTags": tags.add_tags,
                "AddTrustStoreRevocations": trust_stores.add_trust_store_revocations,
                "CreateListener": listeners.create_listener,
                "CreateLoadBalancer": balancers.create_load_balancer,
                "CreateRule": rules.create_rule,
                "CreateTargetGroup": groups.create_target_group,
                "CreateTrustStore": trust_stores.create_trust_store,
                "DeleteListener": listeners.delete_listener,
                "DeleteLoadBalancer": balancers.delete_load_balancer,
                "DeleteRule": rules.delete_rule,
                "DeleteTargetGroup": groups.delete_target_group,
                "DeleteTrustStore": trust_stores.delete_trust_store,
                "DeregisterTargets": targets.deregister_targets,
                "DescribeAccountLimits": quotas.describe_account_limits,
                "DescribeCapacityReservation": capacity.describe_capacity_reservation,
                "DescribeListenerAttributes": listeners.describe_listener_attributes,
                "DescribeListenerCertificates": listeners.describe_listener_certificates,
                "DescribeListeners": listeners.describe_listeners,
                "DescribeLoadBalancerAttributes": balancers.describe_load_balancer_attributes,
                "DescribeLoadBalancers": balancers.describe_load_balancers,
                "DescribeRules": rules.describe_rules,
                "DescribeSSLPolicies": ssl_policies.describe_ssl_policies,
                "DescribeTags": tags.describe_tags,
                "DescribeTargetGroupAttributes": groups.describe_target_group_attributes,
                "DescribeTargetGroups": groups.describe_target_groups,
                "DescribeTargetHealth": targets.describe_target_health,
                "DescribeTrustStoreAssociations": trust_stores.describe_trust_store_associations,
                "DescribeTrustStoreRevocations": trust_stores.describe_trust_store_revocations,
                "DescribeTrustStores": trust_stores.describe_trust_stores,
                "ModifyCapacityReservation": capacity.modify_capacity_reservation,
                "ModifyIpPools": ip_pools.modify_ip_pools,
                "ModifyListener": listeners.modify_listener,
                "ModifyListenerAttributes": listeners.modify_listener_attributes,
                "ModifyLoadBalancerAttributes": balancers.modify_load_balancer_attributes,
                "ModifyRule": rules.modify_rule,
                "ModifyTargetGroup": groups.modify_target_group,
                "ModifyTargetGroupAttributes": groups.modify_target_group_attributes,
                "ModifyTrustStore": trust_stores.modify_trust_store,
                "RegisterTargets": targets.register_targets,
                "RemoveListenerCertificates": listeners.remove_listener_certificates,
                "RemoveTags": tags.remove_tags,
                "RemoveTrustStoreRevocations": trust_stores.remove_trust_store_revocations,
                "SetIpAddressType": balancers.set_ip_address_type,
                "SetRulePriorities": rules.set_rule_priorities,
                "SetSecurityGroups": balancers.set_security_groups,
                "SetSubnets": balancers.set_subnets,
            }
        ),
        "ec2": MappingProxyType(
            {
                "CreateCoipPool": ip_pools.create_coip_pool,
                "CreateIpam": ip_pools.create_ipam,
                "CreateIpamPool": ip_pools.create_ipam_pool,
                "DeleteIpamPool": ip_pools.delete_ipam_pool,
                "DescribeCoipPools": ip_pools.describe_coip_pools,
                "DescribeIpamPools": ip_pools.describe_ipam_pools,
            }
        ),
        "acm": MappingProxyType(
            {
                "AddTagsToCertificate": certificates.add_tags,
                "DeleteCertificate": certificates.delete_certificate,
                "DescribeCertificate": certificates.describe_certificate,
                "GetCertificate": certificates.get_certificate,
                "ImportCertificate": certificate_imports.import_certificate,
                "ListCertificates": certificates.list_certificates,
                "ListTagsForCertificate": certificates.list_tags,
                "RemoveTagsFromCertificate": certificates.remove_tags,
                "RequestCertificate": certificate_requests.request_certificate,
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
        "s3": MappingProxyType({"HeadBucket": buckets.head_bucket}),
        "shield": MappingProxyType(
            {
                "CreateProtection": protections.create_protection,
                "CreateSubscription": protections.create_subscription,
                "DeleteProtection": protections.delete_protection,
                "DescribeProtection": protections.describe_protection,
                "DescribeSubscription": protections.describe_subscription,
                "GetSubscriptionState": protections.get_subscription_state,
                "ListProtections": protections.list_protections,
                "ListTagsForResource": protections.list_tags,
                "TagResource": protections.tag_resource,
                "UntagResource": protections.untag_resource,
            }
        ),
        "wafv2": MappingProxyType(
            {
                "AssociateWebACL": wafs.associate_web_acl,
                "DeleteWebACL": wafs.delete_web_acl,
                "DisassociateWebACL": wafs.disassociate_web_acl,
                "GetWebACLForResource": wafs.get_web_acl_for_resource,
                "ListResourcesForWebACL": wafs.list_resources_for_web_acl,
            }
        ),
        "waf-regional": MappingProxyType(
            {
                "AssociateWebACL": classic_wafs.associate_web_acl,
                "CreateWebACL": classic_wafs.create_web_acl,
                "DeleteWebACL": classic_wafs.delete_web_acl,
                "DisassociateWebACL": classic_wafs.disassociate_web_acl,
                "GetChangeToken": classic_wafs.get_change_token,
                "GetWebACL": classic_wafs.get_web_acl,
                "GetWebACLForResource": classic_wafs.get_web_acl_for_resource,
                "ListResourcesForWebACL": classic_wafs.list_resources_for_web_acl,
                "ListWebACLs": classic_wafs.list_web_acls,
            }
        ),
    }
)

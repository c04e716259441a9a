"""Write what a live account says as an account file (``account export``)."""

from __future__ import annotations

from providers.aws.account import Certificate, Facts, Subnet
from providers.aws.account_file import (
    FORMAT_VERSION,
    PROVIDER,
    READY,
    ZONE_LABEL,
    AccountFile,
    CertificatePart,
    ClusterPart,
    FactsPart,
    InstancePart,
    NodePart,
    ObservedPart,
    ResourcePart,
    SecurityGroupPart,
    SubnetPart,
    TaintPart,
    VpcPart,
    encode,
)
from provisioner.model.kube import Node
from provisioner.model.limits import Limits, LimitSource
from provisioner.model.resource import Observed, ObservedResource, to_json
from provisioner.model.settings import Identity
from provisioner.ports import ClusterFacts


def write_account(
    identity: Identity,
    *,
    facts: Facts,
    limits: Limits,
    observed: Observed,
    cluster: ClusterFacts | None = None,
) -> str:
    """Return an account file, as YAML."""
    return encode(
        AccountFile(
            format_version=FORMAT_VERSION,
            provider=PROVIDER,
            cluster_name=identity.cluster_name,
            kube_system_uid=identity.cluster_uid,
            cluster=None if cluster is None else _cluster_part(cluster),
            facts=_facts_part(facts),
            limits={
                name: limit.value
                for name, limit in sorted(limits.by_name.items())
                if limit.source is LimitSource.ACCOUNT
            },
            observed=ObservedPart(
                resources=tuple(
                    _resource_part(resource) for _, resource in sorted(observed.resources.items())
                )
            ),
        )
    )


def _cluster_part(cluster: ClusterFacts) -> ClusterPart:
    return ClusterPart(
        nodes=tuple(_node_part(node) for node in cluster.nodes),
        pods_routable=cluster.pods_routable,
    )


def _node_part(node: Node) -> NodePart:
    labels = dict(sorted(node.meta.labels.items()))
    return NodePart(
        name=node.name,
        provider_id=node.provider_id,
        zone=labels.pop(ZONE_LABEL, ""),
        ready={text: ready for ready, text in READY.items()}.get(node.ready),
        unschedulable=node.unschedulable,
        labels=labels,
        taints=tuple(TaintPart(key=t.key, effect=t.effect, value=t.value) for t in node.taints),
        addresses=node.addresses,
        pod_cidrs=node.pod_cidrs,
    )


def _facts_part(facts: Facts) -> FactsPart:
    vpc = facts.vpc
    return FactsPart(
        observed_at=facts.observed_at,
        account_id=facts.account_id,
        region=facts.region,
        partition=facts.partition,
        vpc=None if vpc is None else VpcPart(id=vpc.id, cidrs=vpc.cidrs, ipv6_cidrs=vpc.ipv6_cidrs),
        subnets=tuple(_subnet_part(subnet) for subnet in facts.subnets),
        security_groups=tuple(
            SecurityGroupPart(id=group.id, name=group.name, tags=dict(sorted(group.tags.items())))
            for group in facts.security_groups
        ),
        certificates=tuple(_certificate_part(each) for each in facts.certificates),
        instances=tuple(
            InstancePart(
                id=each.id,
                zone=each.zone,
                security_groups=each.security_groups,
                vpc_id=each.vpc_id,
            )
            for _, each in sorted(facts.instances.items())
        ),
        pod_groups=dict(sorted(facts.pod_groups.items())),
        load_balancers=facts.load_balancers,
        target_groups=facts.target_groups,
        network_load_balancers=facts.network_load_balancers,
        existing_names=tuple(sorted(facts.existing_names)),
        web_acls=dict(sorted(facts.web_acls.items())),
        trust_stores=dict(sorted(facts.trust_stores.items())),
        ssl_policies=None if facts.ssl_policies is None else tuple(sorted(facts.ssl_policies)),
        log_buckets=dict(sorted(facts.log_buckets.items())),
        foreign_target_groups=dict(sorted(facts.foreign_target_groups.items())),
        shield_subscribed=facts.shield_subscribed,
        protections=None if facts.protections is None else dict(sorted(facts.protections.items())),
        unread=facts.unread,
    )


def _subnet_part(subnet: Subnet) -> SubnetPart:
    return SubnetPart(
        id=subnet.id,
        zone=subnet.zone,
        cidr=subnet.cidr,
        free_addresses=subnet.free_addresses,
        public=subnet.public,
        ipv6=subnet.ipv6,
        zone_type=subnet.zone_type,
        tags=dict(sorted(subnet.tags.items())),
    )


def _certificate_part(certificate: Certificate) -> CertificatePart:
    return CertificatePart(
        arn=certificate.arn,
        domains=certificate.domains,
        status=certificate.status,
        not_after=certificate.not_after,
        key_algorithm=certificate.key_algorithm,
        in_use=certificate.in_use,
    )


def _resource_part(resource: ObservedResource) -> ResourcePart:
    spec = to_json(resource.spec)
    return ResourcePart(
        kind=resource.kind,
        address=resource.address,
        group=resource.group,
        name=resource.name,
        ingresses=tuple(str(ingress) for ingress in resource.ingresses),
        spec=dict(spec) if isinstance(spec, dict) else {},
        outputs=dict(sorted(resource.outputs.items())),
        title=resource.title,
        healthy=resource.healthy,
        state=resource.state,
        order=resource.order,
    )

"""Who we are to a cloud: what a request, an account file and the cluster say of the cluster.

What the cluster says of itself counts; a flag that says otherwise is refused, because a wrong
identity makes us strangers to everything that is ours.
"""

from __future__ import annotations

from provisioner.cli.accounts import AccountHead
from provisioner.cli.options import Request
from provisioner.kube import live
from provisioner.kube.client import KubeClient
from provisioner.model.errors import ConfigError
from provisioner.model.settings import Identity


def identity_of(
    request: Request, head: AccountHead, cluster: KubeClient | None, *, uid_config_map: str
) -> Identity:
    """Return who we are.

    Args:
        request: What the user asked for.
        head: What the account file says of itself.
        cluster: The cluster that is asked, None for none.
        uid_config_map: Where the incumbent controller keeps an identifier of its own, "" for none.

    Raises:
        ConfigError: The cluster has no name, or is not the one that a flag names.
        ClusterError: The cluster does not say which one it is.
    """
    name = request.cluster_name or head.cluster_name
    if not name:
        raise ConfigError(
            "the cluster has no name",
            hint="give one with --cluster-name or PROVISIONER_CLUSTER_NAME; "
            "it is part of every ownership mark",
        )
    uid = live.kube_system_uid(cluster) if cluster is not None else ""
    _same("cluster-uid", request.cluster_uid, uid)
    ingress_uid = firewall_uid = ""
    if cluster is not None and uid_config_map:
        texts = live.config_map_texts(cluster, uid_config_map)
        ingress_uid, firewall_uid = texts.get("uid", ""), texts.get("provider-uid", "")
        _same("ingress-uid", request.ingress_uid, ingress_uid)
    return Identity(
        cluster_name=name,
        cluster_uid=uid or request.cluster_uid or head.kube_system_uid or "no-cluster",
        instance=request.instance,
        ingress_uid=ingress_uid or request.ingress_uid or head.ingress_uid,
        firewall_uid=firewall_uid,
    )


def _same(option: str, said: str, found: str) -> None:
    if said and found and said != found:
        raise ConfigError(f"--{option} says {said}, but the cluster has {found}")

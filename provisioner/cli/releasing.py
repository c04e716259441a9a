"""Let go of Ingresses once nothing of ours is left in the cloud.

Our finalizer keeps an Ingress until its resources are gone. After a purge they are, and without a
controller nobody else would ever take the finalizer off.
"""

from __future__ import annotations

from provisioner.cli import output as sink
from provisioner.kube.client import KubeClient
from provisioner.kube.finalizers import remove_finalizer
from provisioner.kube.live import read_snapshot
from provisioner.model.settings import FINALIZER
from provisioner.ports import Fence
from provisioner.render.lines import Line


def release_ingresses(cluster: KubeClient | None, fence: Fence) -> None:
    """Take our finalizer off every Ingress that has it; do nothing without a cluster.

    Raises:
        ClusterError: An Ingress cannot be changed.
    """
    if cluster is None:
        return
    for key, ingress in sorted(read_snapshot(cluster).ingresses.items()):
        if FINALIZER in ingress.meta.finalizers:
            remove_finalizer(cluster, fence, ingress=key)
            sink.show([Line(f"released Ingress {key}")])

"""A controller in a process of its own, to be killed: ``python -m tests.e2e.controller.actor``."""

from __future__ import annotations

import sys

from provisioner.kube.client import connect
from provisioner.kube.live import kube_system_uid
from provisioner.model.settings import Identity, Settings
from provisioner.operator.main import RunOptions, run
from provisioner.ports import CloudTarget
from tests.e2e.controller.stagehand import RHYTHM, a_lease, hurried


def main(kubeconfig: str, endpoint_url: str, region: str) -> int:
    """Run until told to stop."""
    client = connect(kubeconfig=kubeconfig, in_cluster=False)
    identity = Identity(cluster_name="demo", cluster_uid=kube_system_uid(client))
    return run(
        RunOptions(
            provider=hurried(),
            target=CloudTarget(identity=identity, region=region, endpoint_url=endpoint_url),
            settings=Settings(identity=identity, settle_seconds=0.3, health_deadline_seconds=30.0),
            client=client,
            identity="actor",
            lease=a_lease("actor"),
            health_host="127.0.0.1",
            health_port=0,
            rhythm=RHYTHM,
            wait_seconds=0.6,
        )
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

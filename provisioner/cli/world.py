"""Open the two worlds of a request: the Kubernetes side as a snapshot, the cloud side as a reader.

Which cluster is asked follows from the request alone:

* no ``-f``: the cluster of the kubeconfig, always;
* ``-f`` with ``--no-cluster``: none, the files are all there is;
* ``-f`` with ``--account``: none, so that continuous integration needs no credentials;
* ``-f`` otherwise: the cluster if a kubeconfig points to one, to resolve what files cannot say.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace

from provisioner import wiring
from provisioner.cli.clouds import Cloud, open_cloud
from provisioner.cli.options import Request
from provisioner.cli.record import recorded
from provisioner.cli.takeover import check_take_over
from provisioner.kube import client as kube_client
from provisioner.kube import errors, live, overlay
from provisioner.kube import secrets as kube_secrets
from provisioner.kube.client import KubeClient
from provisioner.kube.kinds import TARGET_GROUP_BINDING, KindInfo, cloud_kinds
from provisioner.kube.manifests import Manifests, read_manifests
from provisioner.kube.registered import with_registered
from provisioner.kube.selectors import parse_selector
from provisioner.model.errors import ConfigError
from provisioner.model.plan import InputFile, Inputs, Plan
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot
from provisioner.ports import CloudTarget, Provider, Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Both sides, opened. ``cluster`` is None where none is asked."""

    request: Request
    provider: Provider[object, object]
    reader: Reader[object, object]
    target: CloudTarget
    settings: Settings
    snapshot: Snapshot
    inputs: Inputs
    cluster: KubeClient | None
    sources: frozenset[str] | None  # objects that the files define; None: a live plan
    purges: bool = False  # nothing is wanted, whatever the cluster holds
    approved: frozenset[str] = frozenset()  # digests that the user approves

    def plan(self) -> Plan:
        """Plan this world."""
        planner = wiring.planner(self.provider, self.reader, self.settings)
        return planner.plan(self.snapshot, inputs=self.inputs, approved=self.approved)

    def again(self) -> World:
        """Read the Kubernetes side once more; standard input cannot be, so it stands."""
        if self.cluster is None or self.purges or "-" in self.request.files:
            return self
        manifests = _manifests(self.request)
        snapshot = _snapshot(self.request, manifests, self.cluster, self.provider)
        return replace(
            self, snapshot=_completed(snapshot, self.cluster, self.provider, self.settings)
        )


def open_world(request: Request) -> World:
    """Read everything that a request names and connect to the rest.

    Raises:
        ProvisionerError: Something cannot be read, or the request contradicts itself.
    """
    _check(request)
    manifests = _manifests(request)
    cluster = open_cluster(request)
    cloud = open_cloud(request, cluster, files=_files(manifests))
    return World(
        request=request,
        provider=cloud.provider,
        reader=cloud.reader(request.account),
        target=cloud.target,
        settings=cloud.settings,
        snapshot=_with_secrets(
            _snapshot(request, manifests, cluster, cloud.provider), cluster, cloud
        ),
        inputs=_inputs(request, manifests, account=cloud.account, cluster=cluster),
        cluster=cluster,
        sources=frozenset(manifests.snapshot.sources) if manifests is not None else None,
    )


def open_world_without_cloud(request: Request) -> World:
    """Read the Kubernetes side, and of the cloud only an account file if one is named.

    A cluster is asked only where the request names one or has no files.
    """
    named = bool(request.kubeconfig or request.context or request.overlay)
    alone = bool(request.files) and not named
    world_request = replace(request, no_cluster=request.no_cluster or alone)
    _check(world_request)
    manifests = _manifests(request)
    cluster = open_cluster(world_request)
    cloud = open_cloud(request, cluster, files=_files(manifests))
    reader = cloud.reader(request.account) if request.account else cloud.provider.no_account()
    return World(
        request=request,
        provider=cloud.provider,
        reader=reader,
        target=cloud.target,
        settings=cloud.settings,
        snapshot=_with_secrets(
            _snapshot(world_request, manifests, cluster, cloud.provider), cluster, cloud
        ),
        inputs=_inputs(request, manifests, account=cloud.account, cluster=cluster),
        cluster=cluster,
        sources=frozenset(manifests.snapshot.sources) if manifests is not None else None,
    )


def open_empty_world(request: Request) -> World:
    """Connect to a cloud with nothing wanted: the plan deletes whatever is ours."""
    cluster = None if request.no_cluster else open_cluster(request)
    cloud = open_cloud(request, cluster)
    return World(
        request=request,
        provider=cloud.provider,
        reader=cloud.reader(request.account),
        target=cloud.target,
        settings=cloud.settings,
        snapshot=Snapshot(live=True, complete=True),
        inputs=_inputs(request, None, account=cloud.account, cluster=cluster),
        cluster=cluster,
        sources=None,
        purges=True,
    )


def _check(request: Request) -> None:
    """Refuse options that contradict each other."""
    if request.no_cluster and not request.files:
        raise ConfigError("--no-cluster needs files", hint="name them with -f")
    if request.no_cluster and (request.kubeconfig or request.context or request.overlay):
        raise ConfigError("--no-cluster cannot go with --kubeconfig, --context or --overlay")
    if request.owned_by and not request.overlay:
        raise ConfigError("--owned-by needs --overlay", hint="it says what the overlay removes")
    if (request.overlay or request.prune) and not request.files:
        name = "--overlay" if request.overlay else "--prune"
        raise ConfigError(f"{name} needs files", hint="name them with -f")
    if request.overlay and request.prune:
        raise ConfigError("--prune cannot go with --overlay", hint="use --owned-by instead")
    check_take_over(request)


def _manifests(request: Request) -> Manifests | None:
    if not request.files:
        return None
    stdin = sys.stdin.buffer if "-" in request.files else None
    return read_manifests(
        request.files,
        stdin=stdin,
        default_namespace=request.namespace,
        whole=request.no_cluster,
    )


def _files(manifests: Manifests | None) -> Snapshot | None:
    return None if manifests is None else manifests.snapshot


def open_cluster(request: Request) -> KubeClient | None:
    """Connect to the cluster that a request asks, None where it asks none.

    Raises:
        NoCluster: One is needed and there is none.
    """
    named = bool(request.kubeconfig or request.context or request.overlay)
    if request.no_cluster or (request.files and request.account and not named):
        return None
    try:
        return kube_client.connect(
            kubeconfig=request.kubeconfig or None, context=request.context or None
        )
    except errors.NoCluster:
        if request.files and not named:
            return None
        raise


def _snapshot(
    request: Request,
    manifests: Manifests | None,
    cluster: KubeClient | None,
    provider: Provider[object, object],
) -> Snapshot:
    if manifests is None:
        if cluster is None:
            raise ConfigError("there is nothing to plan", hint="name files with -f")
        return live.read_snapshot(cluster, more=_further_kinds(request, provider))
    files = manifests.snapshot
    if cluster is None:
        return replace(files, complete=request.no_cluster)
    present = live.read_snapshot(cluster, beside=files, more=_further_kinds(request, provider))
    if request.overlay:
        owned_by = parse_selector(request.owned_by) if request.owned_by else None
        return overlay.overlay(files, present, owned_by=owned_by)
    return overlay.resolve(files, present)


def _further_kinds(request: Request, provider: Provider[object, object]) -> tuple[KindInfo, ...]:
    """Return what is read besides: kinds of the cloud, for a comparison those of its controller."""
    groups = {group for group, _ in provider.parameter_kinds}
    compared = request.take_over and TARGET_GROUP_BINDING.group in groups
    return (*cloud_kinds(provider), *((TARGET_GROUP_BINDING,) if compared else ()))


def _with_secrets(snapshot: Snapshot, cluster: KubeClient | None, cloud: Cloud) -> Snapshot:
    """Return the snapshot with what only names in it lead to, where there is a cluster."""
    if cluster is None:
        return snapshot
    return _completed(snapshot, cluster, cloud.provider, cloud.settings)


def _completed(
    snapshot: Snapshot,
    cluster: KubeClient,
    provider: Provider[object, object],
    settings: Settings,
) -> Snapshot:
    """Return the snapshot with the Secrets that are named, and the record of shared targets."""
    found = kube_secrets.with_secrets(snapshot, cluster, provider, settings)
    return with_registered(
        found, client=cluster, asking=provider.sharing, instance=settings.identity.instance
    )


def _inputs(
    request: Request,
    manifests: Manifests | None,
    *,
    account: InputFile | None,
    cluster: KubeClient | None,
) -> Inputs:
    files = manifests.inputs if manifests is not None else ()
    return Inputs(
        files=tuple(InputFile(path=name, sha256=sha256) for name, sha256 in files),
        cluster=cluster_text(request) if cluster is not None else "",
        account_file=account,
        options=recorded(request),
    )


def cluster_text(request: Request) -> str:
    """Return how a plan names the cluster it was made from."""
    if request.context:
        return request.context
    in_pod = "KUBERNETES_SERVICE_HOST" in os.environ and not request.kubeconfig
    return "in-cluster" if in_pod and not os.environ.get("KUBECONFIG") else "current context"

"""Which cloud a request means, where in it, and who we are there.

The cloud is what ``--provider`` says, or the account file. Where neither does, the objects at hand
tell: the classes and annotations of files, and how the nodes of a cluster name their machines. Two
clouds in one set of files are never guessed at.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provisioner import wiring
from provisioner.cli.accounts import AccountHead, read_head
from provisioner.cli.identity import identity_of
from provisioner.cli.meaning import settings_of
from provisioner.cli.options import Request
from provisioner.core.select import CLASS_ANNOTATION, class_name
from provisioner.kube import live
from provisioner.kube.client import KubeClient
from provisioner.model.errors import ClusterError, ConfigError
from provisioner.model.kube import Meta
from provisioner.model.plan import InputFile
from provisioner.model.settings import Settings
from provisioner.model.snapshot import Snapshot
from provisioner.ports import CloudTarget, Provider, Reader

AnyProvider = Provider[object, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """The cloud side alone, and whose it is."""

    provider: AnyProvider
    target: CloudTarget
    settings: Settings
    account: InputFile | None

    def reader(self, account_file: str) -> Reader[object, object]:
        """Open the account, live or from its file."""
        return wiring.open_reader(self.provider, self.target, account_file)


def open_cloud(
    request: Request, cluster: KubeClient | None, *, files: Snapshot | None = None
) -> Cloud:
    """Find the provider, and say who we are to it.

    Args:
        request: What the user asked for.
        cluster: The cluster that is asked, None for none.
        files: What the files say, if there are any.

    Raises:
        ConfigError: The cloud, or the name of the cluster, cannot be told.
    """
    head, account = read_head(request.account)
    nodes = _Nodes(cluster, files)
    provider = _provider(request, head, files=files, nodes=nodes)
    if head.provider and head.provider != provider.name:
        raise ConfigError(
            f"--account {request.account} is of provider {head.provider!r}, not {provider.name!r}"
        )
    identity = identity_of(request, head, cluster, uid_config_map=provider.uid_config_map)
    target = CloudTarget(
        identity=identity,
        region=request.region,
        endpoint_url=request.endpoint_url,
        vpc_id=request.vpc_id,
        project=request.project,
    )
    if not request.account:
        target = provider.located(target, environment=os.environ, machines=nodes.machines)
    return Cloud(
        provider=provider,
        target=target,
        settings=settings_of(request, identity, settle_seconds=provider.settle_seconds),
        account=account,
    )


class _Nodes:
    """The machines behind the nodes; a cluster is asked once, and only if somebody asks."""

    def __init__(self, cluster: KubeClient | None, files: Snapshot | None) -> None:
        self._cluster = cluster
        self._files = files
        self._asked: tuple[str, ...] | None = None

    def machines(self) -> Sequence[str]:
        """Return how some nodes name their machines (``spec.providerID``)."""
        written = self._files.nodes.values() if self._files is not None else ()
        found = tuple(node.provider_id for node in written if node.provider_id)
        if found or self._cluster is None:
            return found
        if self._asked is None:
            try:
                self._asked = live.some_machines(self._cluster)
            except ClusterError:
                self._asked = ()  # whoever needs nodes will say that they cannot be read
        return self._asked


def _provider(
    request: Request, head: AccountHead, *, files: Snapshot | None, nodes: _Nodes
) -> AnyProvider:
    named = request.provider or head.provider
    if named:
        return wiring.load_provider(named)
    installed = [wiring.load_provider(name) for name in wiring.provider_names()]
    if len(installed) == 1:
        return installed[0]
    found: list[AnyProvider] = []
    if files is not None:
        found = [provider for provider in installed if _has_class(provider, files=files)]
        worded = [provider for provider in installed if _has_words(provider, files=files)]
        if not found and len(worded) == 1:  # words of another cloud are left behind by moves
            return worded[0]
    found = found or [p for p in installed if _runs_on(p, machines=nodes.machines())]
    if len(found) == 1:
        return found[0]
    raise _which(found or installed, known=bool(found))


def _which(candidates: Iterable[AnyProvider], *, known: bool) -> ConfigError:
    names = ", ".join(provider.name for provider in candidates) or "none"
    if known:
        return ConfigError(f"which cloud? the objects speak of {names}", hint=_NAME_ONE)
    return ConfigError(f"which cloud? (installed providers: {names})", hint=_NAME_ONE)


_NAME_ONE = "name one with --provider"


def _has_class(provider: AnyProvider, *, files: Snapshot) -> bool:
    """Tell whether files speak of a cloud by its classes."""
    if any(found.controller == provider.controller for found in files.classes.values()):
        return True
    for ingress in files.ingresses.values():
        name = class_name(ingress)
        if name and name not in files.classes and provider.infers_class(name):
            return True
    return False


def _has_words(provider: AnyProvider, *, files: Snapshot) -> bool:
    """Tell whether files speak of a cloud by annotations that only it reads."""
    metas: tuple[Meta, ...] = (
        *(ingress.meta for ingress in files.ingresses.values()),
        *(service.meta for service in files.services.values()),
    )
    keys = {key for meta in metas for key in meta.annotations} - {CLASS_ANNOTATION}
    return any(key.startswith(provider.prefixes) for key in keys)


def _runs_on(provider: AnyProvider, *, machines: Iterable[str]) -> bool:
    return any(each.startswith(f"{provider.machine_scheme}://") for each in machines)

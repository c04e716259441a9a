"""The whole loop on this machine: an embedded cluster, an embedded cloud, a real controller.

Everything speaks real HTTP; what is shown is what happened. The controller is the one that
``provisioner run`` runs, the plan is the one it carried out, and the load balancer is described by
the cloud, not by us. If any act does not come out as told, the demo fails.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from provisioner import wiring
from provisioner.kube.client import connect
from provisioner.kube.live import kube_system_uid
from provisioner.model.errors import ProvisionerError
from provisioner.model.plan import Plan
from provisioner.model.settings import Identity, Settings
from provisioner.operator.controller import Rhythm
from provisioner.operator.main import Running, RunOptions
from provisioner.operator.reconcile import Result
from provisioner.ports import Provider
from provisioner.render.text import plan_to_text
from provisioner.sandbox.cluster.documents import Document, parts, text
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.demo_manifests import MANIFEST, ONE_TOO_MANY
from provisioner.sandbox.stage import CloudStage, cluster_for, furnish, open_cloud

PATIENCE_SECONDS = 90.0
RULE_LIMIT = 3


class DemoError(ProvisionerError):
    """An act did not come out as told."""


@dataclass(slots=True)
class Heard:
    """What the controller reported of its reconciles."""

    plans: list[Plan] = field(default_factory=list)
    unfinished: set[str] = field(default_factory=set)

    def __call__(self, group: str, result: Result) -> None:
        """Keep the plans that changed something, and which groups wait for something."""
        if result.again is None and not result.failed:
            self.unfinished.discard(group)
        else:
            self.unfinished.add(group)
        if result.plan is not None and result.plan.has_changes:
            self.plans.append(result.plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theatre:
    """Everything the acts work with."""

    cloud: CloudStage
    cluster: ClusterServer
    kubeconfig: Path
    heard: Heard
    echo: Callable[[str], None]

    def heading(self, title: str) -> None:
        """Begin an act."""
        self.echo("")
        self.echo(f"== {title}")

    def apply(self, manifests: str) -> None:
        """Apply manifests as a user would: with kubectl where it is installed."""
        manifests = manifests.replace("CLASS", self.cloud.ingress_class)
        if self._kubectl("apply", "-f", "-", text=manifests) is None:
            for document in self.cluster.apply(manifests):
                self.echo(f"applied {text(document, 'kind')} {text(document, 'metadata', 'name')}")

    def scale(self, name: str, replicas: int) -> None:
        """Scale a Deployment."""
        arguments = ("-n", "shop", "scale", f"deployment/{name}", f"--replicas={replicas}")
        if self._kubectl(*arguments) is None:
            self.cluster.scale("Deployment", name, replicas, namespace="shop")

    def annotate(self, name: str, key: str, value: str) -> None:
        """Annotate an Ingress."""
        arguments = ("-n", "shop", "annotate", "--overwrite", "ingress", name, f"{key}={value}")
        if self._kubectl(*arguments) is None:
            patch: Document = {"metadata": {"annotations": {key: value}}}
            self.cluster.patch("Ingress", name, patch, namespace="shop")

    def delete(self, *names: str) -> None:
        """Delete Ingresses and wait until they are gone."""
        if self._kubectl("-n", "shop", "delete", "ingress", *names) is None:
            for name in names:
                self.cluster.delete("Ingress", name, namespace="shop")

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                raise DemoError(f"it did not come about that {what}")
            time.sleep(0.2)

    def until_quiet(self, seconds: float = 2.5) -> None:
        """Wait until the controller waits for nothing and has written nothing for a while."""
        calls, since = dict(self.cloud.mutating_calls()), time.monotonic()
        deadline = since + PATIENCE_SECONDS
        while time.monotonic() < since + seconds:
            if time.monotonic() > deadline:
                raise DemoError("the controller does not come to rest")
            time.sleep(0.1)
            now = dict(self.cloud.mutating_calls())
            if now != calls or self.heard.unfinished:
                calls, since = now, time.monotonic()

    def show_cloud(self) -> None:
        """Print the load balancers as the cloud describes them."""
        for line in self.cloud.describe():
            self.echo(f"  {line}")

    def _kubectl(self, *arguments: str, text: str | None = None) -> str | None:
        """Run kubectl and print what it says; None where it is not installed."""
        path = shutil.which("kubectl")
        if path is None:
            return None
        self.echo(f"$ kubectl {' '.join(arguments)}")
        done = subprocess.run(  # noqa: S603 - the words are ours
            [path, "--kubeconfig", str(self.kubeconfig), *arguments],
            input=text,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise DemoError(f"kubectl failed: {done.stderr.strip()}")
        for line in done.stdout.splitlines():
            self.echo(line)
        return done.stdout


def run(
    provider: str,
    *,
    keep: bool,
    echo: Callable[[str], None],
    load: Callable[[str], Provider[object, object]] = wiring.load_provider,
    afterwards: Callable[[CloudStage], None] = lambda _cloud: None,
) -> int:
    """Tell the story; return 0 if every act came out as told.

    Args:
        provider: The cloud to embed.
        keep: Stay up after the first acts, until interrupted, and say how to talk to it.
        echo: Prints a line.
        load: Finds the provider.
        afterwards: Is shown the cloud at the end, before it vanishes.

    Raises:
        ProvisionerError: An act did not come out as told, or the sandbox is not installed.
    """
    with (
        open_cloud(provider) as cloud,
        tempfile.TemporaryDirectory() as folder,
        _theatre(cloud, Path(folder), echo) as theatre,
        _controller(load(provider), theatre),
    ):
        _act_apply(theatre)
        if keep:
            _stay(theatre)
        _act_scale(theatre)
        _act_switch(theatre)
        _act_refuse(theatre)
        _act_delete(theatre)
        afterwards(cloud)
    echo("")
    echo("Everything came out as told.")
    return 0


@contextmanager
def _theatre(cloud: CloudStage, folder: Path, echo: Callable[[str], None]) -> Iterator[Theatre]:
    with cluster_for(cloud) as cluster:
        furnish(cluster, cloud)
        kubeconfig = cluster.kubeconfig(folder / "kubeconfig")
        echo(f"An embedded cluster answers on {cluster.url}, with {len(cloud.nodes)} nodes.")
        yield Theatre(cloud=cloud, cluster=cluster, kubeconfig=kubeconfig, heard=Heard(), echo=echo)


@contextmanager
def _controller(provider: Provider[object, object], theatre: Theatre) -> Iterator[None]:
    client = connect(kubeconfig=str(theatre.kubeconfig), in_cluster=False)
    identity = Identity(cluster_name="demo", cluster_uid=kube_system_uid(client))
    options = RunOptions(
        provider=provider,
        target=theatre.cloud.target(identity),
        settings=Settings(identity=identity, settle_seconds=1.0, health_deadline_seconds=60.0),
        client=client,
        identity="demo-controller",
        health_host="127.0.0.1",
        health_port=0,
        rhythm=Rhythm(debounce=0.5, verify_retry=0.2),
        wait_seconds=0.5,
        observer=theatre.heard,
    )
    running = Running(options)
    running.start()
    theatre.echo("The controller is running; it holds the Lease of the cluster.")
    try:
        yield
    finally:
        running.stop()
        client.close()


def _addresses(theatre: Theatre, name: str) -> list[str]:
    ingress = theatre.cluster.get("Ingress", name, "shop")
    return [
        text(entry, "hostname") or text(entry, "ip")
        for entry in parts(ingress or {}, "status", "loadBalancer", "ingress")
    ]


def _described(theatre: Theatre) -> str:
    return "\n".join(theatre.cloud.describe())


def _healthy(theatre: Theatre, count: int) -> bool:
    return _described(theatre).count(" healthy") == count


def _act_apply(theatre: Theatre) -> None:
    theatre.heading("1. Two Services of three pods each, and an Ingress")
    theatre.apply(MANIFEST)
    theatre.until("the Ingress has an address", lambda: bool(_addresses(theatre, "shop")))
    theatre.until("six targets are healthy", functools.partial(_healthy, theatre, 3 + 3))
    theatre.heading("2. The plan that the controller made and carried out")
    theatre.echo(plan_to_text(_first_plan(theatre)))
    theatre.heading("3. The load balancer, as the cloud describes it now")
    theatre.show_cloud()
    theatre.echo(f"The Ingress says: {', '.join(_addresses(theatre, 'shop'))}")


def _first_plan(theatre: Theatre) -> Plan:
    """Return the largest plan so far: the one that built the load balancer."""
    return max(theatre.heard.plans, key=lambda plan: len(plan.steps))


def _act_scale(theatre: Theatre) -> None:
    theatre.heading("4. Scale: five pods instead of three")
    theatre.scale("web", 5)
    theatre.until("eight targets are healthy", functools.partial(_healthy, theatre, 5 + 3))
    theatre.show_cloud()


def _act_switch(theatre: Theatre) -> None:
    theatre.heading("5. Switch from pods to node ports, without a gap")
    before = len(theatre.heard.plans)
    theatre.annotate("shop", "ingress-provisioner.io/target-mode", "node-port")
    theatre.until("the switch has begun", lambda: len(theatre.heard.plans) > before)
    theatre.echo(plan_to_text(theatre.heard.plans[before]))
    theatre.until("only nodes are registered", lambda: _only_nodes(theatre))
    theatre.until_quiet()
    theatre.show_cloud()


def _only_nodes(theatre: Theatre) -> bool:
    described = _described(theatre)
    return (
        described.count(" healthy") == 2 * len(theatre.cloud.nodes)
        and "weight 0" not in described
        and "draining" not in described
    )


def _act_refuse(theatre: Theatre) -> None:
    theatre.heading("6. " + theatre.cloud.limit_told.format(limit=RULE_LIMIT))
    theatre.cloud.limit_rules(RULE_LIMIT)
    calls = dict(theatre.cloud.mutating_calls())
    theatre.apply(ONE_TOO_MANY)
    theatre.until("the refusal is told", lambda: bool(_refusals(theatre)))
    for line in _refusals(theatre):
        theatre.echo(f"  {line}")
    caused = Counter(theatre.cloud.mutating_calls()) - Counter(calls)
    if caused:
        named = ", ".join(sorted(caused))
        raise DemoError(f"the refused Ingress caused calls that change something: {named}")
    theatre.echo("No call that changes anything was made for it; the shop goes on.")


def _refusals(theatre: Theatre) -> list[str]:
    return [
        f"{text(event, 'type')} {text(event, 'reason')}: {text(event, 'message')}"
        for event in theatre.cluster.list("Event", namespace="shop")
        if text(event, "involvedObject", "name") == "blog"
        and text(event, "reason") == "LimitExceeded"
    ]


def _act_delete(theatre: Theatre) -> None:
    theatre.heading("7. Delete the Ingresses: nothing may be left")
    theatre.delete("shop", "blog")
    for name in ("shop", "blog"):
        theatre.until(f"Ingress {name} is gone", functools.partial(_is_gone, theatre, name))
    theatre.until("the account is empty", lambda: not theatre.cloud.leftovers())
    theatre.echo(theatre.cloud.empty_told)
    calls = theatre.cloud.mutating_calls()
    theatre.echo(
        "All writing calls of this demo: "
        + ", ".join(f"{name} {count}" for name, count in sorted(calls.items()))
    )


def _is_gone(theatre: Theatre, name: str) -> bool:
    return theatre.cluster.get("Ingress", name, "shop") is None


def _stay(theatre: Theatre) -> None:
    theatre.heading("Staying up; Ctrl-C ends it")
    theatre.echo(f"export KUBECONFIG={theatre.kubeconfig}")
    theatre.echo("kubectl get ingresses,services,pods,loadbalancers -A")
    for line in theatre.cloud.hints():
        theatre.echo(line)
    try:
        while True:
            time.sleep(1.0)
    except KeyboardInterrupt:
        theatre.echo("")

"""A site: a project that GKE Ingress has worked in, and the files behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path

import msgspec

from provisioner.cli import main
from provisioner.sandbox.gcp.account import make_project
from provisioner.sandbox.gcp.server import CloudServer
from tests.conformance.takeover import gke_manifests
from tests.conformance.takeover.gke import Gke
from tests.conformance.takeover.gke_names import INGRESS_UID, KUBE_SYSTEM_UID, REGION
from tests.conformance.takeover.site import OUR_MARK, Plan, Run, Step, steps

DESCRIBED = "description"


class GkeSite:
    """A project, its files, and commands on them."""

    def __init__(self, cloud: CloudServer, folder: Path) -> None:
        cloud.reset()
        self.cloud = cloud
        self.folder = folder / "k8s"
        self.folder.mkdir()
        self.project = make_project(cloud, nodes=2)
        self.gke = Gke(cloud.url, self.project)
        self.gke.make()
        self.documents = gke_manifests.everything(self.project, self.gke.pem)
        cloud.calls.clear()

    def replace_in_files(self, old: str, new: str) -> None:
        """Change the files; the text must be there."""
        assert any(old in document for document in self.documents)
        self.documents = [document.replace(old, new) for document in self.documents]

    def plan(self, *options: str, code: int = 0, compatibility: str = "incumbent") -> Plan:
        """Return the plan of a comparison; it has made no writing call."""
        self.cloud.calls.clear()
        chosen = ("--compatibility", compatibility) if compatibility else ()
        done = self.run("plan", "--take-over", *chosen, "-o", "json", *options)
        assert (done.code, bool(done.out)) == (code, True), done.err
        assert self.cloud.calls.mutating() == ()
        return msgspec.json.decode(done.out, type=Plan)

    def run(self, command: str, *options: str) -> Run:
        """Run a command on this site."""
        (self.folder / "all.yaml").write_text("---\n".join(self.documents))
        identity = ("--cluster-uid", KUBE_SYSTEM_UID, "--ingress-uid", INGRESS_UID)
        said = tuple(text for text in identity if identity[0] not in options)
        return self.bare(
            command, "-f", str(self.folder), "--no-cluster", "--provider", "gcp",
            "--cluster-name", "demo", *said, "--project", self.project.project,
            "--region", REGION, "--endpoint-url", self.cloud.url, *options,
        )  # fmt: skip

    def bare(self, *arguments: str) -> Run:
        """Run a command with nothing added to it, in this process: there are many of them."""
        out, err = BytesIO(), BytesIO()
        with (
            TextIOWrapper(out, encoding="utf-8") as said,
            TextIOWrapper(err, encoding="utf-8") as told,
            redirect_stdout(said),
            redirect_stderr(told),
        ):
            code = main.run(arguments)
            said.flush()
            told.flush()
            return Run(code=code, out=out.getvalue().decode(), err=err.getvalue().decode())


def more_than_marks(plan: Plan) -> list[str]:
    """Return what a plan does besides writing our mark into descriptions, in words."""
    return [f"{step.action} {step.address}: {more}" for step in steps(plan) for more in _more(step)]


def did(plan: Plan) -> list[str]:
    """Return what a plan does besides our mark: action, kind, operation and fields of each step."""
    found = []
    for step in steps(plan):
        fields = [change.path for change in step.changes if change.path != DESCRIBED]
        if step.action == "update" and not fields:
            continue
        calls = ",".join(sorted({call.operation for call in step.calls}))
        said = [",".join(sorted(fields))] if step.action == "update" else []
        found.append(" ".join((step.action, step.kind, calls, *said)))
    return sorted(set(found))  # a firewall is widened first and narrowed in the end


def _more(step: Step) -> Iterator[str]:
    if step.action != "update":
        yield f"it is no update ({[call.operation for call in step.calls]})"
        return
    for call in step.calls:
        if not call.operation.endswith(".update"):
            yield call.operation
    for change in step.changes:
        if change.path != DESCRIBED:
            yield f"{change.path} {change.before} -> {change.after}"
            continue
        before, after = _words(change.before), _words(change.after)
        written = {key for key in after if before.get(key) != after[key]}
        foreign = {key for key in written if not key.startswith(OUR_MARK)}
        if foreign or before.keys() - after.keys():
            yield f"words {sorted(foreign | (before.keys() - after.keys()))}"


def _words(value: object) -> dict[str, object]:
    words: dict[str, object] = json.loads(str(value)) if value else {}
    return words

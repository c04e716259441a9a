"""A site: an account that AWS Load Balancer Controller has worked in, and the files behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from provisioner.sandbox.aws.account import Account, make_account
from provisioner.sandbox.aws.pem import CertificateSpec
from provisioner.sandbox.aws.server import CloudServer
from tests.conformance.takeover import manifests
from tests.conformance.takeover.lbc import CLUSTER, Lbc, Made
from tests.unit.cli import worlds

OUR_MARK = "ingress-provisioner.io/"
TAG_CALLS = frozenset({"AddTags", "CreateTags"})


class Tag(msgspec.Struct):
    """A tag."""

    Key: str
    Value: str


class Call(msgspec.Struct):
    """A call that a step makes."""

    operation: str


class Change(msgspec.Struct):
    """A field that a step changes."""

    path: str
    before: object
    after: object


class Step(msgspec.Struct):
    """A step of a plan."""

    action: str
    kind: str
    address: str
    calls: list[Call]
    changes: list[Change]


class Part(msgspec.Struct):
    """One load balancer's part of a plan."""

    steps: list[Step]


class Finding(msgspec.Struct):
    """A diagnostic."""

    severity: str
    code: str
    subject: str
    field: str
    message: str


class Plan(msgspec.Struct, rename="camel"):
    """A plan, as far as these tests look."""

    applyable: bool
    shared: Part
    load_balancers: list[Part]
    diagnostics: list[Finding]


_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


class Site:
    """An account, its files, and commands on them."""

    def __init__(self, cloud: CloudServer, folder: Path) -> None:
        cloud.reset()
        self.cloud = cloud
        self.folder = folder / "k8s"
        self.folder.mkdir()
        hosts = (("*.example.com",), ("shop.example.com",))
        self.account: Account = make_account(
            cloud.url,
            cluster_name=CLUSTER,
            zones=2,
            nodes=2,
            certificates=[CertificateSpec(hosts=each) for each in hosts],
        )
        self.lbc = Lbc(self.account)
        self.made: Made = self.lbc.make()
        self.documents = manifests.everything(self.made, self.account)
        cloud.calls.clear()

    def replace_in_files(self, old: str, new: str) -> None:
        """Change the files; the text must be there."""
        assert any(old in document for document in self.documents)
        self.documents = [document.replace(old, new) for document in self.documents]

    def make_node_ports(self) -> None:
        """Give the Services of the pods node ports, so that both target types are possible."""
        ports = {"shop": (8080, 30100), "blue": (8080, 30101), "green": (9090, 30102)}
        for name, (port, number) in ports.items():
            head = f"uid: uid-{name}}}\nspec:\n"
            body = f"  ipFamilies: [IPv4]\n  ports: [{{port: 80, targetPort: {port}"
            self.replace_in_files(
                f"{head}{body}", f"{head}  type: NodePort\n{body}, nodePort: {number}"
            )

    def backend_group(self) -> str:
        """Return the id of the group that all load balancers share."""
        found = self.lbc.ec2.describe_security_groups(
            Filters=[{"Name": "tag:elbv2.k8s.aws/resource", "Values": ["backend-sg"]}]
        )
        return found["SecurityGroups"][0]["GroupId"]

    def plan(self, *options: str, code: int = 0, compatibility: str = "incumbent") -> Plan:
        """Return the plan of a comparison."""
        chosen = ("--compatibility", compatibility) if compatibility else ()
        done = self.run("plan", "--take-over", *chosen, "-o", "json", *options)
        assert (done.code, bool(done.out)) == (code, True), done.err
        return msgspec.json.decode(done.out, type=Plan)

    def run(self, command: str, *options: str) -> Run:
        """Run a command on this site."""
        (self.folder / "all.yaml").write_text("---\n".join(self.documents))
        named = () if "--cluster-name" in options else ("--cluster-name", CLUSTER)
        return self.bare(
            command, "-f", str(self.folder), "--no-cluster", *named,
            "--region", self.account.login.region, "--endpoint-url", self.cloud.url, *options,
        )  # fmt: skip

    def bare(self, *arguments: str) -> Run:
        """Run a command with nothing added to it."""
        done = worlds.provisioner(*arguments, environment=_CREDENTIALS)
        return Run(code=done.returncode, out=done.stdout, err=done.stderr)


def steps(plan: Plan) -> list[Step]:
    """Return every step that does something."""
    parts = [plan.shared, *plan.load_balancers]
    return [step for part in parts for step in part.steps if step.action != "noop"]


def more_than_marks(plan: Plan) -> list[str]:
    """Return what a plan does besides adding our mark, in words."""
    return [f"{step.action} {step.address}: {more}" for step in steps(plan) for more in _more(step)]


def _more(step: Step) -> Iterator[str]:
    if step.action != "update":
        yield "it is no update"
    yield from (call.operation for call in step.calls if call.operation not in TAG_CALLS)
    for change in step.changes:
        if change.path != "Tags":
            yield f"{change.path} {change.before} -> {change.after}"
            continue
        before, after = _tags(change.before), _tags(change.after)
        written = {key for key, _ in after.items() - before.items()}
        foreign = {key for key in written if not key.startswith(OUR_MARK)}
        if foreign or before.keys() - after.keys():
            yield f"tags {sorted(foreign | (before.keys() - after.keys()))}"


def _tags(value: object) -> dict[str, str]:
    return {tag.Key: tag.Value for tag in msgspec.convert(value or [], list[Tag])}


def diagnostics(plan: Plan, code: str) -> list[Finding]:
    """Return the diagnostics with a code."""
    return [found for found in plan.diagnostics if found.code == code]

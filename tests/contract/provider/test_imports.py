"""A process for one cloud never loads the libraries of the other.

They cost seconds and a hundred megabytes, and a process has no business with the other's
credentials. Asked of processes that really plan, apply and run a controller.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.contract.provider.commands import environment, files_alone
from tests.contract.provider.desk import Desk
from tests.contract.provider.manifests import ingress

FOREIGN = {
    "aws": ("google", "providers.gcp", "requests"),
    "gcp": ("boto3", "botocore", "s3transfer", "providers.aws", "google.cloud", "googleapiclient"),
}
"""What a process for a cloud must not load, by cloud."""

SCRIPT = """
import sys
from provisioner.cli.main import run
code = run(sys.argv[1:])
print("|".join(sorted(sys.modules)), file=sys.stderr)
sys.exit(code)
"""

CONTROLLER = """
import sys
import provisioner.cli.run, provisioner.operator.main
from provisioner import wiring
from provisioner.model.settings import Identity
from provisioner.ports import CloudTarget
name, region, project, url = sys.argv[1:]
provider = wiring.load_provider(name)
identity = Identity(cluster_name="c", cluster_uid="u")
target = CloudTarget(identity=identity, region=region, project=project, endpoint_url=url)
reader = provider.open_reader(target)
provider.open_writer(target, wiring.OpenFence(), reader)
reader.observe()
reader.limits()
print("|".join(sorted(sys.modules)), file=sys.stderr)
"""

KUBERNETES = """
import sys
import kubernetes.client, kubernetes.config
print("|".join(sorted(sys.modules)), file=sys.stderr)
"""
"""The Kubernetes client loads google-auth and requests for itself where they are installed."""


def loaded(desk: Desk, script: str, *arguments: str) -> Sequence[str]:
    """Return the modules that a process has loaded by its end."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment(desk.cloud.environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr.strip().rpartition("\n")[2].split("|")


def foreign(desk: Desk, modules: Sequence[str]) -> list[str]:
    """Return what of it belongs to the other cloud."""
    names = FOREIGN[desk.cloud.name]
    return [m for m in modules if any(m == name or m.startswith(f"{name}.") for name in names)]


@pytest.mark.parametrize("command", ["plan", "apply", "route", "limits", "render"])
def test_a_command_loads_one_cloud(desk: Desk, command: str) -> None:
    """Whatever it does there, and with an account behind it."""
    desk.put(ingress("web"))
    words = {
        "apply": ["apply", "--yes"],
        "route": ["route", "http://shop.example.com/"],
        "render": ["render"],
    }.get(command, [command])
    options = files_alone(desk)
    if command == "render":
        options = ["--provider", desk.cloud.name, "--cluster-name", "c", "-f", str(desk.file)]

    modules = loaded(desk, SCRIPT, *words, *options)

    assert f"providers.{desk.cloud.name}" in modules
    assert foreign(desk, modules) == []


def test_a_controller_loads_one_cloud(desk: Desk) -> None:
    """Everything that it is made of, reading and writing included."""
    where = desk.cloud.target(desk.settings.identity)

    modules = loaded(
        desk, CONTROLLER, desk.cloud.name, where.region, where.project or "", desk.cloud.url
    )

    assert f"providers.{desk.cloud.name}" in modules
    brought = loaded(desk, KUBERNETES)
    assert set(foreign(desk, modules)) <= set(brought)

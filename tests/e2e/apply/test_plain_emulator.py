"""Against an emulator that is not ours: an unmodified moto server, in a process of its own.

The embedded clouds are stricter than moto; this holds the product to somebody else's idea of the
API as well, with everything in files: nodes, node ports and endpoints.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.provider.aws import PlainAws
from tests.contract.provider.commands import files_alone, in_process
from tests.contract.provider.desk import Shelf
from tests.contract.provider.manifests import Route, ingress

STOCK_MOTO = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
print(f"http://{host}:{port}", flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """Files for an account in a plain moto server, made with plain boto3."""
    process = subprocess.Popen(
        [sys.executable, "-c", STOCK_MOTO],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        made = Shelf(cloud=PlainAws(process.stdout.readline().strip()), folder=tmp_path)
        made.furnish("web", "cart")
        yield made
        process.stdin.close()


def applied(shelf: Shelf) -> None:
    """Apply the files, and see that nothing is left to do."""
    done = in_process(shelf, "apply", "--yes", *files_alone(shelf))
    assert done.returncode == 0, done.stdout + done.stderr
    again = in_process(shelf, "plan", "--detailed-exitcode", *files_alone(shelf))
    assert again.returncode == 0, again.stdout + again.stderr


def test_files_alone_against_plain_moto(shelf: Shelf) -> None:
    """Both target modes, HTTPS and a shared load balancer: applied, at rest, healed, and gone.

    A rule deleted by hand is planned as exactly one creation.
    """
    shelf.put(
        ingress("web", Route(), Route(path="/cart", service="cart"), group="edge"),
        ingress(
            "own",
            Route(),
            mode="node-port",
            annotations={"listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]'},
        ),
    )
    applied(shelf)

    rule = shelf.cloud.delete_a_rule_by_hand()
    plan = in_process(shelf, "plan", *files_alone(shelf))
    assert "Plan: 1 to create, 0 to update, 0 to replace, 0 to delete." in plan.stdout
    applied(shelf)
    assert rule in shelf.cloud.addresses()

    shelf.drop("Ingress shop/web", "Ingress shop/own")
    applied(shelf)
    assert shelf.cloud.leftovers() == {}

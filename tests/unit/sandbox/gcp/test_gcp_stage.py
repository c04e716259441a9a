"""The server's life, and the stage for the demo and end-to-end tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.cloud import compute_v1

from provisioner.model.settings import Identity
from provisioner.sandbox.cluster.documents import text
from provisioner.sandbox.gcp.account import make_project
from provisioner.sandbox.gcp.server import CloudServer
from provisioner.sandbox.gcp.stage import AliasAddresses, GcpStage, open_stage
from provisioner.sandbox.stage import open_cloud
from tests.unit.sandbox.gcp.workbench import PROJECT, Workbench, backend


@pytest.fixture
def environment() -> Iterator[None]:
    """Leave the environment as it was."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def test_a_server_runs_between_start_and_stop() -> None:
    """It takes a free port, can be stopped twice, and starts again."""
    cloud = CloudServer()
    with pytest.raises(RuntimeError, match="not running"):
        _ = cloud.url

    cloud.start()
    with pytest.raises(RuntimeError, match="already running"):
        cloud.start()
    first = cloud.url
    cloud.stop()
    cloud.stop()

    with cloud:
        assert first.startswith("http://127.0.0.1:")
        assert cloud.url.startswith("http://127.0.0.1:")


def test_a_taken_port_is_an_error() -> None:
    """And not a server that nobody reaches."""
    with CloudServer() as cloud:
        port = int(cloud.url.rpartition(":")[2])

        with pytest.raises(RuntimeError, match="could not start"):
            CloudServer(port=port).start()


def test_two_servers_do_not_share_anything() -> None:
    """Unlike moto, nothing is process-wide."""
    with CloudServer() as one, CloudServer() as two:
        make_project(one)

        assert len(one.documents("instances")) == 2
        assert two.documents("instances") == ()


def test_the_emulator_does_not_load_google_s_client() -> None:
    """Whoever runs the sandbox need not wait a second for it, nor have it installed."""
    script = (
        "import sys, provisioner.sandbox.gcp.stage\n"
        "print(sorted(n for n in sys.modules if n.split('.')[0] in ('google', 'googleapiclient')))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert done.stdout.decode().strip() in ("[]", "['google']")  # a namespace of site-packages


def test_many_threads_are_served_in_some_order(bench: Workbench) -> None:
    """Each call is carried out as a whole; Google's client may be shared by threads."""
    names = [f"hc-{number:03}" for number in range(64)]
    checks = bench.client(compute_v1.HealthChecksClient)

    def insert(name: str) -> None:
        resource = compute_v1.HealthCheck(name=name, type_="HTTP")
        bench.wait(checks.insert_unary(project=PROJECT, health_check_resource=resource))

    bench.client(compute_v1.GlobalOperationsClient)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(insert, names))

    assert [each.name for each in checks.list(project=PROJECT)] == names


def test_the_stage_is_found_by_name(environment: None) -> None:
    """One project with two machines, ready for a cluster."""
    with open_cloud("gcp") as stage:
        target = stage.target(Identity(cluster_name="demo"))

        assert stage.controller == "ingress-provisioner.io/gcp"
        assert [node.zone for node in stage.nodes] == ["europe-west1-b", "europe-west1-c"]
        assert stage.nodes[0].provider_id == f"gce://{PROJECT}/europe-west1-b/{stage.nodes[0].name}"
        assert (target.region, target.endpoint_url) == ("europe-west1", _url(stage))
        assert os.environ["GOOGLE_CLOUD_PROJECT"] == PROJECT
        assert stage.mutating_calls() == {}
        assert stage.leftovers() == {}
        assert all(_url(stage) in hint for hint in stage.hints())


def test_the_stage_tells_what_the_cloud_has(bench: Workbench) -> None:
    """Forwarding rules with their rules, and who is behind each backend service, in lines."""
    stage = GcpStage(bench.cloud, bench.project)
    service = bench.service("web", backends=[backend(bench.endpoint_group())])
    bench.url_map(
        defaultService=service,
        hostRules=[{"hosts": ["shop.example.com"], "pathMatcher": "shop"}],
        pathMatchers=[
            {
                "name": "shop",
                "defaultService": service,
                "pathRules": [{"paths": ["/cart", "/cart/*"], "service": service}],
            }
        ],
    )
    rule = bench.frontend("global/urlMaps/map")

    assert stage.describe() == [
        f"front  EXTERNAL  {text(rule, 'IPAddress')}:80",
        "    shop.example.com /cart /cart/*  ->  web",
        "    shop.example.com any  ->  web",
        "    any  ->  web",
        "  web: no targets",
    ]


def test_the_stage_limits_what_differs_between_projects(bench: Workbench) -> None:
    """Backend services, whichever scheme."""
    GcpStage(bench.cloud, bench.project).limit_rules(3)

    assert bench.cloud.quotas["BACKEND_SERVICES"] == 3
    assert bench.cloud.quotas["GLOBAL_EXTERNAL_MANAGED_BACKEND_SERVICES"] == 3


def test_pods_take_addresses_of_their_node_s_alias_range(bench: Workbench) -> None:
    """No address is given twice while it is in use; one given back comes last."""
    node = bench.project.nodes[1]
    addresses = AliasAddresses(bench.project.nodes)
    document: dict[str, object] = {"metadata": {"name": node.name}}

    first, second = (addresses.allocate(document, {}) for _ in range(2))
    addresses.release(node.name, {}, first)
    third = addresses.allocate(document, {})

    assert [first, second, third] == [node.pod_address(number) for number in range(3)]


def test_an_exhausted_alias_range_is_named(bench: Workbench) -> None:
    """With the node, so that the reader knows where."""
    node = bench.project.nodes[0]
    addresses = AliasAddresses((node,))
    document: dict[str, object] = {"metadata": {"name": node.name}}
    for _ in range(253):
        addresses.allocate(document, {})

    with pytest.raises(LookupError, match=node.name):
        addresses.allocate(document, {})


def _url(stage: object) -> str:
    assert isinstance(stage, GcpStage)
    return stage.cloud.url


def test_the_stage_takes_its_time(environment: None) -> None:
    """Operations, health and draining last a moment, so that waiting is seen."""
    with open_stage() as stage:
        assert isinstance(stage, GcpStage)
        settings = stage.cloud.settings

    assert settings.operation_seconds > 0
    assert settings.health_seconds > 0
    assert settings.draining_seconds > 0

"""How long the commands take that people wait for, and how much memory a large plan needs.

Processor time is measured, not time on the wall, and bounds are ratios to a baseline taken in the
same run, so that a busy machine fails nobody. The figures are printed (``pytest -s``).
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.contract.provider.commands import command, environment
from tests.contract.provider.manifests import Document, Route, ingress, service
from tests.contract.provider.under_test import ROOT

pytestmark = pytest.mark.benchmark

CLASSES = {"aws": "alb", "gcp": "gce"}
EXAMPLE = ROOT / "tests" / "data" / "examples" / "aws-2048"
BASELINE = [sys.executable, "-c", "import msgspec, click"]
MEASURE = """
import json, os, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([done.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""
LOAD = """
import sys, yaml
list(yaml.load_all(open(sys.argv[1], "rb"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
"""
INGRESSES, PATHS, SERVICES = 1000, 5, 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a process took: seconds of processor time and megabytes of memory at most."""

    seconds: float
    megabytes: float


def cost(words: list[str]) -> Cost:
    """Run a process that must succeed and return what it took."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *words],
        env=environment({}),
        capture_output=True,
        text=True,
        check=True,
        timeout=110,
    )
    code, seconds, kilobytes = json.loads(done.stdout)
    assert code == 0, done.stderr
    return Cost(seconds=seconds, megabytes=kilobytes / 1024)


def median(words: list[str]) -> float:
    """Return the middle processor time of five runs, after one that warms the caches up."""
    cost(words)
    return statistics.median(cost(words).seconds for _ in range(5))


def account(cloud: str) -> Path:
    """Return the account file that the documentation has for a cloud."""
    return ROOT / "docs" / "examples" / f"account-{cloud}.yaml"


def offline(path: Path, *, cloud: str = "aws", with_account: Path | None = None) -> list[str]:
    """Return the words of a plan from files and an account file."""
    known = str(with_account or account(cloud))
    return command(
        *("plan", "--provider", cloud, "--account", known, "-f", str(path)),
        *("-o", "json", "--fail-on", "never"),
    )


def test_help_feels_instant() -> None:
    """``--help`` takes little more than its libraries do; the target is 150 ms."""
    baseline, taken = median(BASELINE), median(command("--help"))

    sys.stdout.write(f"\n--help {taken * 1000:.0f} ms, baseline {baseline * 1000:.0f} ms")
    assert taken < 2.5 * baseline


def test_a_small_plan_is_quick() -> None:
    """A plan of one application takes a moment; the target is 700 ms."""
    baseline, taken = median(BASELINE), median(offline(EXAMPLE))

    sys.stdout.write(f"\nplan -f {taken * 1000:.0f} ms, baseline {baseline * 1000:.0f} ms")
    assert taken < 9 * baseline


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 1,000 Ingresses with five paths each, and 3,000 Services."""
    documents: list[Document] = [service(f"s{n}", node_port=0) for n in range(SERVICES)]
    for number in range(INGRESSES):
        routes = [
            Route(
                host=f"h{number}.example.com",
                path=f"/p{path}",
                service=f"s{(number * PATHS + path) % SERVICES}",
            )
            for path in range(PATHS)
        ]
        documents.append(ingress(f"i{number}", *routes, group=f"g{number // 10}", class_name="alb"))
    path = tmp_path_factory.mktemp("large") / "cluster.yaml"
    path.write_text("\n---\n".join(json.dumps(each, indent=1) for each in documents))
    return path


def test_a_large_plan(large: Path) -> None:
    """5,000 paths in 100 load balancers: under 400 MB, and a small multiple of reading the YAML.

    The target is 5 s.
    """
    parsing, taken = cost([sys.executable, "-c", LOAD, str(large)]), cost(offline(large))

    sys.stdout.write(
        f"\nplan of {INGRESSES} Ingresses: {taken.seconds:.1f} s, {taken.megabytes:.0f} MB; "
        f"parsing alone {parsing.seconds:.1f} s"
    )
    assert taken.megabytes < 400
    assert taken.seconds < 20 * parsing.seconds


def generous(cloud: str, folder: Path) -> Path:
    """Return an account file whose limits let everybody in, so that all of it is planned."""
    content = yaml.safe_load(account(cloud).read_text())
    for name, value in content["limits"].items():
        if not name.startswith("condition-"):
            content["limits"][name] = max(value, 1_000_000)
    path = folder / f"account-{cloud}.yaml"
    path.write_text(json.dumps(content))
    return path


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Plans of 1,000 Ingresses, each with a load balancer of its own and three paths, by cloud."""
    words = {}
    for cloud, class_name in CLASSES.items():
        folder = tmp_path_factory.mktemp(cloud)
        documents: list[Document] = [service(f"s{n}", node_port=0) for n in range(INGRESSES)]
        for number in range(INGRESSES):
            routes = [
                Route(
                    host=f"h{number}.example.com",
                    path=f"/p{path}",
                    service=f"s{(number * 3 + path) % INGRESSES}",
                )
                for path in range(3)
            ]
            documents.append(ingress(f"i{number}", *routes, class_name=class_name))
        path = folder / "cluster.yaml"
        path.write_text("\n---\n".join(json.dumps(each, indent=1) for each in documents))
        words[cloud] = offline(path, cloud=cloud, with_account=generous(cloud, folder))
    return words


def test_google_takes_little_longer_than_aws(many: dict[str, list[str]]) -> None:
    """The same 3,000 paths: under 400 MB, and about half as long again; there is twice as much.

    A backend that three zones have nodes for is eight resources on Google, two on AWS.
    """
    first, second = cost(many["aws"]), cost(many["gcp"])

    sys.stdout.write(
        f"\nplan of {INGRESSES} load balancers: aws {first.seconds:.1f} s, "
        f"{first.megabytes:.0f} MB; gcp {second.seconds:.1f} s, {second.megabytes:.0f} MB"
    )
    assert second.megabytes < 400
    assert second.seconds < 2 * first.seconds


def test_the_measure_measures() -> None:
    """The processor time of a process that works is that of the work, not of the machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = cost([sys.executable, "-c", "sum(range(5_000_000))"])
    idle = cost([sys.executable, "-c", "import time; time.sleep(0.3)"])

    assert busy.seconds > idle.seconds
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime >= used.ru_utime

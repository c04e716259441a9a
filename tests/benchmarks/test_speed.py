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

from tests.contract.provider.commands import command, environment
from tests.contract.provider.manifests import Document, Route, ingress, service
from tests.contract.provider.under_test import ROOT

pytestmark = pytest.mark.benchmark

ACCOUNT = ROOT / "docs" / "examples" / "account-aws.yaml"
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


def offline(path: Path) -> list[str]:
    """Return the words of a plan from files and an account file."""
    return command(
        *("plan", "--provider", "aws", "--account", str(ACCOUNT), "-f", str(path)),
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


def test_the_measure_measures() -> None:
    """The processor time of a process that works is that of the work, not of the machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = cost([sys.executable, "-c", "sum(range(5_000_000))"])
    idle = cost([sys.executable, "-c", "import time; time.sleep(0.3)"])

    assert busy.seconds > idle.seconds
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime >= used.ru_utime

"""Mistakes that only Google Cloud has, in files alone and from an account file.

What they do to a load balancer that exists is held in ``tests/contract/google_settings``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.provider.commands import files_alone, provisioner
from tests.contract.provider.desk import IDENTITY, Desk
from tests.contract.provider.manifests import NAMESPACE, Document, Route, ingress, service
from tests.e2e.apply.asking import findings, groups, offline, planned

pytestmark = pytest.mark.parametrize("running", ["gcp"], indirect=True)

PATH = "spec.rules[0].http.paths[0]"
ADDRESS = "kubernetes.io/ingress.global-static-ip-name"
CERTIFICATES = "networking.gke.io/managed-certificates"
CONFIG = "cloud.google.com/backend-config"
NEG = "cloud.google.com/neg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Annotations of Ingress ``shop/bad`` or its Service, and what must be said, of which object.

    ``planned``: the mistake costs a path, and the Ingress is planned without it.
    """

    ingress: Mapping[str, str]
    service: Mapping[str, str]
    objects: tuple[Document, ...]
    subject: str
    field: str
    word: str
    planned: bool


def mistake(
    field: str,
    word: str,
    *,
    ingress: Mapping[str, str] | None = None,
    service: Mapping[str, str] | None = None,
    objects: tuple[Document, ...] = (),
    subject: str = "Ingress shop/bad",
    planned: bool = False,
) -> Mistake:
    """Return a mistake."""
    return Mistake(
        ingress=ingress or {},
        service=service or {},
        objects=objects,
        subject=subject,
        field=field,
        word=word,
        planned=planned,
    )


def config(timeout: object) -> Document:
    """Return BackendConfig ``bad`` with a timeout."""
    return {
        "apiVersion": "cloud.google.com/v1",
        "kind": "BackendConfig",
        "metadata": {"name": "bad", "namespace": NAMESPACE},
        "spec": {"timeoutSec": str(timeout)},
    }


MISTAKES: Mapping[str, Mistake] = {
    "backend-config-missing": mistake(
        PATH, "BackendConfig shop/bad", service={CONFIG: '{"default": "bad"}'}, planned=True
    ),
    "backend-config-does-not-parse": mistake(
        "spec.timeoutSec",
        "soon",
        service={CONFIG: '{"default": "bad"}'},
        objects=(config("soon"),),
        subject="BackendConfig shop/bad",
        planned=True,
    ),
    "neg-is-no-json": mistake(
        f"metadata.annotations[{NEG}]",
        "JSON",
        service={NEG: "{ingress: true"},
        subject="Service shop/bad",
        planned=True,
    ),
    "static-address-not-found": mistake(
        f"metadata.annotations[{ADDRESS}]",
        "gcloud compute addresses create nowhere",
        ingress={ADDRESS: "nowhere"},
    ),
    "managed-certificate-missing": mistake(
        f"metadata.annotations[{CERTIFICATES}]",
        "ManagedCertificate shop/nowhere",
        ingress={CERTIFICATES: "nowhere"},
    ),
    "nothing-is-open": mistake(
        "metadata.annotations",
        "certificate",
        ingress={"kubernetes.io/ingress.allow-http": "false"},
    ),
}


def put(desk: Desk, found: Mistake) -> None:
    """Put an Ingress with a Service of its own that have the mistake, beside one that is right."""
    made = service("bad", node_port=30090)
    metadata = made["metadata"]
    assert isinstance(metadata, dict)
    metadata["annotations"] = dict(found.service)
    desk.put(
        made,
        *found.objects,
        ingress("good"),
        ingress("bad", Route(service="bad"), Route(path="/fine"), annotations=found.ingress),
    )


IN_THE_PROJECT = frozenset({"static-address-not-found"})
"""Mistakes that an account file cannot know: a name that is not in it may exist all the same."""


@pytest.mark.parametrize(
    ("name", "live"),
    [(name, True) for name in sorted(MISTAKES)]
    + [(name, False) for name in sorted(MISTAKES.keys() - IN_THE_PROJECT)],
)
def test_a_mistake(
    desk: Desk, name: str, *, live: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """The object, the field and a hint are told; everything else is planned; the exit code is 1.

    The same from an account file as against the project itself.
    """
    found = MISTAKES[name]
    put(desk, found)

    code, plan = planned(files_alone(desk) if live else offline(desk), capsys)

    errors = [each for each in findings(plan, found.subject) if each["severity"] == "error"]
    assert errors, plan["diagnostics"]
    (said,) = [each for each in errors if found.field in each["field"]]
    assert found.word in f"{said['message']} {said['hint']}"
    assert said["hint"]
    assert code == 1
    assert groups(desk, plan) == (["shop/bad", "shop/good"] if found.planned else ["shop/good"])


def test_names_with_dots(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """An Ingress may have dots in its name, which no name in Google Cloud may."""
    desk.put(ingress("shop.example.com"), ingress("good"))

    code, plan = planned(offline(desk), capsys)

    assert code == 0
    assert groups(desk, plan) == ["shop/good", "shop/shop.example.com"]


@pytest.mark.parametrize("scheme", ["internal", ""])
def test_no_proxy_only_subnetwork(
    desk: Desk, tmp_path: Path, scheme: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A load balancer of a region needs one in its region; who has none is told how to make it."""
    account = without_proxy_only(desk.cloud.account_file, tmp_path / "account.yaml")
    said = {"scheme": scheme} if scheme else {"google-load-balancer": "regional-external"}
    desk.put(ingress("bad", annotations=said), ingress("good"))

    code, plan = planned(offline(desk, account), capsys)

    (error,) = [d for d in findings(plan, "Ingress shop/bad") if d["severity"] == "error"]
    assert "proxy-only" in error["message"]
    assert "gcloud compute networks subnets create" in error["hint"]
    assert code == 1
    assert groups(desk, plan) == ["shop/good"]


def without_proxy_only(source: Path, target: Path) -> Path:
    """Write an account file without its proxy-only subnetworks."""
    head, mark, rest = source.read_text(encoding="utf-8").partition("  subnetworks:\n")
    body, end, tail = rest.partition("\n  # What annotations may name")
    entries = [entry for entry in body.split("    - ")[1:] if "proxyOnly" not in entry]
    assert len(entries) == 1
    target.write_text("".join((head, mark, "    - ", *entries, end, tail)), encoding="utf-8")
    return target


@pytest.mark.parametrize("told", [{"GOOGLE_APPLICATION_CREDENTIALS": "/nonexistent/key.json"}, {}])
def test_no_credentials(desk: Desk, told: Mapping[str, str]) -> None:
    """Without credentials the command says so, and how to get some; nobody is asked anything."""
    desk.put(ingress("good"))
    nowhere = {"CLOUDSDK_CONFIG": "/nonexistent", "NO_GCE_CHECK": "true", "HOME": "/nonexistent"}

    done = provisioner(
        *("plan", "--provider", "gcp", "--cluster-name", IDENTITY.cluster_name),
        *("--cluster-uid", IDENTITY.cluster_uid, "--no-cluster", "-f", str(desk.file)),
        env={**desk.cloud.environment, **nowhere, **told},
    )

    assert done.returncode == 1
    assert "credentials" in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr

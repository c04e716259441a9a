"""Whatever is wrong with the input: object, field and a way out; neighbours are planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import pytest

from provisioner.model.resource import Json
from tests.contract.provider.commands import files_alone, in_process
from tests.contract.provider.desk import Desk
from tests.contract.provider.manifests import Document, Route, ingress
from tests.e2e.apply.asking import findings, groups, offline, planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A mistake in an Ingress ``shop/bad``, and what must be said of it.

    ``field`` is a part of the field that is named, ``word`` a part of the message or hint. A
    mistake in one path leaves the Ingress planned without it.
    """

    made: Document
    field: str
    word: str
    severity: str = "error"
    planned: bool = False  # the Ingress is planned all the same


def bad(*routes: Route, **annotations: str) -> Document:
    """Return the Ingress with the mistake."""
    said = {key.replace("__", "/"): value for key, value in annotations.items()}
    return ingress("bad", *routes, annotations=said)


def edited(change: Callable[[dict[str, Json]], None]) -> Document:
    """Return the Ingress with its spec edited."""
    made = bad()
    change(cast("dict[str, Json]", made["spec"]))
    return made


def _resource_backend(spec: dict[str, Json]) -> None:
    rules = cast("list[dict[str, dict[str, list[dict[str, Json]]]]]", spec["rules"])
    resource: Json = {"apiGroup": "k8s.example.com", "kind": "StorageBucket", "name": "static"}
    rules[0]["http"]["paths"][0]["backend"] = {"resource": resource}


def annotated(key: str, value: str) -> Document:
    """Return the Ingress with one annotation."""
    return ingress("bad", annotations={key: value})


MISTAKES: Mapping[str, Mistake] = {
    "missing-service": Mistake(
        made=bad(Route(service="nowhere")),
        field="spec.rules[0].http.paths[0]",
        planned=True,
        word="nowhere",
    ),
    "missing-port": Mistake(
        made=bad(Route(port=8181)),
        field="spec.rules[0].http.paths[0].backend",
        planned=True,
        word="8181",
    ),
    "wrong-path-type": Mistake(
        made=bad(Route(path_type="Regex")),
        field="spec.rules[0].http.paths[0].pathType",
        planned=True,
        word="Regex",
    ),
    "wildcard-in-exact-path": Mistake(
        made=bad(Route(path="/a*", path_type="Exact")),
        field="spec.rules[0].http.paths[0]",
        planned=True,
        word="*",
    ),
    "resource-backend": Mistake(
        made=edited(_resource_backend), field="backend.resource", planned=True, word="Service"
    ),
    "bad-json": Mistake(
        made=annotated("listen-ports", "[{HTTP: 80"), field="listen-ports", word="JSON"
    ),
    "no-certificate": Mistake(
        made=ingress(
            "bad", Route(host="else.example.org"), annotations={"listen-ports": '[{"HTTPS": 443}]'}
        ),
        field="$certificate_field",
        word="certificate",
    ),
    "unknown-annotation": Mistake(
        made=annotated("taget-mode", "pod"),
        field="metadata.annotations[ingress-provisioner.io/taget-mode]",
        word="target-mode",
        severity="warning",
        planned=True,
    ),
    "unknown-class": Mistake(
        made=ingress("bad", class_name="nginx"),
        field="spec.ingressClassName",
        word="nginx",
        severity="info",
    ),
}


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_a_mistake_in_an_ingress(desk: Desk, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The object, the field and a hint are told; the neighbour is planned; the exit code is 1."""
    mistake = MISTAKES[name]
    desk.put(ingress("good"), mistake.made)
    field = mistake.field.replace("$certificate_field", desk.cloud.words.certificate_field)

    code, plan = planned(offline(desk), capsys)

    said = [
        each
        for each in findings(plan, "Ingress shop/bad")
        if each["severity"] == mistake.severity and field in each.get("field", "")
    ]
    assert said, findings(plan, "Ingress shop/bad")
    assert any(mistake.word in f"{each['message']} {each.get('hint', '')}" for each in said)
    assert all(each.get("hint") for each in said)
    assert code == (1 if mistake.severity == "error" else 0)
    assert groups(desk, plan) == (["shop/bad", "shop/good"] if mistake.planned else ["shop/good"])


def test_a_native_annotation_that_nobody_knows(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """A typing error under a prefix that we read is a warning with what was probably meant."""
    mistyped, meant = desk.cloud.words.mistyped
    desk.put(ingress("good"), annotated(mistyped, "ip"))

    code, plan = planned(offline(desk), capsys)

    field = f"metadata.annotations[{mistyped}]"
    (said,) = [each for each in findings(plan, "Ingress shop/bad") if each["field"] == field]
    assert said["severity"] == "warning"
    assert meant in said["hint"]
    assert code == 0
    assert groups(desk, plan) == ["shop/bad", "shop/good"]


def test_two_default_backends_in_a_group(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Of two members with different default backends the later one is told; the other stands."""
    for name in ("first", "second"):
        made = ingress(name, Route(host=f"{name}.example.com"), group="edge")
        spec = cast("dict[str, Json]", made["spec"])
        spec["defaultBackend"] = {"service": {"name": name, "port": {"number": 80}}}
        desk.put(made)
    desk.furnish("web", "first", "second")

    code, plan = planned(offline(desk), capsys)

    assert code == 1
    first = findings(plan, "Ingress shop/first")
    assert [d for d in first if d["severity"] == "error"] == []
    (said,) = [d for d in findings(plan, "Ingress shop/second") if d["severity"] == "error"]
    assert "spec.defaultBackend" in said["field"]
    assert said["hint"]
    assert groups(desk, plan) == ["edge"]


def test_a_file_that_is_no_yaml(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that does not parse is told with its place; the other files are planned."""
    desk.put(ingress("good"))
    (desk.folder / "broken.yaml").write_text("kind: Ingress\n  name: [", encoding="utf-8")

    code, plan = planned([*offline(desk), "-f", str(desk.folder / "broken.yaml")], capsys)

    listed = cast("list[dict[str, str]]", plan["diagnostics"])
    (said,) = [each for each in listed if "broken.yaml" in each["subject"]]
    assert said["severity"] == "error"
    assert "line" in said["message"] + said["field"]
    assert code == 1
    assert groups(desk, plan) == ["shop/good"]


def test_a_file_that_does_not_exist(desk: Desk) -> None:
    """A path that leads nowhere is an error that names it."""
    done = in_process(desk, "plan", *offline(desk), "-f", "/nonexistent/web.yaml")

    assert done.returncode == 1
    assert "/nonexistent/web.yaml" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_no_permission_to_read(desk: Desk) -> None:
    """A denied read is an error that names the operation."""
    desk.put(ingress("good"))
    operation = desk.cloud.reading_operations[0]
    desk.cloud.deny(operation)

    done = in_process(desk, "plan", *files_alone(desk))

    assert done.returncode == 1
    assert operation in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_permission_to_write(desk: Desk) -> None:
    """A denied write fails its step by name; what does not depend on it is done; exit code 1."""
    desk.put(ingress("good"))
    plan = desk.plan()
    operation = next(
        c.operation for s in plan.steps for c in s.calls if s.kind == desk.cloud.words.rules
    )
    desk.cloud.deny(operation)

    done = in_process(desk, "apply", "--yes", *files_alone(desk))

    assert done.returncode == 1
    assert operation in done.stdout
    assert "Traceback" not in done.stderr
    assert desk.cloud.addresses()

    desk.cloud.clear_faults()
    desk.converge()

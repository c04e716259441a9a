"""Files as input: what people keep in git, with what goes wrong in it."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import timeit
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from provisioner.kube.kinds import KINDS
from provisioner.kube.manifests import Manifests, read_manifests
from provisioner.model.diagnostic import Diagnostic, Severity
from provisioner.model.kube import Key

EXAMPLES = Path(__file__).parents[2] / "data" / "examples"

INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
"""
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n"
WEB = Key("shop", "web")
FIELDS = st.sampled_from(
    [
        "name",
        "namespace",
        "annotations",
        "labels",
        "rules",
        "host",
        "http",
        "paths",
        "backend",
        "ports",
        "port",
        "tls",
        "template",
        "replicas",
        "items",
        "kind",
        "deletionTimestamp",
    ]
)


def read(text: str | bytes) -> Manifests:
    """Return what this text on standard input says."""
    raw = text.encode() if isinstance(text, str) else text
    return read_manifests(["-"], stdin=io.BytesIO(raw))


def the_finding(found: Manifests) -> Diagnostic:
    """Return the only diagnostic."""
    (diagnostic,) = found.snapshot.diagnostics
    return diagnostic


@pytest.mark.parametrize(
    ("folder", "ingress", "services", "workloads"),
    [
        ("aws-2048", "game-2048/ingress-2048", 1, 1),
        ("aws-echoserver", "echoserver/echoserver", 1, 1),
        ("gke-fanout", "default/fanout-ingress", 2, 2),
        ("gke-online-boutique", "default/frontend-ingress", 12, 12),
    ],
)
def test_published_manifests_are_read(
    folder: str, ingress: str, services: int, workloads: int
) -> None:
    """Manifests of other projects are read as they are, without an error."""
    snapshot = read_manifests([EXAMPLES / folder]).snapshot

    assert [str(key) for key in snapshot.ingresses] == [ingress]
    assert (len(snapshot.services), len(snapshot.workloads)) == (services, workloads)
    assert not [d for d in snapshot.diagnostics if d.severity is Severity.ERROR]


def test_inputs_carry_name_and_hash() -> None:
    """A plan records what it was made from: each file and the SHA-256 of its content."""
    folder = EXAMPLES / "gke-fanout"

    found = read_manifests([folder])

    assert [name for name, _ in found.inputs] == sorted(str(path) for path in folder.iterdir())
    name, digest = found.inputs[0]
    assert digest == hashlib.sha256(Path(name).read_bytes()).hexdigest()


def test_a_folder_is_read_below_and_without_hidden_names(tmp_path: Path) -> None:
    """Sub-folders count, other suffixes and names with a leading dot do not."""
    for name in ("a.yaml", "sub/b.yml", "sub/c.json", ".hidden.yaml", ".git/d.yaml", "note.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")

    found = read_manifests([tmp_path])

    names = [str(Path(name).relative_to(tmp_path)) for name, _ in found.inputs]
    assert names == ["a.yaml", "sub/b.yml", "sub/c.json"]


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    """A folder and a file in it may both be given; that is no duplicate."""
    path = tmp_path / "web.yaml"
    path.write_text(INGRESS)

    found = read_manifests([tmp_path, path])

    assert found.snapshot.diagnostics == ()
    assert len(found.inputs) == 1


def test_sources_say_where_an_object_was_read(tmp_path: Path) -> None:
    """Messages about an object can name the file and the document."""
    path = tmp_path / "web.yaml"
    path.write_text(f"---\n# nothing\n---\n{INGRESS}---\n{SERVICE}")

    sources = read_manifests([path]).snapshot.sources

    assert sources == {
        "Ingress shop/web": f"{path}, document 2",
        "Service shop/web": f"{path}, document 3",
    }


@pytest.mark.parametrize(
    "text",
    [
        INGRESS,
        "\ufeff" + INGRESS,
        INGRESS.replace("\n", "\r\n"),
        f"---\n---\n{INGRESS}---\n...\n",
        f"kind: ConfigMap\napiVersion: v1\ndata: {{on: yes}}\n---\n{INGRESS}",
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: x}\n---\n" + INGRESS,
        json.dumps({"apiVersion": "extensions/v1beta1", "kind": "Ingress",
                    "metadata": {"name": "web", "namespace": "shop"}}),
        "apiVersion: v1\nkind: List\nitems:\n- " + INGRESS.replace("\n", "\n  "),
        ("apiVersion: networking.k8s.io/v1\nkind: IngressList\nitems:\n"
        "- metadata: {name: web, namespace: shop}\n"),
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  - "
        + INGRESS.replace("\n", "\n    "),
        "x: &meta {name: web, namespace: shop}\n---\n" + INGRESS,
    ],
)  # fmt: skip
def test_every_way_to_write_an_object_is_read(text: str) -> None:
    """Marks, line ends, empty documents, JSON and lists are all the same Ingress."""
    found = read(text)

    assert list(found.snapshot.ingresses) == [WEB]
    assert list(found.snapshot.services) == []
    assert not [d for d in found.snapshot.diagnostics if d.blocking]


def test_anchors_are_read() -> None:
    """Anchors and merges inside a document are ordinary YAML."""
    text = SERVICE + (
        "spec:\n  ports:\n  - &base {port: 80, targetPort: 8080, name: a}\n"
        "  - {<<: *base, port: 81, name: b}\n"
    )

    (service,) = read(text).snapshot.services.values()

    assert [(p.port, p.target_port) for p in service.ports] == [(80, 8080), (81, 8080)]


def test_namespaces_are_filled_in() -> None:
    """Without a namespace an object is where ``kubectl apply`` would put it."""
    text = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n"
        "apiVersion: networking.k8s.io/v1\nkind: IngressClass\n"
        "metadata: {name: alb, namespace: wrong}\nspec: {controller: c}\n"
    )

    found = read_manifests(["-"], stdin=io.BytesIO(text.encode()), default_namespace="team")

    assert list(found.snapshot.services) == [Key("team", "a")]
    assert found.snapshot.classes["alb"].meta.namespace == ""


def test_what_a_server_wrote_is_not_believed() -> None:
    """``kubectl get -o yaml`` in git carries uid and age of some cluster, not of this one."""
    text = INGRESS + (
        "  uid: u\n  resourceVersion: '7'\n  generation: 3\n"
        "  creationTimestamp: 2026-01-02T03:04:05Z\n  deletionTimestamp: 2026-01-02T03:04:05Z\n"
    )

    meta = read(text).snapshot.ingresses[WEB].meta

    assert (meta.uid, meta.resource_version, meta.generation, meta.created) == ("", "", 0, "")
    assert meta.deleting


def test_uids_count_where_the_files_are_all_there_is() -> None:
    """A dump of a cluster that is planned without it carries the UIDs that its names rest on."""
    source = io.BytesIO((INGRESS + "  uid: u\n  resourceVersion: '7'\n").encode())

    meta = read_manifests(["-"], stdin=source, whole=True).snapshot.ingresses[WEB].meta

    assert (meta.uid, meta.resource_version) == ("u", "")


@pytest.mark.parametrize("written", ["yes", "0755", "1:30", "2024-01-01", "1.5", "off", "0x1F"])
def test_a_value_that_yaml_reads_as_no_text_is_quoted_back(written: str) -> None:
    """YAML 1.1 makes 493 of 0755; the hint says what to write, in the file's own words."""
    problem = the_finding(read(f"{INGRESS}  annotations:\n    key: {written}\n"))

    assert problem.code == "MANIFEST-VALUE-NOT-TEXT"
    assert problem.field == "metadata.annotations[key]"
    assert problem.hint == f'Write key: "{written}"'
    assert (problem.ingress, problem.blocking) == (WEB, True)


def test_a_name_that_yaml_reads_as_no_text_is_reported() -> None:
    """``on: x`` as an annotation is a truth value's."""
    problem = the_finding(read(f"{INGRESS}  annotations:\n    on: x\n"))

    assert problem.field == "metadata.annotations"
    assert "truth value" in problem.message


def test_values_inside_lists_are_quoted_back() -> None:
    """In a List the spelling is looked up in the right item."""
    text = (
        "apiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: a, labels: {x: 01}}\n"
        "- metadata: {name: b}\n  spec: {selector: {v: 0755}}\n"
    )

    found = read(text)

    assert [d.hint for d in found.snapshot.diagnostics] == ['Write x: "01"', 'Write v: "0755"']


def test_one_bad_object_stops_no_other() -> None:
    """What is wrong with one document is said; all others are read."""
    found = read(f"{INGRESS}spec: {{rules: [{{host: [a]}}]}}\n---\n{SERVICE}")

    assert the_finding(found).field == "spec.rules[0].host"
    assert list(found.snapshot.ingresses) == []
    assert list(found.snapshot.services) == [WEB]


def test_a_broken_file_stops_no_other(tmp_path: Path) -> None:
    """A file that cannot be parsed is named with line and column; the next one is read."""
    (tmp_path / "a.yaml").write_text("a: [1\nb: 2\n")
    (tmp_path / "b.yaml").write_text(INGRESS)

    found = read_manifests([tmp_path])

    problem = the_finding(found)
    assert problem.subject == f"file {tmp_path / 'a.yaml'}"
    assert (problem.code, problem.field) == ("MANIFEST-MALFORMED", "line 2, column 2")
    assert list(found.snapshot.ingresses) == [WEB]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 30_000, "MANIFEST-MALFORMED"),
        (f"{INGRESS}\tspec: 1\n", "MANIFEST-MALFORMED"),
        (b"\xff\xfe\x00", "MANIFEST-MALFORMED"),
        ("", "MANIFEST-EMPTY"),
        ("# only a remark\n", "MANIFEST-EMPTY"),
        ("- a\n", "MANIFEST-NOT-AN-OBJECT"),
        ("text\n", "MANIFEST-NOT-AN-OBJECT"),
        ("apiVersion: v1\n", "MANIFEST-NOT-AN-OBJECT"),
        ("kind: Ingress\n", "MANIFEST-NOT-AN-OBJECT"),
        ("apiVersion: v1\nkind: Service\n", "MANIFEST-NO-NAME"),
        ("apiVersion: v1\nkind: Service\nmetadata: {generateName: a-}\n", "MANIFEST-NO-NAME"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: café}\n", "MANIFEST-BAD-NAME"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: ../x}\n", "MANIFEST-BAD-NAME"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: 12}\n", "MANIFEST-FIELD-TYPE"),
        ("apiVersion: v1\nkind: Service\nmetadata: []\n", "MANIFEST-FIELD-TYPE"),
        (f"{INGRESS}  name: again\n", "MANIFEST-DUPLICATE-KEY"),
        (f"{INGRESS}---\n{INGRESS}", "MANIFEST-DUPLICATE-OBJECT"),
    ],
)
def test_bad_input_is_a_blocking_error_with_a_code(text: str | bytes, code: str) -> None:
    """Nothing raises: each mistake is one error with a stable code."""
    problem = the_finding(read(text))

    assert problem.code == code
    assert problem.severity is Severity.ERROR
    assert problem.blocking


def test_an_object_without_a_name_is_named_by_its_place() -> None:
    """There is nothing else to call it by."""
    problem = the_finding(read(f"{SERVICE}---\napiVersion: v1\nkind: Service\n"))

    assert problem.subject == "Service in -, document 2"


def test_an_ingress_given_twice_names_both_places() -> None:
    """Two versions of one Ingress are a mistake; which one was meant is not guessed at."""
    problem = the_finding(read(f"{INGRESS}---\n{INGRESS}"))

    assert "-, document 1" in problem.message
    assert "-, document 2" in problem.message
    assert problem.ingress == WEB


def test_of_other_objects_the_later_one_counts() -> None:
    """``kubectl apply`` lets the later one win, and published manifests rely on it."""
    later = SERVICE + "spec: {type: NodePort}\n"

    found = read(f"{SERVICE}---\n{later}")

    assert the_finding(found).severity is Severity.WARNING
    assert found.snapshot.services[WEB].type == "NodePort"


def _annotated(annotations: str) -> str:
    return SERVICE.replace("shop}", f"shop, annotations: {{{annotations}}}}}")


def test_copies_of_a_service_that_differ_in_annotations_alone_are_one_with_all_of_them() -> None:
    """One part of an application annotates the Service that another part brings along."""
    annotated = _annotated("team: shop, tier: web")
    later = _annotated("tier: front")

    found = read(f"{annotated}---\n{later}")

    assert "annotations of both" in the_finding(found).message
    assert found.snapshot.services[WEB].meta.annotations == {"team": "shop", "tier": "front"}


def test_a_copy_of_a_service_that_says_something_else_replaces_the_first() -> None:
    """Annotations were written for the ports and the type beside them."""
    annotated = _annotated("team: shop")
    later = SERVICE + "spec: {type: NodePort}\n"

    found = read(f"{annotated}---\n{later}")

    assert found.snapshot.services[WEB].meta.annotations == {}


def test_a_key_given_twice_drops_the_object() -> None:
    """Of two equal keys one would silently win, so the object is not used at all."""
    found = read(f"{INGRESS}spec:\n  rules:\n  - host: a\n    host: b\n")

    problem = the_finding(found)
    assert (problem.field, problem.ingress) == ("spec.rules[0].host", WEB)
    assert "line 9" in problem.message
    assert found.snapshot.ingresses == {}


def test_a_key_given_twice_in_a_list_concerns_its_item() -> None:
    """The other items of the list are read."""
    text = (
        "apiVersion: v1\nkind: ServiceList\nitems:\n"
        "- metadata: {name: a, name: b}\n- metadata: {name: c}\n"
    )

    found = read(text)

    assert the_finding(found).field == "metadata.name"
    assert list(found.snapshot.services) == [Key("default", "c")]


def test_other_yaml_files_in_a_folder_are_a_warning(tmp_path: Path) -> None:
    """Helm values and kustomizations lie beside manifests; they are no reason to fail."""
    (tmp_path / "values.yaml").write_text("replicas: 3\n")
    (tmp_path / "empty.yaml").write_text("")

    found = read_manifests([tmp_path]).snapshot.diagnostics

    assert {d.severity for d in found} == {Severity.WARNING}
    assert len(found) == 2


def test_a_folder_without_manifests_is_a_warning(tmp_path: Path) -> None:
    """A wrong folder is usually a typing mistake."""
    assert the_finding(read_manifests([tmp_path])).subject == f"folder {tmp_path}"


@pytest.mark.parametrize("name", ["nowhere.yaml", "https://example.com/web.yaml"])
def test_a_missing_file_is_an_error(name: str) -> None:
    """It is named as the user wrote it."""
    problem = the_finding(read_manifests([name]))

    assert (problem.code, problem.subject) == ("MANIFEST-NOT-FOUND", f"file {name}")


def test_standard_input_must_be_there() -> None:
    """Where no standard input is connected that is said, not raised."""
    assert the_finding(read_manifests(["-"])).code == "MANIFEST-UNREADABLE"


def test_a_file_name_that_no_system_accepts_is_an_error() -> None:
    """A null character in a path is an error like any other."""
    assert the_finding(read_manifests(["a\0b"])).code == "MANIFEST-UNREADABLE"


@pytest.mark.benchmark
def test_a_large_repository_is_read_about_as_fast_as_yaml_can_be() -> None:
    """1,000 Ingresses and 3,000 Services: no more than twice what the C loader alone takes."""
    service = SERVICE + "spec: {ports: [{port: 80, targetPort: 8080, name: http}]}\n"
    paths = "".join(
        f"      - path: /p{n}\n        pathType: Prefix\n        backend:\n          service:\n"
        f"            name: web\n            port:\n              number: 80\n"
        for n in range(5)
    )
    ingress = f"{INGRESS}spec:\n  rules:\n  - host: a.example.com\n    http:\n      paths:\n{paths}"
    documents = [ingress.replace("name: web\n", f"name: web-{n}\n", 1) for n in range(1000)]
    documents += [service.replace("name: web,", f"name: web-{n},", 1) for n in range(3000)]
    text = "---\n".join(documents)

    def best(action: Callable[[], object]) -> float:
        return min(timeit.repeat(action, number=1, repeat=3))

    ours = best(lambda: read(text))
    theirs = best(lambda: list(yaml.load_all(text, Loader=yaml.CSafeLoader)))

    assert len(read(text).snapshot.ingresses) == 1000
    assert ours < 2 * theirs


def test_reading_files_does_not_import_the_kubernetes_client() -> None:
    """It takes a quarter of a second to import, and ``plan -f`` never asks a cluster."""
    code = (
        "import sys, provisioner.kube.manifests, provisioner.kube.client, provisioner.kube.live, "
        "provisioner.kube.overlay, provisioner.kube.lease; "
        "print([m for m in ('kubernetes', 'urllib3', 'pydantic') if m in sys.modules])"
    )

    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == "[]"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=10,
)


@given(st.sampled_from(sorted(KINDS)), ANYTHING, ANYTHING)
def test_no_shape_of_an_object_raises(kind: str, metadata: object, spec: object) -> None:
    """Whatever stands where metadata and spec belong, the outcome is objects and diagnostics."""
    group = KINDS[kind].api_version
    text = yaml.safe_dump(
        {"apiVersion": group, "kind": kind, "metadata": metadata, "spec": spec, "status": spec}
    )

    found = read(text)

    assert len(found.inputs) == 1


@given(st.binary(max_size=60) | st.text("{}[]:-,&*a!|>'\"#%@\n\t\0 \ufeff", max_size=60))
def test_no_bytes_raise(raw: bytes | str) -> None:
    """Whatever a file holds, reading it ends with a snapshot."""
    text = raw if isinstance(raw, bytes) else raw.encode()

    assert read(text).snapshot.ingresses == {}

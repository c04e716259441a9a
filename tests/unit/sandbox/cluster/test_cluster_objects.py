"""What happens to one object: versions, identity, generation, status, finalizers."""

from __future__ import annotations

import pytest

from provisioner.sandbox.cluster.documents import dig, number, text
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.cluster.statuses import ApiError
from tests.contract.cluster.api_client import JSON_PATCH, MERGE, ApiClient
from tests.contract.cluster.manifests import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    INGRESSES,
    LEASES,
    LOAD_BALANCERS,
    SERVICES,
    a_config_map,
    a_lease,
    a_service,
    a_workload,
    an_ingress,
)


def test_a_new_object_gets_identity_time_and_version(api: ApiClient) -> None:
    """The server, not the writer, decides uid, creationTimestamp, generation and version."""
    ingress = an_ingress()
    ingress["metadata"] = {"name": "web", "uid": "mine", "generation": 7}

    created = api.post(INGRESSES, ingress)

    assert created.status == 201
    assert text(created.body, "metadata", "uid") not in {"", "mine"}
    assert dig(created.body, "metadata", "generation") == 1
    assert text(created.body, "metadata", "namespace") == "default"
    assert text(created.body, "metadata", "creationTimestamp").endswith("Z")
    assert text(created.body, "metadata", "resourceVersion").isdigit()


def test_versions_count_up_over_all_kinds(api: ApiClient) -> None:
    """One counter, as etcd has one revision: a list of one kind says where all of them stand."""
    first = api.post(SERVICES, a_service()).body
    second = api.post(CONFIG_MAPS, a_config_map("one")).body

    listed = api.get(SERVICES).body

    assert number_of(first) < number_of(second) == number_of(listed)


def test_a_second_object_of_one_name_is_refused(api: ApiClient) -> None:
    """409 AlreadyExists with the details that client libraries read."""
    api.post(INGRESSES, an_ingress())

    refused = api.post(INGRESSES, an_ingress())

    assert refused.status == 409
    assert refused.body["reason"] == "AlreadyExists"
    assert refused.body["details"] == {
        "kind": "ingresses",
        "name": "web",
        "group": "networking.k8s.io",
    }


def test_a_missing_object_is_a_proper_404(api: ApiClient) -> None:
    """Clients tell a missing object from a missing kind by the details."""
    answer = api.get(f"{SERVICES}/none")

    assert answer.status == 404
    assert answer.body["kind"] == "Status"
    assert answer.body["message"] == 'services "none" not found'
    assert dig(answer.body, "details", "name") == "none"


def test_put_from_an_old_version_is_a_conflict(api: ApiClient) -> None:
    """Optimistic locking: whoever writes from what has changed since gets 409."""
    old = api.post(SERVICES, a_service()).body
    api.patch(f"{SERVICES}/web", {"metadata": {"labels": {"a": "b"}}})

    refused = api.put(f"{SERVICES}/web", old)

    assert refused.status == 409
    assert refused.body["reason"] == "Conflict"


@pytest.mark.parametrize("type_", [MERGE, "application/strategic-merge-patch+json"])
def test_a_patch_that_names_an_old_version_is_a_conflict(api: ApiClient, type_: str) -> None:
    """A merge patch with metadata.resourceVersion is the way to a conditional edit."""
    version = text(api.post(SERVICES, a_service()).body, "metadata", "resourceVersion")
    api.patch(f"{SERVICES}/web", {"metadata": {"labels": {"a": "b"}}})
    patch = {"metadata": {"resourceVersion": version, "labels": {"c": "d"}}}

    refused = api.patch(f"{SERVICES}/web", patch, type_)

    assert refused.status == 409
    assert "labels" in dig_mapping(api.get(f"{SERVICES}/web").body, "metadata")
    assert dig(api.get(f"{SERVICES}/web").body, "metadata", "labels") == {"a": "b"}


def test_a_put_for_another_uid_is_a_conflict(api: ApiClient) -> None:
    """An object that was deleted and made anew is not the one that the writer knew."""
    old = api.post(SERVICES, a_service()).body
    api.delete(f"{SERVICES}/web")
    api.post(SERVICES, a_service())
    metadata = dig_mapping(old, "metadata")
    del metadata["resourceVersion"]

    refused = api.put(f"{SERVICES}/web", old)

    assert refused.status == 409
    assert "UID" in text(refused.body, "message")


def test_leases_cannot_be_replaced_without_a_version(api: ApiClient) -> None:
    """Leases demand a version on PUT: an unconditional one would steal a leadership."""
    api.post(LEASES, a_lease())

    refused = api.put(f"{LEASES}/leader", a_lease(holder="b"))

    assert refused.status == 422
    assert "must be specified for an update" in text(refused.body, "message")


def test_two_leaders_cannot_renew_from_one_version(api: ApiClient) -> None:
    """The fence of leader election: of two updates from one read, the second fails."""
    read = api.post(LEASES, a_lease(holder="")).body
    spec = dig_mapping(read, "spec")
    mine = {**read, "spec": {**spec, "holderIdentity": "a"}}
    theirs = {**read, "spec": {**spec, "holderIdentity": "b"}}

    first, second = api.put(f"{LEASES}/leader", mine), api.put(f"{LEASES}/leader", theirs)

    assert (first.status, second.status) == (200, 409)
    assert dig(api.get(f"{LEASES}/leader").body, "spec", "holderIdentity") == "a"


def test_an_update_without_a_change_writes_nothing(api: ApiClient) -> None:
    """No new version, no event: a controller that re-applies its status wakes nobody."""
    before = api.post(SERVICES, a_service()).body

    after = api.patch(f"{SERVICES}/web", {"spec": {"selector": {"app": "web"}}}).body

    assert number_of(after) == number_of(before)


def test_generation_follows_the_spec_alone(api: ApiClient) -> None:
    """Labels and status leave the generation; a change of the spec raises it by one."""
    api.post(INGRESSES, an_ingress())
    url = f"{INGRESSES}/web"

    labelled = api.patch(url, {"metadata": {"labels": {"a": "b"}}}).body
    told = api.patch(f"{url}/status", {"status": {"loadBalancer": {"ingress": []}}}).body
    changed = api.patch(url, {"spec": {"ingressClassName": "other"}}).body

    assert [dig(one, "metadata", "generation") for one in (labelled, told, changed)] == [1, 1, 2]


def test_status_and_spec_are_written_apart(api: ApiClient) -> None:
    """The main resource ignores status, the status resource ignores everything else."""
    api.post(LOAD_BALANCERS, a_load_balancer(status={"address": "early"}))
    url = f"{LOAD_BALANCERS}/shop"

    api.patch(f"{url}/status", {"status": {"address": "a"}, "spec": {"group": "stolen"}})
    api.patch(url, {"status": {"address": "b"}, "spec": {"group": "web"}})

    found = api.get(url).body
    assert found["spec"] == {"group": "web"}
    assert found["status"] == {"address": "a"}


def test_status_given_at_creation_is_dropped(api: ApiClient) -> None:
    """As on a real server, where a status can only be written through its subresource."""
    created = api.post(LOAD_BALANCERS, a_load_balancer(status={"address": "early"})).body

    assert "status" not in created


def test_status_can_be_put_from_the_current_version_only(api: ApiClient) -> None:
    """PUT of a status is guarded like any other PUT."""
    first = api.post(LOAD_BALANCERS, a_load_balancer()).body
    url = f"{LOAD_BALANCERS}/shop/status"

    put = api.put(url, {**first, "status": {"address": "a"}})
    again = api.put(url, {**first, "status": {"address": "b"}})

    assert (put.status, again.status) == (200, 409)
    assert api.get(url).body["status"] == {"address": "a"}


def test_a_kind_without_status_has_no_status_resource(api: ApiClient) -> None:
    """404 for a subresource that the kind does not have."""
    api.post(CONFIG_MAPS, a_config_map("one"))

    assert api.get(f"{CONFIG_MAPS}/one/status").status == 404


def test_generated_names_are_unique_and_start_as_asked(api: ApiClient) -> None:
    """GenerateName is how Events and EndpointSlices get names."""
    body = a_config_map("")
    body["metadata"] = {"generateName": "web-"}

    names = {text(api.post(CONFIG_MAPS, body).body, "metadata", "name") for _ in range(20)}

    assert len(names) == 20
    assert all(name.startswith("web-") and len(name) == 9 for name in names)


def test_a_finalizer_keeps_an_object_until_it_is_removed(api: ApiClient) -> None:
    """Deletion marks first; the last finalizer to go takes the object with it."""
    ingress = an_ingress()
    ingress["metadata"] = {"name": "web", "finalizers": ["example.com/a", "example.com/b"]}
    api.post(INGRESSES, ingress)
    url = f"{INGRESSES}/web"

    marked = api.delete(url).body
    half = api.patch(url, {"metadata": {"finalizers": ["example.com/b"]}}).body
    api.patch(url, {"metadata": {"finalizers": []}})

    assert text(marked, "metadata", "deletionTimestamp")
    assert text(half, "metadata", "deletionTimestamp") == text(
        marked, "metadata", "deletionTimestamp"
    )
    assert api.get(url).status == 404


def test_deleting_twice_does_not_move_the_deletion_time(api: ApiClient) -> None:
    """A terminating object stays as it is, version included."""
    ingress = an_ingress()
    ingress["metadata"] = {"name": "web", "finalizers": ["example.com/a"]}
    api.post(INGRESSES, ingress)

    first, second = api.delete(f"{INGRESSES}/web").body, api.delete(f"{INGRESSES}/web").body

    assert first == second


def test_no_finalizer_may_join_a_terminating_object(api: ApiClient) -> None:
    """422: whoever comes too late cannot hold back a deletion (kube-apiserver's rule)."""
    ingress = an_ingress()
    ingress["metadata"] = {"name": "web", "finalizers": ["example.com/a"]}
    api.post(INGRESSES, ingress)
    api.delete(f"{INGRESSES}/web")

    refused = api.patch(
        f"{INGRESSES}/web", {"metadata": {"finalizers": ["example.com/a", "example.com/late"]}}
    )

    assert refused.status == 422
    assert dig(refused.body, "details", "causes") == [
        {
            "field": "metadata.finalizers",
            "reason": "FieldValueForbidden",
            "message": "Forbidden: no new finalizers can be added if the object is being "
            "deleted, found new finalizers ['example.com/late']",
        }
    ]


def test_deletion_says_what_it_deleted(api: ApiClient) -> None:
    """A Status with the uid, which kubectl waits for."""
    uid = text(api.post(SERVICES, a_service()).body, "metadata", "uid")

    answer = api.delete(f"{SERVICES}/web", {"propagationPolicy": "Foreground"})

    assert answer.body["status"] == "Success"
    assert dig(answer.body, "details", "uid") == uid


@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
def test_deletion_honours_preconditions(api: ApiClient, field: str) -> None:
    """A deletion meant for another life of the object is a conflict."""
    api.post(SERVICES, a_service())

    refused = api.delete(f"{SERVICES}/web", {"preconditions": {field: "1"}})

    assert refused.status == 409
    assert api.get(f"{SERVICES}/web").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_dry_run_stores_nothing(cluster: ClusterServer, api: ApiClient, method: str) -> None:
    """dryRun=All answers as if, and leaves version, objects and node ports as they were."""
    cluster.create(a_service("present"))
    version = cluster.version
    target, body = f"{SERVICES}/present", a_service("present", type_="NodePort")
    if method == "POST":
        target, body = SERVICES, a_service("web", type_="NodePort")

    answer = api.ask(
        method, target, body, content_type=content_type(method), query={"dryRun": "All"}
    )

    assert answer.status in {200, 201}
    assert cluster.version == version
    assert [text(one, "spec", "type") for one in cluster.list("Service")] == ["ClusterIP"]


def test_deletecollection_deletes_what_is_selected(api: ApiClient) -> None:
    """The answer lists what went; the rest stays."""
    for name, tier in (("a", "web"), ("b", "web"), ("c", "db")):
        api.post(CONFIG_MAPS, a_config_map(name, labels={"tier": tier}))

    deleted = api.delete(CONFIG_MAPS, labelSelector="tier=web").body

    left = api.get(CONFIG_MAPS).body
    assert names_of(deleted) == ["a", "b"]
    assert names_of(left) == ["c"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"{SERVICES}/web", 405),
        ("PUT", SERVICES, 405),
        ("PATCH", SERVICES, 405),
        ("POST", "/api/v1/services", 405),
        ("GET", "/apis/nowhere.io/v1/things", 404),
        ("GET", "/api/v1/namespaces/default/nodes/a", 404),
        ("GET", "/nowhere", 404),
    ],
)
def test_requests_that_mean_nothing_are_refused(
    api: ApiClient, method: str, path: str, status: int
) -> None:
    """404 and 405 where a real server says so."""
    assert api.ask(method, path, {}, content_type="application/json").status == status


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"kind: [", "application/yaml", 400),
        (b"[" * 5000, "application/yaml", 400),
        (b"\xff", "application/yaml", 400),
        (b"k8s\x00", "application/vnd.kubernetes.protobuf", 415),
        (b"k8s", "application/vnd.kubernetes.protobuf", 400),
        (b"k8s\x00\x0a\x7f", "application/vnd.kubernetes.protobuf", 400),
        (b"k8s\x00\x0f", "application/vnd.kubernetes.protobuf", 400),
        (b"k8s\x00" + b"\xff" * 20, "application/vnd.kubernetes.protobuf", 400),
        (b"k8s\x00\x08\x01", "application/vnd.kubernetes.protobuf", 400),
        (b"avro", "application/avro", 415),
        (b'{"apiVersion": "v2"}', "application/json", 400),
        (b'{"kind": "Pod"}', "application/json", 400),
        (b'{"metadata": {"namespace": "other"}}', "application/json", 400),
        (b'{"metadata": {"labels": {"a": 1}}}', "application/json", 400),
        (b'{"metadata": {"annotations": ["a"]}}', "application/json", 400),
        (b'{"metadata": []}', "application/json", 400),
    ],
)
def test_malformed_bodies_get_a_message(
    api: ApiClient, body: bytes, content_type: str, status: int
) -> None:
    """Never a traceback, always a Status that says what was wrong."""
    answer = api.ask("POST", CONFIG_MAPS, body, content_type=content_type)

    assert answer.status == status
    assert answer.body["kind"] == "Status"
    assert len(text(answer.body, "message")) > 10


def test_a_body_in_yaml_is_understood(api: ApiClient) -> None:
    """Clients may send YAML, and an unquoted date stays text."""
    body = b"metadata: {name: one}\ndata: {day: 2024-01-01}\n"

    created = api.ask("POST", CONFIG_MAPS, body, content_type="application/yaml")

    assert created.status == 201
    assert created.body["data"] == {"day": "2024-01-01"}


def test_a_client_that_wants_protobuf_only_is_told_so(api: ApiClient) -> None:
    """406 makes clients fall back to JSON."""
    answer = api.ask("GET", SERVICES, accept="application/vnd.kubernetes.protobuf")

    assert answer.status == 406


def test_the_direct_api_hands_out_copies(cluster: ClusterServer) -> None:
    """A test that changes what it was given changes nothing in the cluster."""
    body = a_config_map("one", data={"a": "1"})
    created = cluster.create(body)

    dig_mapping(body, "data")["a"] = "2"
    dig_mapping(created, "data")["a"] = "3"

    assert dig(cluster.get("ConfigMap", "one"), "data") == {"a": "1"}


def test_the_direct_api_refuses_as_http_does(cluster: ClusterServer) -> None:
    """One code path: the same error, with its code, as an exception."""
    cluster.create(a_service())

    with pytest.raises(ApiError, match='services "web" already exists') as refused:
        cluster.create(a_service())

    assert refused.value.code == 409


def test_the_direct_api_works_before_start_and_after_stop() -> None:
    """Objects can be laid out before anyone connects and read after everyone has left."""
    server = ClusterServer()
    server.create(a_service())

    with server, ApiClient(server.url) as api:
        found = api.get(f"{SERVICES}/web")
    left = server.get("Service", "web")

    assert found.status == 200
    assert left is not None


def test_apply_creates_and_then_merges(cluster: ClusterServer) -> None:
    """Applying twice changes nothing; applying less leaves what others own."""
    cluster.create(a_config_map("one", data={"theirs": "1"}))
    text_ = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {mine: '2'}\n"

    (first,) = cluster.apply(text_)
    (second,) = cluster.apply(text_)

    assert first["data"] == {"theirs": "1", "mine": "2"}
    assert number_of(first) == number_of(second)


def test_apply_refuses_misspelt_fields(cluster: ClusterServer) -> None:
    """As kubectl apply does by default."""
    with pytest.raises(ApiError, match=r'unknown field "spec\.rulez"'):
        cluster.apply(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\n"
            "metadata: {name: web}\nspec: {rulez: []}\n"
        )


def test_the_kube_system_uid_can_be_chosen() -> None:
    """The identity of a cluster is the UID of kube-system."""
    server = ClusterServer(kube_system_uid="11111111-2222-3333-4444-555555555555")

    home = server.get("Namespace", "kube-system")

    assert text(home, "metadata", "uid") == "11111111-2222-3333-4444-555555555555"


def test_scale_reads_and_writes_the_replicas(api: ApiClient) -> None:
    """The scale subresource is a workload as one number."""
    api.post(DEPLOYMENTS, a_workload(replicas=3))

    before = api.get(f"{DEPLOYMENTS}/web/scale").body
    api.patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 5}})

    assert dig(before, "spec", "replicas") == 3
    assert dig(before, "status", "selector") == "app=web"
    assert dig(api.get(f"{DEPLOYMENTS}/web").body, "spec", "replicas") == 5


def test_a_negative_scale_is_refused(api: ApiClient) -> None:
    """422, naming the field."""
    api.post(DEPLOYMENTS, a_workload(replicas=3))

    refused = api.patch(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": -1}})

    assert refused.status == 422
    assert "spec.replicas" in text(refused.body, "message")


def test_json_patch_test_guards_an_edit(api: ApiClient) -> None:
    """A failed test is 422 on a real server, and nothing is changed."""
    api.post(CONFIG_MAPS, a_config_map("one", data={"a": "1"}))
    patch = [
        {"op": "test", "path": "/data/a", "value": "2"},
        {"op": "replace", "path": "/data/a", "value": "3"},
    ]

    refused = api.patch(f"{CONFIG_MAPS}/one", patch, JSON_PATCH)

    assert refused.status == 422
    assert api.get(f"{CONFIG_MAPS}/one").body["data"] == {"a": "1"}


def number_of(document: object) -> int:
    """Return a resourceVersion as a number."""
    return int(text(document, "metadata", "resourceVersion"))


def names_of(listed: object) -> list[str]:
    """Return the names in a list."""
    found = dig(listed, "items")
    assert isinstance(found, list)
    return [text(one, "metadata", "name") for one in found]


def dig_mapping(document: object, *path: str) -> dict[str, object]:
    """Return a mapping that must be there."""
    found = dig(document, *path)
    assert isinstance(found, dict)
    return found


def content_type(method: str) -> str:
    """Return the body format of a method."""
    return MERGE if method == "PATCH" else "application/json"


def a_load_balancer(**extra: object) -> dict[str, object]:
    """Return a LoadBalancer, a cluster-scoped custom kind with a status."""
    return {
        "apiVersion": "ingress-provisioner.io/v1alpha1",
        "kind": "LoadBalancer",
        "metadata": {"name": "shop"},
        "spec": {"group": "shop"},
        **extra,
    }


def test_numbers_are_read_as_numbers() -> None:
    """A boolean is no number, whatever Python thinks."""
    assert number({"a": True}, "a", default=4) == 4

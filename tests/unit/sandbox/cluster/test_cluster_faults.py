"""Faults on demand, set from Python and over HTTP, and the log of requests."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable

import pytest

from provisioner.sandbox.cluster.documents import dig, items, text
from provisioner.sandbox.cluster.server import ClusterServer
from tests.contract.cluster.api_client import ApiClient, told
from tests.contract.cluster.manifests import (
    CONFIG_MAPS,
    INGRESSES,
    LEASES,
    SERVICES,
    a_config_map,
    a_lease,
    a_service,
    an_ingress,
)


def test_a_forbidden_kind_answers_403(cluster: ClusterServer, api: ApiClient) -> None:
    """Reads of one kind are refused by name; other kinds and other verbs go on."""
    cluster.faults.forbid("Service")

    refused = api.get(SERVICES)

    assert refused.status == 403
    assert refused.body["reason"] == "Forbidden"
    assert 'cannot list resource "services" in API group ""' in text(refused.body, "message")
    assert api.get(CONFIG_MAPS).status == 200
    assert api.post(SERVICES, a_service()).status == 201


def test_single_verbs_can_be_forbidden_and_allowed_again(
    cluster: ClusterServer, api: ApiClient
) -> None:
    """RBAC that lacks a verb, and its repair."""
    cluster.faults.forbid("ingresses.networking.k8s.io", verbs=("create",))

    refused = api.post(INGRESSES, an_ingress())
    cluster.faults.clear("Ingress")
    allowed = api.post(INGRESSES, an_ingress())

    assert (refused.status, allowed.status) == (403, 201)


def test_access_reviews_know_what_is_forbidden(cluster: ClusterServer, api: ApiClient) -> None:
    """A controller that asks before it acts gets the same answer as by acting."""
    cluster.faults.forbid("Secret", verbs=("list",))
    root = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

    def review(verb: str) -> object:
        attributes = {"verb": verb, "resource": "secrets", "group": "", "namespace": "default"}
        answer = api.post(root, {"spec": {"resourceAttributes": attributes}})
        return dig(answer.body, "status", "allowed")

    assert (review("list"), review("get")) == (False, True)


def test_rules_reviews_list_what_is_allowed(cluster: ClusterServer, api: ApiClient) -> None:
    """SelfSubjectRulesReview leaves out what a rule forbids."""
    cluster.faults.forbid("Secret", verbs=("*",))

    answer = api.post(
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {"spec": {"namespace": "default"}}
    )

    allowed = [dig(rule, "resources") for rule in items(answer.body, "status", "resourceRules")]
    assert ["services"] in allowed
    assert ["secrets"] not in allowed


def test_a_missing_kind_is_gone_from_paths_and_discovery(
    cluster: ClusterServer, api: ApiClient
) -> None:
    """A CRD that is not installed: 404, and its group vanishes with its last kind."""
    cluster.faults.hide("IngressClassParams")
    group = "/apis/elbv2.k8s.aws/v1beta1"

    partly = [text(one, "name") for one in items(api.get(group).body, "resources")]
    cluster.faults.hide("TargetGroupBinding")

    assert "ingressclassparams" not in partly
    assert "targetgroupbindings" in partly
    assert api.get(f"{group}/ingressclassparams").status == 404
    assert api.get(group).status == 404
    assert "elbv2.k8s.aws" not in str(api.get("/apis").body)
    cluster.faults.clear()
    assert api.get(f"{group}/ingressclassparams").status == 200


def test_a_list_can_be_delayed(cluster: ClusterServer, api: ApiClient) -> None:
    """Slow lists are how start-up barriers are tested; other verbs stay fast."""
    cluster.create(a_service())
    cluster.faults.delay("Service", 0.3)

    assert timed(lambda: api.get(f"{SERVICES}/web")) < 0.2
    assert timed(lambda: api.get(SERVICES)) >= 0.3


def test_the_next_requests_fail_and_then_no_more(cluster: ClusterServer, api: ApiClient) -> None:
    """Exactly as many as asked for, of the verb and kind asked for."""
    cluster.faults.fail_next(2, kind="Service", verb="list", status=503)

    statuses = [api.get(path).status for path in (SERVICES, CONFIG_MAPS, SERVICES, SERVICES)]

    assert statuses == [503, 200, 503, 200]


def test_throttling_says_when_to_come_back(cluster: ClusterServer, api: ApiClient) -> None:
    """429 with Retry-After, in the header and in the Status."""
    cluster.faults.fail_next(1, status=429, retry_after=3)

    answer = api.get(SERVICES)

    assert answer.status == 429
    assert answer.headers["Retry-After"] == "3"
    assert dig(answer.body, "details", "retryAfterSeconds") == 3


def test_a_failure_can_come_after_the_effect(cluster: ClusterServer, api: ApiClient) -> None:
    """The write happened and the answer was lost: what makes retries dangerous."""
    cluster.faults.fail_next(1, kind="Service", verb="create", after_effect=True)

    answer = api.post(SERVICES, a_service())

    assert answer.status == 500
    assert cluster.get("Service", "web") is not None


@pytest.mark.parametrize("after_effect", [False, True])
def test_requests_can_hang_without_an_answer(cluster: ClusterServer, *, after_effect: bool) -> None:
    """A leader that is cut off: no answer, then a dropped connection; done or not, as asked."""
    cluster.create(a_lease(holder="a"))
    cluster.faults.hang(0.3, kind="Lease", after_effect=after_effect)
    started = time.monotonic()

    with ApiClient(cluster.url) as api, pytest.raises((http.client.HTTPException, OSError)):
        api.patch(f"{LEASES}/leader", {"spec": {"holderIdentity": "b"}})

    assert time.monotonic() - started >= 0.25
    holder = dig(cluster.get("Lease", "leader"), "spec", "holderIdentity")
    assert holder == ("b" if after_effect else "a")


def test_hanging_ends_by_itself(cluster: ClusterServer, api: ApiClient) -> None:
    """After the time is over requests are answered again."""
    cluster.faults.hang(0.1, kind="Service")
    time.sleep(0.15)

    assert api.get(SERVICES).status == 200


def test_clearing_the_faults_lets_hanging_requests_go(cluster: ClusterServer) -> None:
    """A test that ends early does not wait for its own faults."""
    cluster.faults.hang(60, kind="Service")
    outcome: list[str] = []
    thread = threading.Thread(target=lambda: outcome.append(outcome_of(cluster.url)))
    thread.start()
    until(lambda: cluster.requests.count("list", "Service") == 1)

    cluster.faults.clear()
    thread.join(5)

    assert outcome == ["dropped"]


def test_cut_watches_end_and_held_ones_wait(cluster: ClusterServer, api: ApiClient) -> None:
    """Cut and hold: connections close, new ones get no answer until they are released."""
    with api.watch(SERVICES, resourceVersion=cluster.version) as watch:
        cluster.faults.cut_watches("Service", hold=True)
        ended = list(watch)
    with pytest.raises(TimeoutError):
        api.watch(SERVICES, timeout=0.3, resourceVersion=cluster.version)

    cluster.faults.release_watches("Service")

    assert ended == []
    with api.watch(SERVICES, resourceVersion=cluster.version) as watch:
        cluster.create(a_service())
        assert watch.take(1) == [("ADDED", "web")]


def test_other_kinds_are_watched_while_one_is_cut(cluster: ClusterServer, api: ApiClient) -> None:
    """A fault of one kind is no fault of another."""
    with api.watch(CONFIG_MAPS, resourceVersion=cluster.version) as watch:
        cluster.faults.cut_watches("Service", hold=True)
        cluster.create(a_config_map("a"))

        assert watch.take(1) == [("ADDED", "a")]


def test_a_deletion_while_the_watch_is_down_is_never_told(
    cluster: ClusterServer, api: ApiClient
) -> None:
    """The ghost: cut, delete, compact, release; the old version is gone, only a list tells."""
    cluster.create(a_service("stays"))
    cluster.create(a_service("goes"))
    version = cluster.version
    cluster.faults.cut_watches("Service", hold=True)
    cluster.delete("Service", "goes")
    cluster.compact("Service")
    cluster.faults.release_watches("Service")

    with api.watch(SERVICES, resourceVersion=version) as watch:
        events = [told(one) for one in watch]
    listed = api.get(SERVICES).body

    assert events == [("ERROR", "")]
    assert [text(one, "metadata", "name") for one in items(listed, "items")] == ["stays"]


def test_compaction_spares_a_watch_that_is_open(cluster: ClusterServer, api: ApiClient) -> None:
    """Only who asks for the past is refused; who has listened all the time is not."""
    with api.watch(SERVICES, resourceVersion=cluster.version) as watch:
        cluster.create(a_service("one"))
        cluster.compact("Service")
        cluster.create(a_service("two"))

        assert watch.take(2) == [("ADDED", "one"), ("ADDED", "two")]


def test_faults_spare_the_direct_api(cluster: ClusterServer) -> None:
    """The rest of the world goes on while a client is cut off."""
    cluster.faults.forbid("*", verbs=("*",))

    cluster.create(a_service())

    assert cluster.get("Service", "web") is not None


@pytest.mark.parametrize(
    ("rule", "path", "status"),
    [
        ({"fault": "forbid", "kind": "Service"}, SERVICES, 403),
        ({"fault": "hide", "kind": "Ingress"}, INGRESSES, 404),
        ({"fault": "fail", "kind": "Service", "verb": "list", "status": 429}, SERVICES, 429),
    ],
)
def test_faults_can_be_set_over_http(
    api: ApiClient, rule: dict[str, object], path: str, status: int
) -> None:
    """For a demo or a controller in another process; DELETE lifts them."""
    added = api.post("/sandbox/faults", rule)
    during = api.get(path).status
    api.delete("/sandbox/faults")

    assert added.status == 200
    assert during == status
    assert api.get(path).status == 200


def test_every_fault_is_understood_over_http_and_listed(api: ApiClient) -> None:
    """GET shows the rules in force."""
    for rule in (
        {"fault": "delay", "kind": "Service", "seconds": 0.01, "verbs": ["get"]},
        {"fault": "hang", "kind": "Lease", "seconds": 30, "afterEffect": True},
        {"fault": "cut-watches", "kind": "Ingress", "hold": True},
        {"fault": "compact", "kind": "Ingress"},
    ):
        assert api.post("/sandbox/faults", rule).status == 200

    shown = items(api.get("/sandbox/faults").body, "faults")
    api.post("/sandbox/faults", {"fault": "release-watches"})

    assert [(text(one, "fault"), text(one, "kind")) for one in shown] == [
        ("delay", "services"),
        ("hang", "leases.coordination.k8s.io"),
        ("hold-watches", "ingresses.networking.k8s.io"),
    ]
    assert len(items(api.get("/sandbox/faults").body, "faults")) == 2


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"fault": "nonsense"},
        {"fault": "hide"},
        {"fault": "delay"},
        {"fault": "hang", "seconds": "x"},
    ],
)
def test_a_rule_that_means_nothing_is_explained(api: ApiClient, rule: dict[str, object]) -> None:
    """400 that says what a rule needs."""
    answer = api.post("/sandbox/faults", rule)

    assert answer.status == 400
    assert '"' in text(answer.body, "message")


def test_requests_are_counted_by_verb_and_kind(cluster: ClusterServer, api: ApiClient) -> None:
    """What "makes no calls" and "lists once" are measured by."""
    api.get(SERVICES)
    api.get(SERVICES)
    api.post(SERVICES, a_service())
    api.patch(f"{SERVICES}/web", {}, dryRun="All")
    with api.watch(SERVICES):
        pass

    assert cluster.requests.counts() == {
        ("list", "Service"): 2,
        ("create", "Service"): 1,
        ("patch", "Service"): 1,
        ("watch", "Service"): 1,
    }
    assert [one.verb for one in cluster.requests.writes()] == ["create"]


def test_the_log_says_who_and_with_what_outcome(cluster: ClusterServer, api: ApiClient) -> None:
    """The latest requests with name, status and user agent; reset forgets them."""
    api.get(f"{SERVICES}/none")

    (entry,) = cluster.requests.recent()
    cluster.requests.reset()

    assert (entry.name, entry.namespace, entry.status) == ("none", "default", 404)
    assert entry.user_agent == "test"
    assert cluster.requests.counts() == {}


def test_the_log_can_be_read_over_http(api: ApiClient) -> None:
    """Counts and entries for other processes; DELETE resets."""
    api.get(SERVICES)

    shown = api.get("/sandbox/requests").body
    left = api.delete("/sandbox/requests").body

    assert shown["counts"] == [{"verb": "list", "kind": "Service", "count": 1}]
    assert left == {"counts": [], "recent": []}


def outcome_of(url: str) -> str:
    """Return how a list of Services ends."""
    try:
        with ApiClient(url) as api:
            return str(api.get(SERVICES).status)
    except (http.client.HTTPException, OSError):
        return "dropped"


def timed(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    started = time.monotonic()
    action()
    return time.monotonic() - started


def until(holds: Callable[[], bool]) -> None:
    """Wait a moment until something holds."""
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.01)

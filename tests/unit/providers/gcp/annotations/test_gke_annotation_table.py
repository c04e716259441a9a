"""The promise of every annotation of GKE's: its value, default, wrong value, place and company.

One row per annotation that GKE Ingress reads stands in the ``*_cases`` modules beside this one,
written by hand; each test below asks one question of all of them.
"""

from __future__ import annotations

import re

import pytest

from providers.gcp.annotations import NATIVE
from provisioner.model.annotation import Annotation, Merge, Place
from provisioner.model.diagnostic import Severity
from provisioner.model.intent import Intent
from provisioner.model.kube import Key
from tests.factories import a_path, a_port, a_rule, a_service, an_ingress
from tests.unit.providers.gcp.annotations.cases import (
    Case,
    accepted,
    an_intent_of,
    an_object,
    reading_of,
)
from tests.unit.providers.gcp.annotations.ingress_cases import LISTENERS, LOAD_BALANCER
from tests.unit.providers.gcp.annotations.service_cases import SERVICES

CASES = (*LOAD_BALANCER, *LISTENERS, *SERVICES)
ROWS: dict[str, Annotation[object]] = {row.key: row for row in NATIVE}
FOREIGN = {row.key for row in NATIVE if row.setting.name == "foreign"}

FIRST, LATER = Key("shop", "first"), Key("shop", "later")
OBJECTS = (
    *(
        an_object("FrontendConfig", f"shop/{name}", {"sslPolicy": name})
        for name in ("front", "other")
    ),
    *(
        an_object("ManagedCertificate", f"shop/{name}", {"domains": [f"{name}.example.com"]})
        for name in ("shop-cert", "www.shop", "other")
    ),
)
WEB = a_service("shop/web", a_port(80, node_port=30080))

every = pytest.mark.parametrize("case", CASES, ids=str)


def test_the_table_knows_exactly_these_annotations() -> None:
    """What GKE Ingress reads from Ingresses and Services, certificate maps, and one of ours."""
    assert sorted(ROWS.keys() - FOREIGN) == [
        "beta.cloud.google.com/backend-config",
        "cloud.google.com/app-protocols",
        "cloud.google.com/backend-config",
        "cloud.google.com/neg",
        "ingress-provisioner.io/google-load-balancer",
        "ingress.gcp.kubernetes.io/pre-shared-cert",
        "kubernetes.io/ingress.allow-http",
        "kubernetes.io/ingress.global-static-ip-name",
        "kubernetes.io/ingress.regional-static-ip-name",
        "networking.gke.io/capacity-scaler",
        "networking.gke.io/certmap",
        "networking.gke.io/managed-certificates",
        "networking.gke.io/max-rate-per-endpoint",
        "networking.gke.io/suppress-firewall-xpn-error",
        "networking.gke.io/transparent-health-checker",
        "networking.gke.io/v1beta1.FrontendConfig",
        "service.alpha.kubernetes.io/app-protocols",
    ]
    assert sorted(case.key for case in CASES) == sorted(ROWS.keys() - FOREIGN)
    assert len(ROWS) == len(NATIVE)


@every
def test_a_good_value_is_read_as_what_it_means(case: Case) -> None:
    """Nothing is said about it, and its setting has the typed value."""
    reading = reading_of({case.key: case.good}, case.places[0])

    assert reading.diagnostics == ()
    assert reading.values.said[case.setting].value == case.value
    assert reading_of({case.key: case.other}, case.places[0]).diagnostics == ()


@every
def test_a_wrong_value_is_an_error_that_names_the_key_and_a_way_out(case: Case) -> None:
    """Bad JSON included: GKE takes a NEG annotation that does not parse for none at all."""
    reading = reading_of({case.key: case.wrong}, case.places[0])

    [problem] = reading.diagnostics
    assert (problem.code, problem.severity) == ("ANNOTATION-VALUE", Severity.ERROR)
    assert case.key in problem.message
    assert case.hint in problem.hint
    assert problem.field == f"metadata.annotations[{case.key}]"
    assert reading.failed == {case.setting}


@every
def test_an_annotation_is_heard_on_its_objects_and_told_on_others(case: Case) -> None:
    """GKE reads each on one kind of object alone."""
    [here] = case.places
    elsewhere = Place.INGRESS if here is Place.SERVICE else Place.SERVICE

    reading = reading_of({case.key: case.good}, elsewhere)

    [problem] = reading.diagnostics
    assert (problem.code, problem.severity) == ("ANNOTATION-PLACE", Severity.WARNING)
    assert problem.hint == f"put it on the {here}"
    assert not reading.values.said


@every
def test_the_reference_page_says_what_holds_without_it(case: Case) -> None:
    """Value type, place, company and default are on the page, which is made of this table."""
    row = ROWS[case.key]

    assert row.default == case.default
    assert row.places == frozenset(case.places)
    assert row.merge is case.merge
    assert row.type_name
    assert row.summary.endswith(".")


def members(case: Case, first: str, later: str) -> Intent:
    """Return what two members of group ``edge`` become that say these values."""
    ingresses = [
        an_ingress(
            str(key),
            rules=[a_rule(f"{key.name}.example.com", a_path("/", "web:80"))],
            annotations={"ingress-provisioner.io/group": "edge", case.key: value},
            class_name=None,
            created=f"2026-01-0{day}T00:00:00Z",
        )
        for day, (key, value) in enumerate(((FIRST, first), (LATER, later)), start=1)
    ]
    return an_intent_of(WEB, *OBJECTS, *ingresses)


ON_INGRESSES = (*LOAD_BALANCER, *LISTENERS)


@pytest.mark.parametrize("case", ON_INGRESSES, ids=str)
def test_members_that_say_the_same_are_all_served(case: Case) -> None:
    """Agreement is no conflict, whatever the kind.

    HTTP switched off needs a certificate, which is another promise.
    """
    good = "true" if case.setting == "allow-http" else case.good

    assert accepted(members(case, good, good)) == {FIRST, LATER}


@pytest.mark.parametrize(
    "case", [one for one in ON_INGRESSES if one.merge is Merge.EXCLUSIVE], ids=str
)
def test_members_that_contradict_each_other_cost_the_later_one_its_place(case: Case) -> None:
    """Only the later one is held back, and told by whom, in words that name both."""
    intent = members(case, case.good, case.other)

    assert accepted(intent) == {FIRST}
    [balancer] = intent.load_balancers
    assert {(q.ingress, q.path) for q in balancer.quarantined} == {(LATER, "")}
    problem = balancer.quarantined[0].diagnostic
    assert problem.code == "GROUP-CONFLICT"
    assert problem.subject == f"Ingress {LATER}"
    assert f"Ingress {FIRST}" in problem.message
    assert case.key in problem.message
    assert not {"AddressName", "FrontendConfigName"} & set(re.findall(r"\w+", problem.message))


@pytest.mark.parametrize(
    "case",
    [one for one in LISTENERS if one.merge is Merge.MEMBER and one.setting != "allow-http"],
    ids=str,
)
def test_members_may_differ_in_what_concerns_only_themselves(case: Case) -> None:
    """Certificates add up, and an event that one member does not want is told to the other."""
    intent = members(case, case.good, case.other)

    assert accepted(intent) == {FIRST, LATER}
    [balancer] = intent.load_balancers
    assert [case.setting in member.options for member in balancer.members] == [True, True]
    assert [rule.options for one in balancer.listeners for rule in one.rules if rule.options] == []


def test_frontend_configs_that_say_the_same_are_no_conflict() -> None:
    """Members of two namespaces cannot name one object, so what counts is what theirs say."""
    key = "networking.gke.io/v1beta1.FrontendConfig"
    twins = [an_object("FrontendConfig", f"{ns}/front", {"sslPolicy": "modern"}) for ns in "ab"]
    ingresses = [
        an_ingress(
            f"{namespace}/web",
            rules=[a_rule(f"{namespace}.example.com", a_path("/", "web:80"))],
            annotations={"ingress-provisioner.io/group": "edge", key: "front"},
            class_name=None,
        )
        for namespace in "ab"
    ]
    services = [a_service(f"{namespace}/web", a_port(80)) for namespace in "ab"]

    intent = an_intent_of(*services, *twins, *ingresses)

    assert accepted(intent) == {Key("a", "web"), Key("b", "web")}


def test_a_conflict_of_frontend_configs_shows_what_they_say() -> None:
    """Objects of two namespaces may have one name; the difference is in what they say."""
    case = next(one for one in LOAD_BALANCER if one.setting == "frontend-config")

    [balancer] = members(case, "front", "other").load_balancers

    message = balancer.quarantined[0].diagnostic.message
    assert "FrontendConfig other (sslPolicy other, redirectToHttps none)" in message
    assert "FrontendConfig front (sslPolicy front, redirectToHttps none)" in message


def test_both_static_addresses_at_once_are_a_contradiction() -> None:
    """GKE refuses an Ingress that names a global and a regional address."""
    reading = reading_of(
        {
            "kubernetes.io/ingress.global-static-ip-name": "shop-ip",
            "kubernetes.io/ingress.regional-static-ip-name": "shop-ip",
        }
    )

    [problem] = reading.diagnostics
    assert problem.code == "ANNOTATION-CONTRADICTION"
    assert problem.hint == "keep one of the two"


@pytest.mark.parametrize(
    ("counts", "loses"),
    [
        ("cloud.google.com/backend-config", "beta.cloud.google.com/backend-config"),
        ("service.alpha.kubernetes.io/app-protocols", "cloud.google.com/app-protocols"),
    ],
)
def test_of_two_spellings_gke_hears_one(counts: str, loses: str) -> None:
    """The newer key of a BackendConfig counts, and the older key of protocols."""
    cases = {case.key: case for case in SERVICES}

    reading = reading_of({counts: cases[counts].good, loses: cases[loses].other}, Place.SERVICE)

    assert reading.diagnostics == ()
    assert reading.values.said[cases[counts].setting].value == cases[counts].value


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("backend-config", '{"default": "bc", "port": {}}', '"port" is not a field of it'),
        ("backend-config", '{"default": "", "ports": {"80": ""}}', "no BackendConfig is named"),
        ("backend-config", '{"ports": {"80": "shop/bc"}}', "is not a name of an object"),
        ("backend-config", '{"ports": ["bc"]}', "ports is not a JSON object"),
        ("backend-config", '["bc"]', "is not a JSON object"),
        ("app-protocols", '{"http": 2}', "http is not text"),
        ("neg", '{"exposed_ports": {"http": {}}}', "exposed_ports.http: it is not a port"),
        ("neg", '{"exposed_ports": {"80": 1}}', "exposed_ports.80 is not a JSON object"),
        ("neg", '{"ingress": "true"}', "ingress is not true or false"),
        ("neg", '{"zones": "a"}', "zones is not a list"),
        ("neg", f'{{"exposed_ports": {{"80": {{"name": "{"n" * 57}"}}}}}}', "longer than 56"),
    ],
)
def test_json_is_read_to_the_last_field(key: str, value: str, complaint: str) -> None:
    """A misspelled field would leave out in silence what it was meant to say."""
    [problem] = reading_of({f"cloud.google.com/{key}": value}, Place.SERVICE).diagnostics

    assert problem.code == "ANNOTATION-VALUE"
    assert complaint in problem.message
    assert problem.hint


def test_fields_of_neg_that_gke_learns_later_are_left_to_it() -> None:
    """The annotation is read by GKE first; a new field of it is no mistake."""
    said = '{"ingress": true, "subnets": ["a"], "exposed_ports": {"80": {"name": "n", "x": 1}}}'

    assert reading_of({"cloud.google.com/neg": said}, Place.SERVICE).diagnostics == ()


def test_a_rate_of_zero_and_an_empty_list_ask_for_nothing() -> None:
    """The controller of ManagedCertificates leaves an empty list behind."""
    shared = reading_of({"ingress.gcp.kubernetes.io/pre-shared-cert": ""})
    rate = reading_of({"networking.gke.io/max-rate-per-endpoint": "0"}, Place.SERVICE)

    assert (shared.diagnostics, rate.diagnostics) == ((), ())
    assert not shared.values.said
    assert not rate.values.said


@pytest.mark.parametrize("place", list(Place))
@pytest.mark.parametrize(
    "key",
    [
        "kubernetes.io/ingress.class",
        "ingress.gcp.kubernetes.io/instance-groups",
        "cloud.google.com/neg-status",
        "cloud.google.com/load-balancer-type",
        "cloud.google.com/network-tier",
        "cloud.google.com/l4-rbs",
        "networking.gke.io/load-balancer-type",
        "networking.gke.io/load-balancer-ip-addresses",
        "networking.gke.io/internal-load-balancer-allow-global-access",
        "networking.gke.io/internal-load-balancer-subnet",
        "networking.gke.io/load-balancer-subnet",
        "networking.gke.io/weighted-load-balancing",
        "ingress.kubernetes.io/url-map",
        "ingress.kubernetes.io/backends",
        "ingress.kubernetes.io/ssl-cert",
        "kubernetes.io/change-cause",
        "service.alpha.kubernetes.io/tolerate-unready-endpoints",
        "kubectl.kubernetes.io/last-applied-configuration",
    ],
)
def test_annotations_of_other_programs_are_nobodys_mistake(key: str, place: Place) -> None:
    """What GKE writes, and what its other load balancers read, is neither told nor heard."""
    reading = reading_of({key: '{"anything": 1}'}, place)

    assert reading.diagnostics == ()
    assert not reading.values.said


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("kubernetes.io/ingress.allow-htp", "kubernetes.io/ingress.allow-http"),
        ("networking.gke.io/managed-certificate", "networking.gke.io/managed-certificates"),
        ("cloud.google.com/backendconfig", "cloud.google.com/backend-config"),
        ("ingress.gcp.kubernetes.io/pre-shared-certs", "ingress.gcp.kubernetes.io/pre-shared-cert"),
    ],
)
def test_an_unknown_annotation_is_told_with_the_nearest_known_one(key: str, nearest: str) -> None:
    """GKE passes over a misspelled key in silence."""
    [problem] = reading_of({key: "x"}).diagnostics

    assert (problem.code, problem.severity) == ("ANNOTATION-UNKNOWN", Severity.WARNING)
    assert problem.hint == f"did you mean {nearest}?"

"""Values that GKE makes do with although it cannot read them, and what each reading makes of them.

GKE takes an ``allow-http`` that is no boolean for true, and a ``cloud.google.com/neg`` that is no
JSON for not being there. Under ``incumbent`` compatibility so do we, and say it; otherwise nobody
guesses what was meant.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.model.diagnostic import Severity
from provisioner.model.intent import Compatibility, TargetMode
from provisioner.model.kube import Key
from tests.unit.providers.gcp.desired.worlds import (
    ALLOW_HTTP,
    PRE_SHARED,
    SETTINGS,
    World,
    a_compute_certificate,
    a_web,
    ports_of,
    some_backends,
    some_facts,
)

NEG = "cloud.google.com/neg"
INCUMBENT = replace(SETTINGS, compatibility=Compatibility.INCUMBENT)


def over_http(said: str) -> World:
    """Return an Ingress with a certificate and this value of ``allow-http``."""
    ingress = a_web(annotations={ALLOW_HTTP: said, PRE_SHARED: "web-cert"})
    facts = some_facts(certificates={("web-cert", ""): a_compute_certificate()})
    return World(objects=(ingress, *some_backends()), facts=facts)


def with_groups(said: str) -> World:
    """Return an Ingress in front of a Service with this annotation for endpoint groups."""
    service, *rest = some_backends()
    service = replace(service, meta=replace(service.meta, annotations={NEG: said}))
    return World(objects=(a_web(), service, *rest))


@pytest.mark.parametrize("said", ["nope", "yes", ""])
def test_allow_http_that_is_no_boolean_is_true_to_gke(said: str) -> None:
    """It is told all the same, where it stands; HTTP goes on beside HTTPS."""
    world = replace(over_http(said), settings=INCUMBENT)

    (problem,) = world.intents().diagnostics

    assert (problem.severity, problem.blocking) == (Severity.WARNING, False)
    assert problem.field == f"metadata.annotations[{ALLOW_HTTP}]"
    assert "counts as true" in problem.message
    assert problem.ingress == Key("shop", "web")
    assert ports_of(world.express()) == ["443-443", "80-80"]


def test_allow_http_that_is_no_boolean_is_an_error_to_us() -> None:
    """Nobody guesses whether plain text was wanted: the Ingress stays as it is."""
    world = over_http("nope")

    (problem,) = world.intents().diagnostics

    assert (problem.code, problem.blocking) == ("ANNOTATION-VALUE", True)
    assert [q.path for q in world.intent().quarantined] == [""]


def test_a_readable_value_counts_under_either_reading() -> None:
    """Making do is for what cannot be read."""
    for world in (over_http("false"), replace(over_http("false"), settings=INCUMBENT)):
        assert world.intents().diagnostics == ()
        assert ports_of(world.express()) == ["443-443"]


@pytest.mark.parametrize("said", ['{"ingress": tru', '{"ingress": "yes"}', "[]"])
def test_groups_asked_for_unreadably_are_not_asked_for_with_gke(said: str) -> None:
    """GKE uses node ports then, without a word; here the Service is told."""
    world = replace(with_groups(said), settings=INCUMBENT)

    (problem,) = world.intents().diagnostics
    web = next(b for b in world.intent().backends if b.id.service == Key("shop", "web"))

    assert (problem.severity, problem.subject) == (Severity.WARNING, "Service shop/web")
    assert problem.field == f"metadata.annotations[{NEG}]"
    assert web.mode is None
    assert web.default_mode is TargetMode.NODE_PORT
    assert world.intent().quarantined == ()


def test_groups_asked_for_unreadably_refuse_the_path_with_us() -> None:
    """Which way to the pods was meant cannot be told; other paths go on."""
    world = with_groups('{"ingress": tru')

    (refused,) = world.intent().quarantined

    assert refused.path == "spec.rules[0].http.paths[0]"
    assert (refused.diagnostic.code, refused.diagnostic.blocking) == ("ANNOTATION-VALUE", True)

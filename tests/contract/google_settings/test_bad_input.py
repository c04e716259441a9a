"""Whatever is wrong is told where it is wrong, and stops nothing and nobody else.

Every case is one Ingress in one plan with all others, beside a healthy neighbour.
"""

from __future__ import annotations

from provisioner.sandbox.gcp.account import ProjectInfo
from tests.contract.google_settings import bad_backend_cases, bad_front_cases
from tests.contract.google_settings.bad import (
    errors,
    ingress,
    scale,
    served,
    service,
    untold,
)
from tests.contract.google_settings.bad_front_cases import MANY
from tests.contract.google_settings.site import Site
from tests.contract.google_settings.things import pair
from tests.contract.provider.desk import calls_of, failures

CASES = (*bad_backend_cases.CASES, *bad_front_cases.CASES)
KIND = "global-external"
GOOD = "good"
ALL = (*(each.name for each in CASES), GOOD)
GOES_ON = frozenset(
    {"front-policy-missing", "shared-missing", "tls-missing", "tls-no-key", "tls-other-key"}
)
"""Cases that cost an Ingress its HTTPS, and not its HTTP."""

ASKS_FOR_ANOTHER_PATH = "path-star"
"""The case that takes its good path back: nobody asks for it any more."""


def _furnish(site: Site, project: ProjectInfo) -> None:
    """Add a neighbour, pods for everybody, and more certificates than a proxy takes."""
    many = pair("many.example.org")
    content = {"certificate": many.certificate, "privateKey": many.key}
    place = f"projects/{project.project}/global/sslCertificates"
    for name in MANY:
        site.server.place(place, {"name": name, "type": "SELF_MANAGED", "selfManaged": content})
    scale(site, ALL, 2)
    site.desk.put(ingress(GOOD, {}), service(GOOD, {}))


def _break(site: Site) -> None:
    for each in CASES:
        site.desk.put(*each.documents(KIND))


def test_whatever_is_wrong_from_the_start(site: Site) -> None:
    """Each Ingress is told exactly what is wrong; the neighbour in the same plan is made."""
    _furnish(site, site.cloud.project)
    _break(site)

    plan = site.desk.plan()
    site.desk.cloud.forget_calls()
    failed = failures(site.desk.apply(plan))

    assert untold(CASES, plan) == {}
    assert failed == []
    assert site.cloud.mutating() == calls_of(plan)
    assert served(site).keys() == {GOOD, *GOES_ON}
    site.desk.assert_at_rest()

    site.desk.put(ingress(GOOD, {"ingress-provisioner.io/timeout-seconds": "90"}))
    changed = site.desk.converge()

    assert calls_of(changed) == {"backendServices.update": 1}


def test_whatever_breaks_later(site: Site) -> None:
    """Last good rules stay, their endpoints follow the pods, the neighbour can be changed."""
    _furnish(site, site.cloud.project)
    for each in CASES:
        site.desk.put(*each.well(KIND))
    site.desk.converge()
    before = served(site)
    assert before.keys() == set(ALL)

    _break(site)
    scale(site, ALL, 3)
    site.desk.put(ingress(GOOD, {"ingress-provisioner.io/timeout-seconds": "90"}))
    plan = site.desk.plan()
    site.desk.cloud.forget_calls()
    failed = failures(site.desk.apply(plan))
    after = served(site)

    assert untold(CASES, plan) == {}
    assert failed == []
    assert site.cloud.mutating() == calls_of(plan)
    assert {name: len(pods) for name, pods in before.items()} == dict.fromkeys(ALL, 2)
    assert {name: len(pods) for name, pods in after.items()} == dict.fromkeys(
        (name for name in ALL if name != ASKS_FOR_ANOTHER_PATH), 3
    )
    assert site.look(GOOD, GOOD).backend()["timeoutSec"] == 90
    site.desk.assert_at_rest()


def test_what_was_wrong_is_mended(site: Site) -> None:
    """Once everything is right everybody is served, and nothing of the mistakes is left."""
    _furnish(site, site.cloud.project)
    _break(site)
    assert failures(site.desk.apply()) == []

    for each in CASES:
        site.desk.put(*each.well(KIND))
    plan = site.desk.converge()

    assert errors(plan) == {}
    assert served(site).keys() == set(ALL)

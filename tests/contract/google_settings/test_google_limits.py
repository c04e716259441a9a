"""Limits that are no matter of rules: who does not fit is told the sum, and costs no call."""

from __future__ import annotations

import pytest

from provisioner.model.resource import Json
from tests.contract.google_settings import look
from tests.contract.google_settings.bad import errors, ingress, scale, served, service
from tests.contract.google_settings.site import Site, settings
from tests.contract.google_settings.things import pair
from tests.contract.provider.desk import calls_of, failures
from tests.contract.provider.manifests import Document

NAMES = ("first", "second", "third")
CONFIG = "cloud.google.com/backend-config"
SHARED = "ingress.gcp.kubernetes.io/pre-shared-cert"
EDITED = {"ingress-provisioner.io/timeout-seconds": "90"}

QUOTAS = {
    "GLOBAL_EXTERNAL_MANAGED_FORWARDING_RULES": 2,
    "TARGET_HTTP_PROXIES": 2,
    "URL_MAPS": 2,
    "HEALTH_CHECKS": 3,  # one more checks nothing, behind the answer 404
    "GLOBAL_EXTERNAL_MANAGED_BACKEND_SERVICES": 3,
    "europe-west1/NETWORK_ENDPOINT_GROUPS": 4,  # one in each of two zones
}
"""Quotas that two load balancers fill."""


def _serve(site: Site) -> None:
    scale(site, NAMES, 2)
    site.desk.put(*(service(name, {}) for name in NAMES))


def _apply(site: Site, *documents: Document) -> dict[str, str]:
    """Apply what was put, hold that the calls are the plan's, and return the errors by Ingress."""
    site.desk.put(*documents)
    plan = site.desk.plan()
    site.cloud.forget_calls()
    assert failures(site.desk.apply(plan)) == []
    assert site.cloud.mutating() == calls_of(plan)
    third = [call for step in plan.steps for call in step.calls if "/third" in call.address]
    assert not third
    found = errors(plan)
    assert all(each.hint for told in found.values() for each in told)
    return {name: f"{told[0].code}: {told[0].message}" for name, told in found.items()}


@pytest.mark.parametrize("metric", list(QUOTAS))
def test_the_third_does_not_fit_into_a_quota(metric: str, site: Site) -> None:
    """It is refused with the sum, others are changed; once one of them goes it is made."""
    _serve(site)
    site.desk.put(ingress("first", {}), ingress("second", {}))
    site.desk.converge()
    site.server.quotas[metric] = QUOTAS[metric]

    told = _apply(site, ingress("third", {}), ingress("first", EDITED))

    assert told.keys() == {"third"}
    assert told["third"].startswith("LIMIT-EXCEEDED: the project would need ")
    assert f"(limit {metric}, from account)" in told["third"]
    assert f"of {QUOTAS[metric]} " in told["third"]
    assert "(shop/first) + " in told["third"]
    assert told["third"].partition(" (limit")[0].endswith(" (shop/third)")
    assert site.look("first", "first").backend()["timeoutSec"] == 90
    site.desk.assert_at_rest()

    site.desk.drop("Ingress shop/second")
    for _ in range(2):  # room is there once the other one is gone
        assert failures(site.desk.apply()) == []
    assert served(site).keys() == {"first", "third"}


def test_the_third_brings_one_certificate_too_many(site: Site) -> None:
    """Of 6 + 6 + 4 certificates the last member's Ingress is refused; edits of others go on."""
    many = pair("many.example.org")
    content = {"certificate": many.certificate, "privateKey": many.key}
    place = f"projects/{site.cloud.project.project}/global/sslCertificates"
    for number in range(16):
        name = f"many-{number}"
        site.server.place(place, {"name": name, "type": "SELF_MANAGED", "selfManaged": content})

    def member(name: str, start: int, end: int, **more: str) -> Document:
        named = ",".join(f"many-{number}" for number in range(start, end))
        said = {f"ingress-provisioner.io/{key.replace('_', '-')}": more[key] for key in more}
        return ingress(name, {"ingress-provisioner.io/group": "edge", SHARED: named, **said})

    _serve(site)
    site.desk.put(member("first", 0, 6), member("second", 6, 12))
    site.desk.converge()

    told = _apply(site, member("third", 12, 16), member("second", 6, 12, rewrite_target="/x"))

    assert told == {
        "third": "LIMIT-EXCEEDED: HTTPS proxy edge/443 would need 16 of 15 Compute certificates per"
        " HTTPS proxy: 16 (shared by its members)"
        " (limit certificates-per-target-https-proxy, from default)"
    }
    assert served(site).keys() == {"first", "second"}


def test_headers_that_do_not_fit(site: Site) -> None:
    """Google takes 16 custom headers of a direction; with 17 the backend keeps what it has."""
    headers: list[Json] = [f"X-{number}: {number}" for number in range(17)]
    _serve(site)
    named = {CONFIG: '{"default": "first"}'}
    site.desk.put(service("first", named), ingress("first", {}), ingress("second", {}))
    site.desk.put(settings("BackendConfig", "first", {"customRequestHeaders": {"headers": []}}))
    site.desk.converge()
    spec: dict[str, Json] = {"customRequestHeaders": {"headers": headers}}

    told = _apply(site, settings("BackendConfig", "first", spec), ingress("second", EDITED))

    assert told.keys() == {"first"}
    assert "17" in told["first"]
    assert "16" in told["first"]
    assert look.service("customRequestHeaders")(site.look("first", "first")) == [None]
    assert site.look("second", "second").backend()["timeoutSec"] == 90


def test_a_change_that_does_not_fit_beside_the_old_one(site: Site) -> None:
    """A backend made anew needs room for two; without it is told, and everything else goes on."""
    _serve(site)
    site.desk.put(ingress("first", {}), ingress("second", {}))
    site.desk.converge()
    site.server.quotas["GLOBAL_EXTERNAL_MANAGED_BACKEND_SERVICES"] = 3
    speaks = {"ingress-provisioner.io/backend-protocol": "HTTPS"}

    told = _apply(site, service("first", speaks), ingress("second", EDITED))

    assert told.keys() == {"first"}
    assert told["first"].startswith("LIMIT-PEAK: ")
    assert site.look("first", "first").backend()["protocol"] == "HTTP"
    assert site.look("second", "second").backend()["timeoutSec"] == 90
    site.server.quotas["GLOBAL_EXTERNAL_MANAGED_BACKEND_SERVICES"] = 4
    site.desk.converge()
    assert site.look("first", "first").backend()["protocol"] == "HTTPS"

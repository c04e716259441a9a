"""Comparing with what GKE Ingress made: a faithful project needs our mark alone.

What people move from must be recognised to the last setting before anybody moves. So the project
here is made by hand over plain REST (``gke.py``), the command is run as a user types it, and what
the plan says is read from its JSON. Every ``site.plan`` proves that planning made no writing call.
"""

from __future__ import annotations

import pytest

from tests.conformance.takeover import gke_names as gke
from tests.conformance.takeover.gke_site import GkeSite, more_than_marks
from tests.conformance.takeover.site import diagnostics, steps

pytestmark = pytest.mark.slow

SITE_GROUP = f"zones/europe-west1-b/networkEndpointGroups/{gke.SITE}"
API_SERVICE = f"global/backendServices/{gke.API}"
SITE_SERVICE = f"global/backendServices/{gke.SITE}"
FIREWALL = f"global/firewalls/{gke.FIREWALL}"
SERVICES, GROUPS, PROXIES = "backendServices", "networkEndpointGroups", "targetHttpsProxies"
ENDPOINTS = "networkEndpoints"


def test_a_faithful_project_needs_nothing_but_our_mark(site: GkeSite) -> None:
    """Nothing is created, updated, replaced or deleted; no endpoint, port or rule is touched."""
    plan = site.plan()

    assert more_than_marks(plan) == []
    assert {d.code for d in plan.diagnostics} == {"TAKE-OVER-COMPARED"}
    assert {step.kind for step in steps(plan)} == {
        "BackendService", "Firewall", "HealthCheck", "UrlMap",
    }  # fmt: skip


def test_everything_that_gke_made_is_recognised(site: GkeSite) -> None:
    """Both generations of names, global and regional, groups and what is in them.

    The instance groups and who is in them stay GKE's. The certificate of the ManagedCertificate is
    another controller's, and the lasting address of the user is the user's.
    """
    (found,) = diagnostics(site.plan(), "TAKE-OVER-COMPARED")

    assert "recognised 54 resources of GKE Ingress" in found.message
    assert (
        "9 forwarding rules, 7 URL maps, 5 backend services, 6 network endpoint groups,"
        " 2 SSL certificates, 1 firewall rule"
    ) in found.message


def test_a_comparison_cannot_be_applied(site: GkeSite) -> None:
    """People see at once that this is no ordinary plan, in every format."""
    assert site.plan().applyable is False
    for form in ("text", "markdown"):
        printed = site.run("plan", "--take-over", "-o", form).out
        assert "comparison" in printed
        assert "cannot be applied" in printed


def test_names_of_what_exists_are_kept(site: GkeSite) -> None:
    """A name is given at creation, so the first generation of names stays what it is."""
    printed = site.run("plan", "--take-over").out

    assert "k8s2-um-7kpbhpki-shop-web-h24xijqa" in printed
    assert "k8s-um-shop-old--0123456789abcdef" in printed
    assert "k8s2-um-7kpbhpki-shop-old" not in printed


# -- what is not there for us ------------------------------------------------------------------


def test_what_others_made_is_none_of_our_business(site: GkeSite) -> None:
    """Names without the cluster's identifiers, other ports of the groups, other endpoint groups."""
    path = f"zones/europe-west1-b/instanceGroups/{gke.GROUP}"
    found = site.gke.get(path)
    ports = [*found["namedPorts"], {"name": "by-hand", "port": 9000}]
    body = {"fingerprint": found["fingerprint"], "namedPorts": ports}
    site.gke.call("POST", f"{path}/setNamedPorts", body)
    site.gke.make_one(
        "global/healthChecks", {"name": "by-hand", "type": "TCP", "tcpHealthCheck": {}}
    )

    plan = site.plan()

    assert more_than_marks(plan) == []
    assert {d.code for d in plan.diagnostics} == {"TAKE-OVER-COMPARED"}


def test_another_cluster_of_the_project_is_not_claimed(site: GkeSite) -> None:
    """An Ingress of the same name there has other names; nothing of it is seen, touched or told."""
    made = site.gke
    check = made.get(f"global/healthChecks/{gke.API}")
    other = "k8s-be-30080--fedcba9876543210"
    body = {key: check[key] for key in ("type", "httpHealthCheck", "description")}
    link = made.make_one("global/healthChecks", {"name": other, **body})
    said = made.get(API_SERVICE)["description"]
    service = {"name": other, "description": said, "healthChecks": [link], "protocol": "HTTP"}
    made.make_one("global/backendServices", service)
    base = "7kdiryd8-shop-web-2i2viqzo"
    url_map = made.make_one(
        "global/urlMaps", {"name": f"k8s2-um-{base}", "defaultService": made.service(other)}
    )
    made.http("shop/web", (f"k8s2-fr-{base}", f"k8s2-tp-{base}"), url_map)
    made.make_one(
        "global/firewalls",
        {
            "name": "k8s-fw-l7--fedcba9876543210",
            "network": site.project.network,
            "sourceRanges": ["130.211.0.0/22"],
            "allowed": [{"IPProtocol": "tcp", "ports": ["30000-32767"]}],
        },
    )

    plan = site.plan()

    assert more_than_marks(plan) == []
    assert {d.code for d in plan.diagnostics} == {"TAKE-OVER-COMPARED"}
    (found,) = diagnostics(plan, "TAKE-OVER-COMPARED")
    assert "recognised 54 resources" in found.message


def test_with_the_identifiers_of_another_cluster_nothing_is_found(site: GkeSite) -> None:
    """The identifiers are part of every name; each load balancer is told not to be there.

    (That somebody else uses the address that one of them names is an error besides.)
    """
    plan = site.plan("--cluster-uid", "other-uid", "--ingress-uid", "fedcba9876543210", code=1)

    missing = [d.subject for d in diagnostics(plan, "TAKE-OVER-NOT-FOUND")]
    assert missing == [f"load balancer shop/{name}" for name in _NAMES]
    (found,) = diagnostics(plan, "TAKE-OVER-COMPARED")
    assert "recognised 0 resources" in found.message
    assert {step.action for step in steps(plan)} == {"create"}


_NAMES = ("inner", "managed", "old", "plain", "web", "wide")


def test_what_no_ingress_explains_is_listed_and_left_alone(site: GkeSite) -> None:
    """Somebody plans a part of the cluster: the rest stays, and the firewall is not narrowed."""
    site.documents.remove(_document(site, "name: inner\n"))
    site.documents.remove(_document(site, "metadata: {name: plain,"))

    plan = site.plan()

    assert more_than_marks(plan) == []
    (found,) = diagnostics(plan, "TAKE-OVER-UNEXPLAINED")
    assert "of GKE Ingress are not explained by any Ingress here" in found.message


def _document(site: GkeSite, text: str) -> str:
    (found,) = (each for each in site.documents if text in each and "kind: Ingress" in each)
    return found


def test_a_broken_ingress_keeps_what_it_has(site: GkeSite) -> None:
    """GKE would stop for the whole Ingress; what serves now must not be taken away."""
    site.replace_in_files(
        "kubernetes.io/ingress.global-static-ip-name: managed-ip",
        "kubernetes.io/ingress.global-static-ip-name: no-such-ip",
    )

    plan = site.plan(code=1)

    assert [step for step in steps(plan) if step.action in {"create", "delete", "replace"}] == []


def test_a_missing_secret_takes_no_certificate_away(site: GkeSite) -> None:
    """Where the files are said to be everything, a Secret that they lack is a mistake of theirs."""
    site.documents = [each for each in site.documents if "metadata: {name: web-tls" not in each]

    plan = site.plan(code=1)

    held = [d.subject for d in diagnostics(plan, "SECRET-MISSING")]
    assert held == ["Ingress shop/old", "Ingress shop/web"]
    assert more_than_marks(plan) == []


def test_our_own_reading_can_be_compared_too(site: GkeSite) -> None:
    """With ``--compatibility kubernetes`` the plan is what moving to our reading would come to."""
    plan = site.plan("--compatibility", "kubernetes", compatibility="")

    (found,) = diagnostics(plan, "TAKE-OVER-COMPARED")
    assert "9 forwarding rules, 7 URL maps" in found.message


def test_nothing_that_writes_takes_over(site: GkeSite) -> None:
    """``apply`` and ``run`` refuse the option by name, and ``apply`` a saved comparison as well."""
    saved = site.folder.parent / "comparison.json"
    site.run("plan", "--take-over", "-o", "json", "--out", str(saved))

    applied = site.run("apply", "--take-over", "--yes")
    replayed = site.bare("apply", str(saved), "--yes")
    ran = site.bare("run", "--take-over")

    assert (applied.code, replayed.code, ran.code) == (1, 1, 1)
    assert "provisioner apply` cannot take anything over" in applied.err
    assert "is a comparison" in replayed.err
    assert "provisioner run` cannot take anything over" in ran.err
    assert site.cloud.calls.mutating() == ()


def test_what_bears_our_mark_is_not_recognised_twice(site: GkeSite) -> None:
    """A backend service that was adopted, or made by us after GKE's pattern, is its owner's."""
    said = '{"ingress-provisioner.io/owner":"somebody/else/here"}'
    site.gke.change(API_SERVICE, description=said)

    plan = site.plan()

    (found,) = diagnostics(plan, "TAKE-OVER-COMPARED")
    assert "4 backend services" in found.message

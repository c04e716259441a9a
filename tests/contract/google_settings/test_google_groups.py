"""Settings of several Ingresses on one load balancer: what is joined, and what goes with whom."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.model.resource import Json
from tests.contract.google_settings import look
from tests.contract.google_settings.bad import errors, ingress, scale, service
from tests.contract.google_settings.look import Look, Project
from tests.contract.google_settings.site import Site, settings
from tests.contract.provider.desk import calls_of
from tests.contract.provider.manifests import Document

OURS = "ingress-provisioner.io/"
SHARED = "ingress.gcp.kubernetes.io/pre-shared-cert"
FRONT = "networking.gke.io/v1beta1.FrontendConfig"
ADDRESS = "kubernetes.io/ingress.global-static-ip-name"


def member(name: str, said: Mapping[str, str] | None = None) -> Document:
    """Return a member of the group ``edge``."""
    return ingress(name, {f"{OURS}group": "edge", **(said or {})})


def furnish(site: Site) -> None:
    """Add Services of three members."""
    scale(site, ["one", "two", "three"], 2)
    site.desk.put(*(service(name, {}) for name in ("one", "two", "three")))


def facing(site: Site) -> dict[str, Json]:
    """Return what members share, as Google has it."""
    seen = Look(Project(site.rest), "edge", "shop/one/one")
    return {
        "ports": look.ports(seen),
        "certificates": look.certificates(seen),
        "policy": look.ssl_policy(seen),
        "address": look.address(seen),
        "timeout": look.service("timeoutSec")(seen),
    }


def test_what_two_members_say_is_joined_and_goes_with_them(site: Site) -> None:
    """Certificates and the SSL policy of a member that leaves go; an address in DNS stays."""
    furnish(site)
    site.desk.put(settings("FrontendConfig", "strict", {"sslPolicy": "own-a"}))
    two = {SHARED: "own-b", FRONT: "strict", ADDRESS: "own-a", f"{OURS}timeout-seconds": "90"}
    site.desk.put(member("one", {SHARED: "own-a"}), member("two", two))
    site.desk.converge()
    assert facing(site) == {
        "ports": ["80-80", "443-443"],
        "certificates": ["own-a", "own-b"],
        "policy": "own-a",
        "address": ["own-a"],
        "timeout": [90],
    }

    site.desk.drop("Ingress shop/two")
    site.desk.converge()

    assert facing(site) == {
        "ports": ["80-80", "443-443"],
        "certificates": ["own-a"],
        "policy": None,
        "address": ["own-a"],
        "timeout": [30],
    }
    site.clear_out()


def test_the_order_of_members_takes_nothing_from_a_senior(site: Site) -> None:
    """URL maps know no order, and the default certificate stays the senior member's: no call."""
    furnish(site)
    site.desk.put(member("one", {SHARED: "own-a"}), member("two", {SHARED: "own-b"}))
    site.desk.converge()
    before = facing(site)

    site.desk.put(member("two", {SHARED: "own-b", f"{OURS}group-order": "-1"}))
    plan = site.desk.converge()

    assert not calls_of(plan)
    assert facing(site) == before
    assert before["certificates"] == ["own-a", "own-b"]


def test_members_that_contradict_each_other(site: Site) -> None:
    """What only one can decide is the earlier member's; the later one is told and all else goes on.

    BackendConfigs are each Ingress' own: the same Service can have two.
    """
    furnish(site)
    site.desk.put(member("one", {ADDRESS: "own-a"}), member("two"))
    site.desk.converge()

    site.desk.put(member("two", {ADDRESS: "own-b"}), member("three"))
    plan = site.desk.converge()

    (told,) = errors(plan)["two"]
    assert told.subject == "Ingress shop/two"
    assert told.field == f"metadata.annotations[{ADDRESS}]"
    assert "own-a" in told.message
    assert told.hint
    seen = Look(Project(site.rest), "edge", "shop/one/one")
    assert look.address(seen) == ["own-a"]
    assert len(seen.url_map()["hostRules"]) == 3

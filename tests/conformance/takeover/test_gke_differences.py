"""What a comparison with GKE's work shows as a difference, and what it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conformance.takeover import gke_manifests
from tests.conformance.takeover import gke_names as gke
from tests.conformance.takeover.gke import Gke
from tests.conformance.takeover.gke_site import GkeSite, did, more_than_marks

pytestmark = pytest.mark.slow

SITE_GROUP = f"zones/europe-west1-b/networkEndpointGroups/{gke.SITE}"
API_SERVICE = f"global/backendServices/{gke.API}"
SITE_SERVICE = f"global/backendServices/{gke.SITE}"
FIREWALL = f"global/firewalls/{gke.FIREWALL}"
SERVICES, GROUPS, PROXIES = "backendServices", "networkEndpointGroups", "targetHttpsProxies"
ENDPOINTS = "networkEndpoints"


# -- what differs ------------------------------------------------------------------------------


def lose_a_path(made: Gke) -> None:
    """Take a path out of a URL map."""
    matchers = made.get(gke.WEB_MAP)["pathMatchers"]
    matchers[0]["pathRules"].pop()
    made.change(gke.WEB_MAP, pathMatchers=matchers)


def grow_a_path(made: Gke) -> None:
    """Put a path into a URL map that no Ingress asks for."""
    matchers = made.get(gke.WEB_MAP)["pathMatchers"]
    rule = {"paths": ["/old"], "service": made.service(gke.API)}
    matchers[0]["pathRules"].append(rule)
    made.change(gke.WEB_MAP, pathMatchers=matchers)


def grow_a_host(made: Gke) -> None:
    """Let a URL map answer for a host that no Ingress names."""
    found = made.get(gke.WEB_MAP)
    service = made.service(gke.API)
    made.change(
        gke.WEB_MAP,
        hostRules=[*found["hostRules"], {"hosts": ["old.example.net"], "pathMatcher": "by-hand"}],
        pathMatchers=[*found["pathMatchers"], {"name": "by-hand", "defaultService": service}],
    )


def lead_elsewhere(made: Gke) -> None:
    """Let a path lead to another backend service."""
    matchers = made.get(gke.WEB_MAP)["pathMatchers"]
    matchers[0]["pathRules"][-1]["service"] = made.service(gke.SYSTEM)
    made.change(gke.WEB_MAP, pathMatchers=matchers)


def redirect_for_now(made: Gke) -> None:
    """Change the code of a redirect."""
    redirect = {"httpsRedirect": True, "redirectResponseCode": "FOUND", "stripQuery": False}
    made.change(gke.REDIRECT_MAP, defaultUrlRedirect=redirect)


def check_health_elsewhere(made: Gke) -> None:
    """Change the path of a health check that a BackendConfig states."""
    check = {"portSpecification": "USE_SERVING_PORT", "requestPath": "/healthz"}
    made.change(f"global/healthChecks/{gke.SITE}", httpHealthCheck=check)


def answer_sooner(made: Gke) -> None:
    """Change the timeout of a backend service that a BackendConfig states."""
    made.change(SITE_SERVICE, timeoutSec=5)


def lose_a_zone(made: Gke) -> None:
    """Take the groups of one zone from a backend service."""
    made.change(SITE_SERVICE, backends=made.get(SITE_SERVICE)["backends"][:1])


def drop_the_policy(made: Gke) -> None:
    """Detach the security policy that a BackendConfig names."""
    made.call("POST", f"{SITE_SERVICE}/setSecurityPolicy", {"securityPolicy": None})


def lose_an_endpoint(made: Gke) -> None:
    """Detach a pod."""
    endpoint = {"instance": made.project.nodes[0].name, "ipAddress": "10.4.0.2", "port": 8080}
    made.call("POST", f"{SITE_GROUP}/detachNetworkEndpoints", {"networkEndpoints": [endpoint]})


def grow_an_endpoint(made: Gke) -> None:
    """Attach what is no pod of the Service."""
    endpoint = {"instance": made.project.nodes[0].name, "ipAddress": "10.4.0.99", "port": 8080}
    made.call("POST", f"{SITE_GROUP}/attachNetworkEndpoints", {"networkEndpoints": [endpoint]})


def lose_a_forwarding_rule(made: Gke) -> None:
    """Delete what takes connections for HTTP."""
    made.call("DELETE", gke.PLAIN_RULE)


def serve_another_certificate(made: Gke) -> None:
    """Let the proxy of a Secret serve another certificate."""
    links = [made.link(f"global/sslCertificates/{gke.MANAGED_CERTIFICATE}")]
    made.call(
        "POST",
        f"{gke.WEB_HTTPS_PROXY.replace('global/', '')}/setSslCertificates",
        {"sslCertificates": links},
    )


def lose_the_ssl_policy(made: Gke) -> None:
    """Take the SSL policy that a FrontendConfig names from a proxy."""
    made.call("POST", f"{gke.MANAGED_HTTPS_PROXY}/setSslPolicy", {"sslPolicy": None})


def narrow_the_firewall(made: Gke) -> None:
    """Let Google's front ends reach fewer ports."""
    made.change(FIREWALL, allowed=[{"IPProtocol": "tcp", "ports": ["30000-32767", "8080", "8443"]}])


def open_the_firewall(made: Gke) -> None:
    """Let everybody in."""
    made.change(FIREWALL, sourceRanges=["0.0.0.0/0"])


def lose_a_named_port(made: Gke) -> None:
    """Take the name of a node port from the group of one zone."""
    path = f"zones/europe-west1-b/instanceGroups/{gke.GROUP}"
    body = {
        "fingerprint": made.get(path)["fingerprint"],
        "namedPorts": [{"name": "port30000", "port": 30000}],
    }
    made.call("POST", f"{path}/setNamedPorts", body)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lose_a_path, "update UrlMap urlMaps.update pathMatchers"),
        (grow_a_path, "update UrlMap urlMaps.update pathMatchers"),
        (grow_a_host, "update UrlMap urlMaps.update hostRules,pathMatchers"),
        (lead_elsewhere, "update UrlMap urlMaps.update pathMatchers"),
        (redirect_for_now, "update UrlMap urlMaps.update defaultUrlRedirect"),
        (check_health_elsewhere, "update HealthCheck healthChecks.update httpHealthCheck"),
        (answer_sooner, f"update BackendService {SERVICES}.update timeoutSec"),
        (lose_a_zone, f"update BackendService {SERVICES}.update backends"),
        (
            drop_the_policy,
            f"update BackendService {SERVICES}.setSecurityPolicy,{SERVICES}.update securityPolicy",
        ),
        (lose_an_endpoint, f"update NetworkEndpoints {GROUPS}.attachNetworkEndpoints {ENDPOINTS}"),
        (grow_an_endpoint, f"update NetworkEndpoints {GROUPS}.detachNetworkEndpoints {ENDPOINTS}"),
        (lose_a_forwarding_rule, "create ForwardingRule globalForwardingRules.insert"),
        (
            serve_another_certificate,
            f"update TargetHttpsProxy {PROXIES}.setSslCertificates sslCertificates",
        ),
        (lose_the_ssl_policy, f"update TargetHttpsProxy {PROXIES}.setSslPolicy sslPolicy"),
        (narrow_the_firewall, "update Firewall firewalls.update allowed"),
        (open_the_firewall, "update Firewall firewalls.update sourceRanges"),
        (lose_a_named_port, "update NamedPorts instanceGroups.setNamedPorts namedPorts"),
    ],
)
def test_what_differs_shows_as_exactly_that(
    site: GkeSite, change: Callable[[Gke], None], expected: str
) -> None:
    """A comparison that overlooked a difference would be worse than none."""
    change(site.gke)

    assert did(site.plan()) == [expected]


# -- what is no difference ---------------------------------------------------------------------


def check_by_hand(site: GkeSite) -> None:
    """Change a health check that no BackendConfig states."""
    check = {"port": 30080, "requestPath": "/alive"}
    path = f"global/healthChecks/{gke.API}"
    site.gke.change(path, checkIntervalSec=30, timeoutSec=20, httpHealthCheck=check)


def probe_later(site: GkeSite) -> None:
    """Give the pods a readiness probe after their backend service was made."""
    site.documents.append(gke_manifests.PROBED)


def set_by_hand(site: GkeSite) -> None:
    """Change settings of a backend service that no BackendConfig states."""
    backends = site.gke.get(SITE_SERVICE)["backends"]
    rates = [{**each, "maxRatePerEndpoint": 100} for each in backends]
    site.gke.change(SITE_SERVICE, backends=rates)
    site.gke.change(API_SERVICE, timeoutSec=77, logConfig={"enable": False})


def unsay(site: GkeSite) -> None:
    """Take blocks out of a BackendConfig."""
    for said in (
        "  timeoutSec: 45\n",
        "  cdn: {enabled: true}\n",
        "  securityPolicy: {name: edge}\n",
    ):
        site.replace_in_files(said, "")


@pytest.mark.parametrize("change", [check_by_hand, probe_later, set_by_hand, unsay])
def test_what_gke_leaves_as_it_is_is_no_difference(
    site: GkeSite, change: Callable[[GkeSite], None]
) -> None:
    """GKE reads a probe once, and changes only what a BackendConfig says, never back."""
    change(site)

    assert more_than_marks(site.plan()) == []

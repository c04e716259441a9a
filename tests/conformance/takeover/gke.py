"""A project as GKE Ingress leaves it, made with plain REST calls.

Every name, description and setting is a literal, written from that controller's formulas. Nothing
here comes from our own code, or a test would compare that code with itself.
"""

from __future__ import annotations

import hashlib

from provisioner.sandbox.gcp.account import ProjectInfo
from tests.conformance.takeover.gke_backends import Backends
from tests.conformance.takeover.gke_names import (
    API,
    FIREWALL,
    INNER,
    INNER_BASE,
    MANAGED,
    MANAGED_CERTIFICATE,
    OLD,
    PLAIN,
    REGION,
    SECURE,
    SITE,
    STATIC_IP,
    SYSTEM,
    WEB,
    WEB_RULE,
    WIDE,
)


class Gke(Backends):
    """Makes what that controller makes, in its order."""

    def __init__(self, url: str, project: ProjectInfo) -> None:
        super().__init__(url, project)
        digest = hashlib.sha256(self.pem.certificate).hexdigest()[:16]
        self.certificate = f"k8s2-cr-7kpbhpki-g2jk758tr7kz1u4c-{digest}"
        self.old_certificate = f"k8s-ssl-a990834a446afa71-{digest}--0123456789abcdef"

    def make(self) -> None:
        """Make everything: what the user made first, then groups, backends and six frontends."""
        self.by_the_user()
        self.instance_groups()
        self.backends()
        self.plain()
        self.web()
        self.managed()
        self.inner()
        self.old()
        self.wide()
        self.firewall(["30000-32767", "8080", "8443", "9090"])

    # -- frontends --------------------------------------------------------------------------------

    def url_map(
        self, name: str, default: str, host: str, paths: dict[str, str], *, scope: str = "global"
    ) -> str:
        """Make a URL map: one host with a path matcher, one rule for each path."""
        matcher = f"host{hashlib.md5(host.encode()).hexdigest()}"  # noqa: S324 - that is its name
        service = self.service(default, scope)
        return self.make_one(
            f"{scope}/urlMaps",
            {
                "name": name,
                "defaultService": service,
                "hostRules": [{"hosts": [host], "pathMatcher": matcher}],
                "pathMatchers": [
                    {
                        "name": matcher,
                        "defaultService": service,
                        "pathRules": [
                            {"paths": [path], "service": self.service(name, scope)}
                            for path, name in paths.items()
                        ],
                    }
                ],
            },
        )

    def service(self, name: str, scope: str = "global") -> str:
        """Return the link of a backend service."""
        return self.link(f"{scope}/backendServices/{name}")

    def http(self, ingress: str, names: tuple[str, str], url_map: str, **more: str) -> None:
        """Make the proxy and the forwarding rule for HTTP."""
        rule, proxy = names
        self.front(ingress, rule, "80-80", self.proxy(ingress, proxy, url_map), **more)

    def proxy(self, ingress: str, name: str, url_map: str, *, scope: str = "global") -> str:
        """Make a proxy for HTTP."""
        body = {"name": name, "description": _of(ingress), "urlMap": url_map}
        return self.make_one(f"{scope}/targetHttpProxies", body)

    def https(
        self, ingress: str, names: tuple[str, str], url_map: str, certificate: str, **more: str
    ) -> str:
        """Make the proxy and the forwarding rule for HTTPS; return the path of the proxy."""
        rule, name = names
        body = {
            "name": name,
            "description": _of(ingress),
            "urlMap": url_map,
            "sslCertificates": [self.link(f"global/sslCertificates/{certificate}")],
        }
        proxy = self.make_one("global/targetHttpsProxies", body)
        self.front(ingress, rule, "443-443", proxy, **more)
        return f"global/targetHttpsProxies/{name}"

    def front(
        self,
        ingress: str,
        name: str,
        ports: str,
        proxy: str,
        *,
        scope: str = "global",
        **more: str,
    ) -> None:
        """Make a forwarding rule."""
        self.make_one(
            f"{scope}/forwardingRules",
            {
                "name": name,
                "description": _of(ingress),
                "IPProtocol": "TCP",
                "portRange": ports,
                "target": proxy,
                **more,
            },
        )

    def plain(self) -> None:
        """Make Ingress shop/plain: HTTP alone, node ports, GKE's default backend."""
        paths = {"/api": API, "/api/*": API, "/logo.png": API}
        url_map = self.url_map(f"k8s2-um-{PLAIN}", SYSTEM, "plain.example.com", paths)
        self.http("shop/plain", (f"k8s2-fr-{PLAIN}", f"k8s2-tp-{PLAIN}"), url_map)

    def web(self) -> None:
        """Make Ingress shop/web: a redirect to HTTPS, a Secret, an address that it made lasting."""
        paths = {"/*": SITE, "/api": API, "/api/*": API}
        url_map = self.url_map(f"k8s2-um-{WEB}", SITE, "web.example.com", paths)
        redirect = self.make_one(
            "global/urlMaps",
            {
                "name": f"k8s2-rm-{WEB}",
                "defaultUrlRedirect": {
                    "httpsRedirect": True,
                    "redirectResponseCode": "MOVED_PERMANENTLY_DEFAULT",
                    "stripQuery": False,
                },
            },
        )
        self.http("shop/web", (f"k8s2-fr-{WEB}", f"k8s2-tp-{WEB}"), redirect)
        address = self.get(WEB_RULE)["IPAddress"]
        self.make_one("global/addresses", {"name": f"k8s2-fr-{WEB}", "address": address})
        self.secret_certificate(self.certificate)
        names = (f"k8s2-fs-{WEB}", f"k8s2-ts-{WEB}")
        self.https("shop/web", names, url_map, self.certificate, IPAddress=address)

    def managed(self) -> None:
        """Make Ingress shop/managed: the user's address, a ManagedCertificate, an SSL policy."""
        self.make_one(
            "global/sslCertificates",
            {
                "name": MANAGED_CERTIFICATE,
                "type": "MANAGED",
                "managed": {"domains": ["managed.example.com"]},
            },
        )
        address = self.get(f"global/addresses/{STATIC_IP}")["address"]
        paths = {"/*": API}
        url_map = self.url_map(f"k8s2-um-{MANAGED}", API, "managed.example.com", paths)
        names = (f"k8s2-fr-{MANAGED}", f"k8s2-tp-{MANAGED}")
        self.http("shop/managed", names, url_map, IPAddress=address)
        names = (f"k8s2-fs-{MANAGED}", f"k8s2-ts-{MANAGED}")
        proxy = self.https("shop/managed", names, url_map, MANAGED_CERTIFICATE, IPAddress=address)
        policy = self.link("global/sslPolicies/strict")
        self.call("POST", f"{proxy}/setSslPolicy", {"sslPolicy": policy})

    def inner(self) -> None:
        """Make Ingress shop/inner: internal and regional, straight to pods."""
        scope = f"regions/{REGION}"
        url_map = self.url_map(
            f"k8s2-um-{INNER_BASE}", INNER, "inner.example.com", {"/*": INNER}, scope=scope
        )
        proxy = self.proxy("shop/inner", f"k8s2-tp-{INNER_BASE}", url_map, scope=scope)
        self.front(
            "shop/inner",
            f"k8s2-fr-{INNER_BASE}",
            "80-80",
            proxy,
            scope=scope,
            loadBalancingScheme="INTERNAL_MANAGED",
            network=self.project.network,
            subnetwork=self.project.subnetwork,
        )

    def wide(self) -> None:
        """Make Ingress shop/wide: HTTPS alone, certificates by name, hosts that are patterns."""
        hosts = {"*": {"/secure": SECURE}, "*.wide.example.com": {"/": API, "/x/*": SECURE}}
        matchers = {host: f"host{hashlib.md5(host.encode()).hexdigest()}" for host in hosts}  # noqa: S324 - its name
        default = self.service(SYSTEM)
        url_map = self.make_one(
            "global/urlMaps",
            {
                "name": f"k8s2-um-{WIDE}",
                "defaultService": default,
                "hostRules": [
                    {"hosts": [host], "pathMatcher": name} for host, name in matchers.items()
                ],
                "pathMatchers": [
                    {
                        "name": matchers[host],
                        "defaultService": default,
                        "pathRules": [
                            {"paths": [path], "service": self.service(name)}
                            for path, name in paths.items()
                        ],
                    }
                    for host, paths in hosts.items()
                ],
            },
        )
        names = (f"k8s2-fs-{WIDE}", f"k8s2-ts-{WIDE}")
        proxy = self.https("shop/wide", names, url_map, "cert-two")
        links = [self.link(f"global/sslCertificates/{name}") for name in ("cert-two", "cert-one")]
        path = f"{proxy.removeprefix('global/')}/setSslCertificates"
        self.call("POST", path, {"sslCertificates": links})

    def old(self) -> None:
        """Make Ingress shop/old, which has had its address since names were of another kind."""
        url_map = self.url_map(f"k8s-um-{OLD}", SYSTEM, "old.example.com", {"/api": API})
        self.http("shop/old", (f"k8s-fw-{OLD}", f"k8s-tp-{OLD}"), url_map)
        address = self.get(f"global/forwardingRules/k8s-fw-{OLD}")["IPAddress"]
        self.make_one("global/addresses", {"name": f"k8s-fw-{OLD}", "address": address})
        self.secret_certificate(self.old_certificate)
        names = (f"k8s-fws-{OLD}", f"k8s-tps-{OLD}")
        self.https("shop/old", names, url_map, self.old_certificate, IPAddress=address)

    def firewall(self, ports: list[str]) -> None:
        """Let Google's front ends and the proxies of the region in."""
        self.make_one(
            "global/firewalls",
            {
                "name": FIREWALL,
                "description": "GCE L7 firewall rule",
                "network": self.project.network,
                "sourceRanges": ["10.129.0.0/23", "130.211.0.0/22", "35.191.0.0/16"],
                "allowed": [{"IPProtocol": "tcp", "ports": ports}],
                "targetTags": [self.project.node_tag],
            },
        )


def _of(ingress: str) -> str:
    return f'{{"kubernetes.io/ingress-name": "{ingress}"}}'

"""What GKE Ingress makes behind its frontends, made with plain REST calls and literals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from provisioner.sandbox.aws.pem import CertificateSpec, Pem, make_pem
from provisioner.sandbox.gcp.account import ProjectInfo
from tests.conformance.takeover.gke_names import (
    API,
    GROUP,
    INNER,
    INNER_PORT,
    KUBE_SYSTEM_UID,
    REGION,
    SECURE,
    SITE,
    SITE_PORT,
    STATIC_IP,
    SYSTEM,
    ZONES,
)

Body: TypeAlias = dict[str, Any]


class Backends:
    """Calls to a project, and the backends of Ingresses there."""

    def __init__(self, url: str, project: ProjectInfo) -> None:
        self.project = project
        self.home = f"projects/{project.project}"
        self._url = url
        self.pem: Pem = make_pem(CertificateSpec(hosts=("web.example.com",), key="ec"))

    # -- calls ------------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: object = None) -> Body:
        """Make one call; ``path`` begins behind the project."""
        content = None if body is None else json.dumps(body).encode()
        url = f"{self._url}/compute/v1/{self.home}/{path}"
        request = Request(url, data=content, method=method)  # noqa: S310 - our own server
        try:
            with urlopen(request) as answer:  # noqa: S310 - our own server
                found: Body = json.loads(answer.read())
        except HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()}") from error
        return found

    def make_one(self, parent: str, body: Body) -> str:
        """Insert a resource and return its link."""
        self.call("POST", parent, body)
        return self.link(f"{parent}/{body['name']}")

    def link(self, path: str) -> str:
        """Return the whole link of something in the project."""
        return f"https://www.googleapis.com/compute/v1/{self.home}/{path}"

    def get(self, path: str) -> Body:
        """Return a resource."""
        return self.call("GET", path)

    def change(self, path: str, **fields: object) -> None:
        """Change fields of a resource by hand."""
        known = self.get(path)
        proof = {"fingerprint": known["fingerprint"]} if "fingerprint" in known else {}
        self.call("PATCH", path, {**proof, **fields})

    # -- what is behind the frontends -------------------------------------------------------------

    def by_the_user(self) -> None:
        """Make what Ingresses and BackendConfigs only name."""
        self.make_one("global/securityPolicies", {"name": "edge", "rules": []})
        self.make_one("global/sslPolicies", {"name": "strict", "profile": "RESTRICTED"})
        self.make_one("global/addresses", {"name": STATIC_IP})
        for name in ("cert-one", "cert-two"):
            self.secret_certificate(name)

    def instance_groups(self) -> None:
        """Make a group of all nodes in every zone, with a name for each node port."""
        for zone in ZONES:
            ports = [{"name": f"port{port}", "port": port} for port in (30000, 30080)]
            self.make_one(f"zones/{zone}/instanceGroups", {"name": GROUP, "namedPorts": ports})
            nodes = [{"instance": node.url} for node in self.project.nodes if node.zone == zone]
            self.call(
                "POST", f"zones/{zone}/instanceGroups/{GROUP}/addInstances", {"instances": nodes}
            )

    def backends(self) -> None:
        """Make the five backend services, each with a health check of its name."""
        self.node_port_backend(
            SYSTEM, 30000, "kube-system/default-http-backend", "Name:http,Number:0", path="/healthz"
        )
        self.node_port_backend(API, 30080, "shop/api", "Name:,Number:80", path="/")
        self.endpoint_groups(SITE, "site", SITE_PORT, pods=("10.4.0.2", "10.4.1.2"))
        self.site_backend()
        self.endpoint_groups(INNER, "inner", INNER_PORT, pods=("10.4.0.3", ""))
        self.pod_backend(INNER, "inner", scope=f"regions/{REGION}", features=["L7ILB", "NEG"])
        self.endpoint_groups(
            SECURE, "secure", 8443, pods=("10.4.0.4", "10.4.1.4"), service_port=443
        )
        self.secure_backend()

    def node_port_backend(
        self, name: str, port: int, service: str, service_port: str, *, path: str
    ) -> str:
        """Make a backend service over the instance groups."""
        check = self.make_one(
            "global/healthChecks",
            {
                "name": name,
                "description": "Default kubernetes L7 Loadbalancing health check.",
                "type": "HTTP",
                "checkIntervalSec": 60,
                "timeoutSec": 60,
                "healthyThreshold": 1,
                "unhealthyThreshold": 10,
                "httpHealthCheck": {"port": port, "proxyHeader": "NONE", "requestPath": path},
            },
        )
        groups = [self.link(f"zones/{zone}/instanceGroups/{GROUP}") for zone in ZONES]
        said = {
            "kubernetes.io/service-name": service,
            "kubernetes.io/service-port": f"&ServiceBackendPort{{{service_port},}}",
        }
        return self.make_one(
            "global/backendServices",
            {
                "name": name,
                "description": json.dumps(said, separators=(",", ":")),
                "protocol": "HTTP",
                "portName": f"port{port}",
                "healthChecks": [check],
                "logConfig": {"enable": True, "sampleRate": 1},
                "backends": [
                    {"group": group, "balancingMode": "RATE", "maxRatePerInstance": 1}
                    for group in groups
                ],
            },
        )

    def endpoint_groups(
        self, name: str, service: str, port: int, *, pods: Sequence[str], service_port: int = 80
    ) -> None:
        """Make the endpoint group of a Service in every zone, with the pod of it on that node."""
        said = {
            "cluster-uid": KUBE_SYSTEM_UID,
            "namespace": "shop",
            "service-name": service,
            "port": str(service_port),
        }
        for zone, node, pod in zip(ZONES, self.project.nodes, pods, strict=True):
            groups = f"zones/{zone}/networkEndpointGroups"
            self.make_one(
                groups,
                {
                    "name": name,
                    "description": json.dumps(said, separators=(",", ":")),
                    "networkEndpointType": "GCE_VM_IP_PORT",
                    "network": self.project.network,
                    "subnetwork": self.project.subnetwork,
                },
            )
            if pod:
                endpoint = {"instance": node.name, "ipAddress": pod, "port": port}
                self.call(
                    "POST",
                    f"{groups}/{name}/attachNetworkEndpoints",
                    {"networkEndpoints": [endpoint]},
                )

    def pod_backend(
        self, name: str, service: str, *, scope: str, features: Sequence[str], **more: object
    ) -> str:
        """Make a backend service over endpoint groups."""
        check = self.make_one(
            f"{scope}/healthChecks",
            {
                "name": name,
                "description": "Default kubernetes L7 Loadbalancing health check for NEG.",
                "type": "HTTP",
                "checkIntervalSec": 15,
                "timeoutSec": 15,
                "healthyThreshold": 1,
                "unhealthyThreshold": 2,
                "httpHealthCheck": {
                    "portSpecification": "USE_SERVING_PORT",
                    "proxyHeader": "NONE",
                    "requestPath": "/",
                },
            },
        )
        groups = [self.link(f"zones/{zone}/networkEndpointGroups/{name}") for zone in ZONES]
        said = {
            "kubernetes.io/service-name": f"shop/{service}",
            "kubernetes.io/service-port": "&ServiceBackendPort{Name:,Number:80,}",
            "x-features": list(features),
        }
        return self.make_one(
            f"{scope}/backendServices",
            {
                "name": name,
                "description": json.dumps(said, separators=(",", ":")),
                "protocol": "HTTP",
                "portName": "port0",
                "healthChecks": [check],
                "logConfig": {"enable": True, "sampleRate": 1},
                "backends": [
                    {
                        "group": group,
                        "balancingMode": "RATE",
                        "maxRatePerEndpoint": 1,
                        "capacityScaler": 1,
                    }
                    for group in groups
                ],
                **({} if scope == "global" else {"loadBalancingScheme": "INTERNAL_MANAGED"}),
                **more,
            },
        )

    def site_backend(self) -> None:
        """Make the backend service of Service site with what its BackendConfig says."""
        self.pod_backend(
            SITE,
            "site",
            scope="global",
            features=["NEG", "SecurityPolicy"],
            timeoutSec=45,
            connectionDraining={"drainingTimeoutSec": 60},
            sessionAffinity="GENERATED_COOKIE",
            affinityCookieTtlSec=600,
            enableCDN=True,
            cdnPolicy={
                "cacheMode": "CACHE_ALL_STATIC",
                "clientTtl": 3600,
                "defaultTtl": 3600,
                "maxTtl": 86400,
                "negativeCaching": True,
                "requestCoalescing": True,
                "serveWhileStale": 86400,
                "signedUrlCacheMaxAgeSec": "0",
                "cacheKeyPolicy": {
                    "includeHost": True,
                    "includeProtocol": True,
                    "includeQueryString": True,
                },
            },
        )
        self.change(
            f"global/healthChecks/{SITE}",
            description="Kubernetes L7 health check generated with BackendConfig CRD.",
            checkIntervalSec=20,
            httpHealthCheck={
                "portSpecification": "USE_SERVING_PORT",
                "proxyHeader": "NONE",
                "requestPath": "/ready",
            },
        )
        self.call(
            "POST",
            f"global/backendServices/{SITE}/setSecurityPolicy",
            {"securityPolicy": self.link("global/securityPolicies/edge")},
        )

    def secure_backend(self) -> None:
        """Make the backend service of Service secure: HTTP/2, IAP, headers, some of the logs."""
        link = self.pod_backend(SECURE, "secure", scope="global", features=["NEG"])
        said = {
            "kubernetes.io/service-name": "shop/secure",
            "kubernetes.io/service-port": "&ServiceBackendPort{Name:grpc,Number:0,}",
            "x-features": ["HTTP2", "NEG"],
        }
        check = {"portSpecification": "USE_SERVING_PORT", "requestPath": "/"}
        self.change(
            f"global/healthChecks/{SECURE}",
            type="HTTP2",
            httpHealthCheck=None,
            http2HealthCheck=check,
        )
        self.change(
            link.partition(f"{self.home}/")[2],
            description=json.dumps(said, separators=(",", ":")),
            protocol="HTTP2",
            sessionAffinity="CLIENT_IP",
            customRequestHeaders=["X-Client-Region:{client_region}"],
            customResponseHeaders=["X-Served-By:gke"],
            logConfig={"enable": True, "sampleRate": 0.5},
            iap={"enabled": True, "oauth2ClientId": "client", "oauth2ClientSecret": "hush"},
        )

    def secret_certificate(self, name: str) -> None:
        """Make a certificate from the Secret."""
        pem = {"certificate": self.pem.certificate.decode(), "privateKey": self.pem.key.decode()}
        self.make_one("global/sslCertificates", {"name": name, **pem})

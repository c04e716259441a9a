"""The Ingresses that GKE made the project from, and all they refer to."""

from __future__ import annotations

import textwrap

from provisioner.sandbox.aws.pem import Pem
from provisioner.sandbox.gcp.account import ProjectInfo
from tests.conformance.takeover.gke_names import MANAGED_CERTIFICATE, STATIC_IP

PLAIN = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: plain, namespace: shop}
spec:
  rules:
  - host: plain.example.com
    http:
      paths:
      - path: /api
        pathType: Prefix
        backend: {service: {name: api, port: {number: 80}}}
      - path: /logo.png
        pathType: Exact
        backend: {service: {name: api, port: {number: 80}}}
"""

WEB = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
  annotations:
    kubernetes.io/ingress.class: gce
    networking.gke.io/v1beta1.FrontendConfig: web
spec:
  tls: [{secretName: web-tls}]
  defaultBackend: {service: {name: site, port: {number: 80}}}
  rules:
  - host: web.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: site, port: {number: 80}}}
      - path: /api
        pathType: Prefix
        backend: {service: {name: api, port: {number: 80}}}
"""

MANAGED = f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: managed
  namespace: shop
  annotations:
    kubernetes.io/ingress.class: gce
    kubernetes.io/ingress.global-static-ip-name: {STATIC_IP}
    networking.gke.io/managed-certificates: managed
    networking.gke.io/v1beta1.FrontendConfig: managed
spec:
  defaultBackend: {{service: {{name: api, port: {{number: 80}}}}}}
  rules:
  - host: managed.example.com
    http:
      paths:
      - path: /*
        pathType: ImplementationSpecific
        backend: {{service: {{name: api, port: {{number: 80}}}}}}
"""

INNER = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: inner
  namespace: shop
  annotations: {kubernetes.io/ingress.class: gce-internal}
spec:
  defaultBackend: {service: {name: inner, port: {number: 80}}}
  rules:
  - host: inner.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: inner, port: {number: 80}}}
"""

OLD = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: old
  namespace: shop
  annotations: {kubernetes.io/ingress.class: ""}
spec:
  tls: [{secretName: web-tls}]
  rules:
  - host: old.example.com
    http:
      paths:
      - path: /api
        pathType: ImplementationSpecific
        backend: {service: {name: api, port: {number: 80}}}
"""

WIDE = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: wide
  namespace: shop
  annotations:
    kubernetes.io/ingress.class: gce
    kubernetes.io/ingress.allow-http: "false"
    ingress.gcp.kubernetes.io/pre-shared-cert: cert-two,cert-one
spec:
  rules:
  - http:
      paths:
      - path: /secure
        pathType: Exact
        backend: {service: {name: secure, port: {name: grpc}}}
  - host: "*.wide.example.com"
    http:
      paths:
      - path: /
        pathType: Exact
        backend: {service: {name: api, port: {number: 80}}}
      - path: /x/*
        pathType: ImplementationSpecific
        backend: {service: {name: secure, port: {name: grpc}}}
"""

INGRESSES = (PLAIN, WEB, MANAGED, INNER, OLD, WIDE)

CONFIGS = f"""
apiVersion: cloud.google.com/v1
kind: BackendConfig
metadata: {{name: site, namespace: shop}}
spec:
  timeoutSec: 45
  connectionDraining: {{drainingTimeoutSec: 60}}
  sessionAffinity: {{affinityType: GENERATED_COOKIE, affinityCookieTtlSec: 600}}
  securityPolicy: {{name: edge}}
  cdn: {{enabled: true}}
  healthCheck: {{checkIntervalSec: 20, requestPath: /ready}}
---
apiVersion: cloud.google.com/v1
kind: BackendConfig
metadata: {{name: secure, namespace: shop}}
spec:
  iap: {{enabled: true, oauthclientCredentials: {{secretName: iap}}}}
  sessionAffinity: {{affinityType: CLIENT_IP}}
  customRequestHeaders: {{headers: ["X-Client-Region:{{client_region}}"]}}
  customResponseHeaders: {{headers: ["X-Served-By:gke"]}}
  logging: {{enable: true, sampleRate: 0.5}}
---
apiVersion: networking.gke.io/v1beta1
kind: FrontendConfig
metadata: {{name: web, namespace: shop}}
spec: {{redirectToHttps: {{enabled: true}}}}
---
apiVersion: networking.gke.io/v1beta1
kind: FrontendConfig
metadata: {{name: managed, namespace: shop}}
spec: {{sslPolicy: strict}}
---
apiVersion: networking.gke.io/v1
kind: ManagedCertificate
metadata: {{name: managed, namespace: shop}}
spec: {{domains: [managed.example.com]}}
status:
  certificateName: {MANAGED_CERTIFICATE}
  certificateStatus: Active
  domainStatus: [{{domain: managed.example.com, status: Active}}]
"""

SYSTEM_SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: default-http-backend, namespace: kube-system}
spec:
  type: NodePort
  ipFamilies: [IPv4]
  selector: {k8s-app: glbc}
  ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30000}]
"""

SERVICES = """
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec:
  type: NodePort
  ipFamilies: [IPv4]
  selector: {app: api}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
---
apiVersion: v1
kind: Service
metadata:
  name: site
  namespace: shop
  annotations:
    cloud.google.com/neg: '{"ingress": true}'
    cloud.google.com/backend-config: '{"default": "site"}'
spec:
  ipFamilies: [IPv4]
  selector: {app: site}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: inner, namespace: shop, annotations: {cloud.google.com/neg: '{"ingress": true}'}}
spec:
  ipFamilies: [IPv4]
  selector: {app: inner}
  ports: [{port: 80, targetPort: 9090}]
---
apiVersion: v1
kind: Service
metadata:
  name: secure
  namespace: shop
  annotations:
    cloud.google.com/neg: '{"ingress": true}'
    cloud.google.com/app-protocols: '{"grpc": "HTTP2"}'
    cloud.google.com/backend-config: '{"ports": {"grpc": "secure"}}'
spec:
  ipFamilies: [IPv4]
  selector: {app: secure}
  ports: [{name: grpc, port: 443, targetPort: 8443}]
---
apiVersion: v1
kind: Secret
metadata: {name: iap, namespace: shop}
stringData: {client_id: client, client_secret: hush}
"""

PROBED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - name: api
        image: api
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /probed, port: 8080}, periodSeconds: 7}
"""


def secret(pem: Pem) -> str:
    """Return the Secret with the certificate of Ingress shop/web."""
    certificate = textwrap.indent(pem.certificate.decode(), "    ")
    key = textwrap.indent(pem.key.decode(), "    ")
    return f"""
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: {{name: web-tls, namespace: shop}}
stringData:
  tls.crt: |
{certificate}
  tls.key: |
{key}
"""


def slices(project: ProjectInfo) -> list[str]:
    """Return the EndpointSlices of the Services whose pods are endpoints."""
    found = {
        "site": (8080, ("10.4.0.2", "10.4.1.2")),
        "inner": (9090, ("10.4.0.3",)),
        "secure": (8443, ("10.4.0.4", "10.4.1.4")),
    }
    return [
        _slice(name, port, [(a, n.name) for a, n in zip(pods, project.nodes, strict=False)])
        for name, (port, pods) in found.items()
    ]


def _slice(name: str, port: int, pods: list[tuple[str, str]]) -> str:
    endpoints = "".join(
        f"""
- addresses: ["{address}"]
  conditions: {{ready: true}}
  nodeName: {node}
  targetRef: {{kind: Pod, name: {name}-{number}, namespace: shop}}"""
        for number, (address, node) in enumerate(pods)
    )
    named = "grpc" if name == "secure" else ""
    return f"""
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: shop, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports: [{{name: "{named}", port: {port}, protocol: TCP}}]
endpoints:{endpoints}
"""


def nodes(project: ProjectInfo) -> list[str]:
    """Return the nodes."""
    return [
        f"""
apiVersion: v1
kind: Node
metadata: {{name: {node.name}, labels: {{topology.kubernetes.io/zone: {node.zone}}}}}
spec: {{providerID: "{node.provider_id}"}}
status:
  addresses: [{{type: InternalIP, address: {node.address}}}]
  conditions: [{{type: Ready, status: "True"}}]
"""
        for node in project.nodes
    ]


def everything(project: ProjectInfo, pem: Pem) -> list[str]:
    """Return all documents."""
    return [
        *INGRESSES,
        CONFIGS,
        SYSTEM_SERVICE,
        SERVICES,
        secret(pem),
        *slices(project),
        *nodes(project),
    ]

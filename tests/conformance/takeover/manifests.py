"""The Ingresses that AWS Load Balancer Controller made the account from, and all they refer to."""

from __future__ import annotations

from provisioner.sandbox.aws.account import Account
from tests.conformance.takeover.lbc import Made, Pods

CLASSES = """
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: alb}
spec: {controller: ingress.k8s.aws/alb}
"""

IMPLICIT = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ing-1
  namespace: ns-1
  annotations: {alb.ingress.kubernetes.io/scheme: internet-facing}
spec:
  ingressClassName: alb
  defaultBackend: {service: {name: svc-b, port: {name: http}}}
  rules:
  - host: app.example.com
    http:
      paths:
      - path: /api
        pathType: Prefix
        backend: {service: {name: svc-a, port: {number: 80}}}
      - path: /static/logo.png
        pathType: Exact
        backend: {service: {name: svc-b, port: {name: http}}}
"""

SERVICES = """
apiVersion: v1
kind: Service
metadata: {name: svc-a, namespace: ns-1, uid: uid-a}
spec:
  type: NodePort
  ipFamilies: [IPv4]
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
---
apiVersion: v1
kind: Service
metadata: {name: svc-b, namespace: ns-1, uid: uid-b}
spec:
  type: NodePort
  ipFamilies: [IPv4]
  ports: [{name: http, port: 80, targetPort: web, nodePort: 30090}]
---
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: ns-2, uid: uid-shop}
spec:
  ipFamilies: [IPv4]
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: blue, namespace: ns-2, uid: uid-blue}
spec:
  ipFamilies: [IPv4]
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: green, namespace: ns-2, uid: uid-green}
spec:
  ipFamilies: [IPv4]
  ports: [{port: 80, targetPort: 9090}]
"""


SHOP = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  namespace: ns-2
  annotations:
    alb.ingress.kubernetes.io/group.name: edge
    alb.ingress.kubernetes.io/target-type: ip
    alb.ingress.kubernetes.io/listen-ports: '[{"HTTP": 80}, {"HTTPS": 443}]'
spec:
  ingressClassName: alb
  rules:
  - host: shop.example.com
    http:
      paths:
      - path: /cart
        pathType: Prefix
        backend: {service: {name: shop, port: {number: 80}}}
"""


def explicit(certificates: tuple[str, ...]) -> str:
    """Return the first member of group edge."""
    listed = ",".join(certificates)
    return f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: ns-2
  annotations:
    alb.ingress.kubernetes.io/group.name: edge
    alb.ingress.kubernetes.io/group.order: "-1"
    alb.ingress.kubernetes.io/target-type: ip
    alb.ingress.kubernetes.io/listen-ports: '[{{"HTTP": 80}}, {{"HTTPS": 443}}]'
    alb.ingress.kubernetes.io/ssl-redirect: "443"
    alb.ingress.kubernetes.io/certificate-arn: {listed}
    alb.ingress.kubernetes.io/load-balancer-attributes: idle_timeout.timeout_seconds=120
    alb.ingress.kubernetes.io/tags: team=web
    alb.ingress.kubernetes.io/actions.split: >-
      {{"type":"forward","forwardConfig":{{"targetGroups":[
      {{"serviceName":"green","servicePort":"80","weight":20}},
      {{"serviceName":"blue","servicePort":80,"weight":80}}]}}}}
spec:
  ingressClassName: alb
  rules:
  - host: web.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {{service: {{name: split, port: {{name: use-annotation}}}}}}
"""


def services(namespace: str) -> list[str]:
    """Return the Services of one namespace, as somebody would apply them."""
    documents = SERVICES.replace(", uid: uid-a", "").replace(", uid: uid-b", "").split("---\n")
    return [each for each in documents if f"namespace: {namespace}" in each]


def slices(pods: Pods, account: Account) -> list[str]:
    """Return the EndpointSlices of the Services whose pods are targets."""
    node = account.nodes[0].name
    return [
        f"""
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: ns-2, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports: [{{port: {port}, protocol: TCP}}]
endpoints:
- addresses: ["{address}"]
  conditions: {{ready: true}}
  nodeName: {node}
  targetRef: {{kind: Pod, name: {name}-0, namespace: ns-2}}
"""
        for name, address, port in (
            ("shop", pods.shop, 8080),
            ("blue", pods.blue, 8080),
            ("green", pods.green, 9090),
        )
    ]


def nodes(account: Account) -> list[str]:
    """Return the nodes."""
    return [
        f"""
apiVersion: v1
kind: Node
metadata: {{name: {node.name}}}
spec: {{providerID: "{node.provider_id}"}}
status: {{conditions: [{{type: Ready, status: "True"}}]}}
"""
        for node in account.nodes
    ]


def binding(name: str, namespace: str, service: str, arn: str, *, target_type: str) -> str:
    """Return a TargetGroupBinding."""
    return f"""
apiVersion: elbv2.k8s.aws/v1beta1
kind: TargetGroupBinding
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  targetGroupARN: {arn}
  targetType: {target_type}
  serviceRef: {{name: {service}, port: 80}}
"""


def bindings(made: Made) -> list[str]:
    """Return the bindings that the controller made: each is named like its target group."""
    services = {
        "k8s-ns1-svca-d6ce4265dc": ("ns-1", "svc-a", "instance"),
        "k8s-ns1-svcb-3742a140d6": ("ns-1", "svc-b", "instance"),
        "k8s-ns2-shop-97072d4685": ("ns-2", "shop", "ip"),
        "k8s-ns2-blue-ce38f7358d": ("ns-2", "blue", "ip"),
        "k8s-ns2-green-f965618986": ("ns-2", "green", "ip"),
    }
    return [
        binding(name, namespace, service, made.target_groups[name], target_type=kind)
        for name, (namespace, service, kind) in services.items()
    ]


def everything(made: Made, account: Account) -> list[str]:
    """Return all documents."""
    return [
        CLASSES,
        IMPLICIT,
        explicit(made.certificates),
        SHOP,
        SERVICES,
        *slices(made.pods, account),
        *nodes(account),
        *bindings(made),
    ]

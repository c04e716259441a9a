"""The literals of a project as GKE Ingress leaves it: identifiers, and the names made of them.

The cluster is the one of the published vectors: kube-system has the UID ``kubesystem-uid1``, the
ConfigMap ``kube-system/ingress-uid`` says ``0123456789abcdef``. Names of frontends end in eight
base-36 digits of SHA-256, those of endpoint groups in eight hexadecimal ones.
"""

from __future__ import annotations

KUBE_SYSTEM_UID = "kubesystem-uid1"
INGRESS_UID = "0123456789abcdef"
REGION = "europe-west1"
ZONES = ("europe-west1-b", "europe-west1-c")

GROUP = "k8s-ig--0123456789abcdef"
FIREWALL = "k8s-fw-l7--0123456789abcdef"
SYSTEM = "k8s-be-30000--0123456789abcdef"
API = "k8s-be-30080--0123456789abcdef"
SITE = "k8s1-01234567-shop-site-80-d3c165e9"
INNER = "k8s1-01234567-shop-inner-80-69a3ed76"
SECURE = "k8s1-01234567-shop-secure-443-1f7d4758"
MANAGED_CERTIFICATE = "mcrt-5e8b0c6a-2b3f-4d53-9f0e-1f6b6d1f0a11"
STATIC_IP = "managed-ip"

PLAIN = "7kpbhpki-shop-plain-3qv8szep"
WEB = "7kpbhpki-shop-web-h24xijqa"
MANAGED = "7kpbhpki-shop-managed-w2u8rd09"
WIDE = "7kpbhpki-shop-wide-vl42gibx"
INNER_BASE = "7kpbhpki-shop-inner-vupbyrf2"
OLD = "shop-old--0123456789abcdef"
WEB_MAP = f"global/urlMaps/k8s2-um-{WEB}"
PLAIN_MAP = f"global/urlMaps/k8s2-um-{PLAIN}"
REDIRECT_MAP = f"global/urlMaps/k8s2-rm-{WEB}"
WEB_RULE = f"global/forwardingRules/k8s2-fr-{WEB}"
PLAIN_RULE = f"global/forwardingRules/k8s2-fr-{PLAIN}"
WEB_HTTPS_PROXY = f"global/targetHttpsProxies/k8s2-ts-{WEB}"
MANAGED_HTTPS_PROXY = f"global/targetHttpsProxies/k8s2-ts-{MANAGED}"

NODE_PORT_PODS = 8080
SITE_PORT = 8080
INNER_PORT = 9090

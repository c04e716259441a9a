"""What GKE Ingress calls and describes what it makes, byte for byte.

Two things rest on it: resources made by that controller are recognised by these names, and under
``incumbent`` compatibility ours bear the same ones, so that either controller could have made them.

There are two generations of names. Ingresses that got their address under the first keep it; the
finalizer on the Ingress tells which one applies. Two identifiers of a cluster go in: the UID of the
namespace kube-system (frontends of the second generation), and the uid in the ConfigMap
``kube-system/ingress-uid`` (everything else).

Source: kubernetes/ingress-gce, ``pkg/utils/namer`` and ``pkg/utils/*description.go``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from provisioner.model.kube import Key

CONTROLLER = "k8s.io/ingress-gce"
"""What messages call that controller; IngressClasses never name it."""

FINALIZERS = ("networking.gke.io/ingress-finalizer", "networking.gke.io/ingress-finalizer-V2")
"""On Ingresses whose resources have names of the first, and of the second generation."""

INGRESS_NAME = "kubernetes.io/ingress-name"
SERVICE_NAME = "kubernetes.io/service-name"
SERVICE_PORT = "kubernetes.io/service-port"
FEATURES = "x-features"

LONGEST = 63

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_UID = 8
_SUFFIX = 8
_FRONTEND_ROOM = 36
_BACKEND_ROOM = 38
_FIRST_LONGEST = 62  # the first generation keeps one character free to end a cut name with
_FILLER = "0"
_VALID = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")


class Part(StrEnum):
    """A part of a frontend, by the two letters that the second generation has for it."""

    URL_MAP = "um"
    REDIRECT_MAP = "rm"
    HTTP_RULE = "fr"
    HTTPS_RULE = "fs"
    HTTP_PROXY = "tp"
    HTTPS_PROXY = "ts"

    @property
    def first(self) -> str:
        """Its letters in the first generation, "" where that has no such part."""
        match self:
            case Part.URL_MAP:
                return "um"
            case Part.REDIRECT_MAP:
                return ""
            case Part.HTTP_RULE:
                return "fw"
            case Part.HTTPS_RULE:
                return "fws"
            case Part.HTTP_PROXY:
                return "tp"
            case Part.HTTPS_PROXY:
                return "tps"


def frontend(part: Part, ingress: Key, *, kube_system_uid: str) -> str:
    """Return a frontend's name, second generation."""
    return f"k8s2-{part.value}-{_base(ingress, kube_system_uid)}"


def certificate(ingress: Key, content: str, *, kube_system_uid: str) -> str:
    """Return the name of a certificate from a Secret (``tls.crt``), second generation."""
    return f"{certificate_prefix(ingress, kube_system_uid=kube_system_uid)}{_hex16(content)}"


def certificate_prefix(ingress: Key, *, kube_system_uid: str) -> str:
    """Return how the names of all certificates of an Ingress begin, second generation."""
    base = _base(ingress, kube_system_uid)
    return f"k8s2-cr-{hash36(kube_system_uid, _UID)}-{hash36(base, 16)}-"


def first_frontend(part: Part, ingress: Key, *, ingress_uid: str) -> str:
    """Return a frontend's name, first generation; "" where that had no such part."""
    if not part.first:
        return ""
    return _cut(f"k8s-{part.first}-{_first_base(ingress, ingress_uid)}")


def first_certificate(ingress: Key, content: str, *, ingress_uid: str) -> str:
    """Return the name of a certificate from a Secret (``tls.crt``), first generation."""
    whose = _hex16(_first_base(ingress, ingress_uid))
    return _of_cluster(f"k8s-ssl-{whose}-{_hex16(content)}", ingress_uid)


def node_port_backend(node_port: int, *, ingress_uid: str) -> str:
    """Return the name of a backend service over instance groups, and of its health check."""
    return _of_cluster(f"k8s-be-{node_port}", ingress_uid)


def pod_backend(
    service: Key, port: int, *, ingress_uid: str, regional_external: bool = False
) -> str:
    """Return the name of a network endpoint group, its backend service and its health check.

    Backend services behind a regional external load balancer, and their checks, have a name apart.
    """
    short = ingress_uid[:_UID]
    text = ";".join((short, service.namespace, service.name, str(port)))
    suffix = hashlib.sha256(text.encode()).hexdigest()[:_SUFFIX]
    fields = trimmed(_BACKEND_ROOM, service.namespace, service.name, str(port))
    kind = ("e",) if regional_external else ()
    return "-".join(("k8s1", short, *kind, *fields, suffix))


def instance_group(*, ingress_uid: str) -> str:
    """Return the name of the instance groups of a cluster, one in each zone."""
    return _of_cluster("k8s-ig", ingress_uid)


def firewall(*, ingress_uid: str, firewall_uid: str = "") -> str:
    """Return the name of the firewall rule of a cluster, which may go by an identifier of its own.

    The ConfigMap ``kube-system/ingress-uid`` has that one under ``provider-uid``.
    """
    return f"k8s-fw-{_of_cluster('l7', firewall_uid or ingress_uid)}"


def named_port(node_port: int) -> str:
    """Return what a node port is called on instance groups."""
    return f"port{node_port}"


def is_valid(name: str) -> bool:
    """Tell whether the Compute API takes a name: a dot in an Ingress' name spoils GKE's."""
    return _VALID.fullmatch(name) is not None


def ingress_words(ingress: Key) -> Mapping[str, str]:
    """Return what the descriptions of forwarding rules and proxies say."""
    return {INGRESS_NAME: str(ingress)}


def service_words(
    service: Key, port: str, features: Sequence[str] = ()
) -> Mapping[str, str | Sequence[str]]:
    """Return what the description of a backend service says."""
    words: dict[str, str | Sequence[str]] = {SERVICE_NAME: str(service), SERVICE_PORT: port}
    return {**words, FEATURES: list(features)} if features else words


def endpoint_group_words(service: Key, port: str, *, kube_system_uid: str) -> Mapping[str, str]:
    """Return what the description of a network endpoint group says, GKE's proof of ownership."""
    return {
        "cluster-uid": kube_system_uid,
        "namespace": service.namespace,
        "service-name": service.name,
        "port": port,
    }


def hash36(text: str, length: int) -> str:
    """Return letters and digits that stand for a text: bytes of its hash, each modulo 36."""
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:length])


def trimmed(room: int, *fields: str) -> tuple[str, ...]:
    """Return fields cut so that together they fit, long ones more than short ones."""
    total = sum(len(field) for field in fields)
    if total <= room:
        return fields
    excess = total - room
    lengths = [len(field) - len(field) * excess // total - 1 for field in fields]
    for place in range(room - sum(lengths)):
        lengths[place] += 1
    return tuple(field[:length] for field, length in zip(fields, lengths, strict=True))


def _base(ingress: Key, kube_system_uid: str) -> str:
    suffix = hash36(";".join((kube_system_uid, *ingress)), _SUFFIX)
    fields = trimmed(_FRONTEND_ROOM, ingress.namespace, ingress.name)
    return "-".join((hash36(kube_system_uid, _UID), *fields, suffix))


def _first_base(ingress: Key, ingress_uid: str) -> str:
    return _of_cluster(f"{ingress.namespace}-{ingress.name}", ingress_uid)


def _of_cluster(name: str, ingress_uid: str) -> str:
    """Return a name with the cluster's uid behind it; very old clusters have none."""
    return _cut(f"{name}--{ingress_uid}") if ingress_uid else name


def _cut(name: str) -> str:
    return f"{name[:_FIRST_LONGEST]}{_FILLER}" if len(name) > _FIRST_LONGEST else name


def _hex16(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:16]

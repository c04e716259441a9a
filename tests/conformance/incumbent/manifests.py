"""Kubernetes objects of a case: Ingresses in a short notation, everything else as it is applied.

An Ingress of a case is written as ::

    - name: ns-1/ing-1
      annotations: {scheme: internet-facing}        # of alb.ingress.kubernetes.io/
      default: svc-1:80
      rules:
      - host: app.example.org
        paths: [Prefix /api svc-1:80, Exact /logo.png svc-1:http]

A path is ``<pathType> <path> <service>:<port>``; ``-`` for the type or the path means that the
field is absent, and a port of digits is a number. Anything that does not fit is written as the
Kubernetes API has it, under ``spec`` of the Ingress or in the ``objects`` of the case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

NATIVE = "alb.ingress.kubernetes.io/"


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """One rule of an Ingress; ``paths`` is None where it has no ``http``."""

    host: str | None = None
    paths: list[str] | None = None


class Ingress(msgspec.Struct, forbid_unknown_fields=True):
    """An Ingress in short."""

    name: str
    annotations: dict[str, str] = {}
    other_annotations: dict[str, str] = {}
    class_name: str | None = "alb"
    default: str | None = None
    rules: list[Rule] = []
    tls: list[str] = []
    spec: dict[str, object] = {}


def manifest(ingress: Ingress) -> Mapping[str, object]:
    """Return an Ingress as it is applied."""
    namespace, _, name = ingress.name.partition("/")
    annotations = {NATIVE + key: value for key, value in ingress.annotations.items()}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "annotations": {**annotations, **ingress.other_annotations},
        },
        "spec": {**_spec(ingress), **ingress.spec},
    }


def _spec(ingress: Ingress) -> dict[str, object]:
    spec: dict[str, object] = {}
    if ingress.class_name is not None:
        spec["ingressClassName"] = ingress.class_name
    if ingress.default is not None:
        spec["defaultBackend"] = _backend(ingress.default)
    if ingress.rules:
        spec["rules"] = [_rule(rule) for rule in ingress.rules]
    if ingress.tls:
        spec["tls"] = [{"hosts": ingress.tls}]
    return spec


def _rule(rule: Rule) -> dict[str, object]:
    found: dict[str, object] = {}
    if rule.host is not None:
        found["host"] = rule.host
    if rule.paths is not None:
        found["http"] = {"paths": _paths(rule.paths)}
    return found


def _paths(texts: Sequence[str]) -> list[dict[str, object]]:
    listed = []
    for text in texts:
        kind, path, backend = text.split(" ")
        found: dict[str, object] = {"backend": _backend(backend)}
        if kind != "-":
            found["pathType"] = kind
        if path != "-":
            found["path"] = path
        listed.append(found)
    return listed


def _backend(text: str) -> dict[str, object]:
    service, _, port = text.partition(":")
    number: dict[str, object] = {"number": int(port)} if port.isdecimal() else {"name": port}
    return {"service": {"name": service, "port": number}}

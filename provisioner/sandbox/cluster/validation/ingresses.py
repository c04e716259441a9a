"""Ingress and IngressClass, as ``networking.k8s.io/v1`` validates them.

These are the rules that decide which Ingresses the product ever sees, so each is here: a path type
is compulsory, Exact and Prefix paths are absolute and clean, a backend is a Service or a
resource and a Service port a name or a number.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from provisioner.sandbox.cluster.documents import Document, dig, items, number, part, parts, text
from provisioner.sandbox.cluster.statuses import (
    Cause,
    prohibited,
    required,
    unsupported,
    wrong,
)
from provisioner.sandbox.cluster.validation.metadata import (
    label_problem,
    service_name_problem,
    subdomain_problem,
)

_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_BAD_SEQUENCES = ("//", "/./", "/../", "%2f", "%2F")
_BAD_ENDINGS = ("/..", "/.")
_MAX_PORT = 65535
_MAX_CONTROLLER = 250


def ingress_causes(ingress: Document, _before: Document | None) -> Iterator[Cause]:
    """Yield what is wrong with an Ingress."""
    spec = part(ingress, "spec")
    if not items(spec, "rules") and "defaultBackend" not in spec:
        yield wrong(
            "spec",
            "",
            "either `defaultBackend` or `rules` must be specified",
        )
    class_name = text(spec, "ingressClassName")
    if class_name and (problem := subdomain_problem(class_name)):
        yield wrong("spec.ingressClassName", class_name, problem)
    if "defaultBackend" in spec:
        yield from _backend_causes("spec.defaultBackend", part(spec, "defaultBackend"))
    for index, entry in enumerate(parts(spec, "tls")):
        yield from _tls_causes(f"spec.tls[{index}]", entry)
    for index, rule in enumerate(parts(spec, "rules")):
        yield from _rule_causes(f"spec.rules[{index}]", rule)


def ingress_class_causes(ingress_class: Document, before: Document | None) -> Iterator[Cause]:
    """Yield what is wrong with an IngressClass."""
    controller = text(ingress_class, "spec", "controller")
    if before is None and not controller:
        yield required("spec.controller")
    if before is not None and controller != text(before, "spec", "controller"):
        yield wrong("spec.controller", controller, "field is immutable")
    if len(controller) > _MAX_CONTROLLER:
        yield wrong("spec.controller", controller, "may not be more than 250 bytes")
    parameters = part(ingress_class, "spec", "parameters")
    if parameters:
        for field in ("kind", "name"):
            if not text(parameters, field):
                yield required(f"spec.parameters.{field}")
        yield from _parameter_scope_causes(parameters)


def _parameter_scope_causes(parameters: Document) -> Iterator[Cause]:
    scope, namespace = text(parameters, "scope"), text(parameters, "namespace")
    if scope not in {"Cluster", "Namespace"}:
        yield unsupported("spec.parameters.scope", scope, ("Cluster", "Namespace"))
    if scope == "Namespace" and not namespace:
        yield required("spec.parameters.namespace", "`parameters.scope` is set to 'Namespace'")
    if scope == "Cluster" and namespace:
        yield prohibited("spec.parameters.namespace", "`parameters.scope` is set to 'Cluster'")


def _tls_causes(field: str, entry: Document) -> Iterator[Cause]:
    for index, host in enumerate(items(entry, "hosts")):
        if problem := _host_problem(str(host)):
            yield wrong(f"{field}.hosts[{index}]", host, problem)
    secret = text(entry, "secretName")
    if secret and (problem := subdomain_problem(secret)):
        yield wrong(f"{field}.secretName", secret, problem)


def _rule_causes(field: str, rule: Document) -> Iterator[Cause]:
    host = text(rule, "host")
    if host and (problem := _host_problem(host)):
        yield wrong(f"{field}.host", host, problem)
    if "http" not in rule:
        return
    paths = parts(rule, "http", "paths")
    if not paths:
        yield required(f"{field}.http.paths")
    for index, path in enumerate(paths):
        yield from _path_causes(f"{field}.http.paths[{index}]", path)


def _host_problem(host: str) -> str:
    if _is_address(host):
        return "must be a DNS name, not an IP address"
    if host.startswith("*."):
        problem = subdomain_problem(host[2:])
        return f"a wildcard DNS-1123 subdomain must start with '*.': {problem}" if problem else ""
    return subdomain_problem(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _path_causes(field: str, path: Document) -> Iterator[Cause]:
    path_type, value = path.get("pathType"), text(path, "path")
    if path_type is None:
        yield required(f"{field}.pathType", "pathType must be specified")
    elif path_type not in _PATH_TYPES:
        yield unsupported(f"{field}.pathType", path_type, _PATH_TYPES)
    elif path_type == "ImplementationSpecific":
        if value and not value.startswith("/"):
            yield wrong(f"{field}.path", value, "must be an absolute path")
    else:
        yield from _absolute_path_causes(f"{field}.path", value)
    yield from _backend_causes(f"{field}.backend", part(path, "backend"))


def _absolute_path_causes(field: str, value: str) -> Iterator[Cause]:
    if not value.startswith("/"):
        yield wrong(field, value, "must be an absolute path")
        return
    for sequence in _BAD_SEQUENCES:
        if sequence in value:
            yield wrong(field, value, f"must not contain '{sequence}'")
    for ending in _BAD_ENDINGS:
        if value.endswith(ending):
            yield wrong(field, value, f"cannot end with '{ending}'")


def _backend_causes(field: str, backend: Document) -> Iterator[Cause]:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        yield wrong(field, "", "cannot set both resource and service backends")
    elif resource is not None:
        for name in ("kind", "name"):
            if not text(resource, name):
                yield required(f"{field}.resource.{name}")
    elif service is not None:
        yield from _service_backend_causes(f"{field}.service", part(backend, "service"))
    else:
        yield required(field, "must specify a service or resource backend")


def _service_backend_causes(field: str, service: Document) -> Iterator[Cause]:
    name = text(service, "name")
    if not name:
        yield required(f"{field}.name")
    elif problem := service_name_problem(name):
        yield wrong(f"{field}.name", name, problem)
    port = part(service, "port")
    has_name, has_number = bool(text(port, "name")), bool(dig(port, "number"))
    if has_name and has_number:
        yield wrong(f"{field}.port", "", "cannot set both port name & port number")
    elif has_name:
        if problem := label_problem(text(port, "name")):
            yield wrong(f"{field}.port.name", text(port, "name"), problem)
    elif has_number:
        if not 1 <= number(port, "number") <= _MAX_PORT:
            yield wrong(
                f"{field}.port.number", port["number"], "must be between 1 and 65535, inclusive"
            )
    else:
        yield required(f"{field}.port", "port name or number is required")

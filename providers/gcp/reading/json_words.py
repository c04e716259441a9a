"""JSON in annotations of Services: which BackendConfig, which protocol, which endpoint groups."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from providers.gcp.reading import words
from providers.gcp.reading.backend_config import BackendConfigNames
from providers.gcp.settings import AppProtocol
from provisioner.core.json_values import JsonObject, json_object
from provisioner.core.values import PORTS, quoted
from provisioner.model.annotation import AnnotationError

MAX_CUSTOM_NAME = 56  # of a network endpoint group for a Service alone

CONFIG_FORM = 'JSON {"default": name, "ports": {port: name}}'
NEG_FORM = 'JSON {"ingress": boolean, "exposed_ports": {port: {}}, "zones": list}'
PROTOCOLS_FORM = "JSON {port name: HTTP | HTTPS | HTTP2}"
CHECKER_FORM = 'JSON {"enabled": boolean}'


def backend_configs(raw: str) -> BackendConfigNames:
    """Return which BackendConfig counts for which port."""
    said = json_object(raw)
    default = said.text("default") or ""
    ports = {port: name for port, name in said.text_map("ports").items() if name}
    _refuse_others(said)
    if not default and not ports:
        raise AnnotationError("no BackendConfig is named", hint='write {"default": "NAME"}')
    for name in (default, *ports.values()):
        if name:
            words.object_name(name)
    return BackendConfigNames(default=default, ports=MappingProxyType(ports))


def app_protocols(raw: str) -> Mapping[str, AppProtocol]:
    """Return what is spoken to which port, by the port's name."""
    said = json_object(raw)
    return MappingProxyType({port: _protocol(said, port) for port in said.unread()})


def _protocol(said: JsonObject, port: str) -> AppProtocol:
    word = said.text(port) or ""
    if word not in tuple(AppProtocol):
        known = ", ".join(AppProtocol)
        raise AnnotationError(
            f"{quoted(word)} for port {quoted(port)} is not one of {known}",
            hint=f"write one of {known}, upper case",
        )
    return AppProtocol(word)


def neg(raw: str) -> bool:
    """Return whether pods are to be reached straight.

    The endpoint groups that it asks for beside that, for a Service alone, are GKE's to make, and
    fields that GKE may have learned since are left to it.
    """
    said = json_object(raw)
    ingress = said.boolean("ingress")
    exposed = said.object("exposed_ports")
    for port in exposed.unread() if exposed is not None else ():
        _check_exposed(port, None if exposed is None else exposed.object(port))
    said.texts("zones")
    return ingress is True


def _check_exposed(port: str, attributes: JsonObject | None) -> None:
    low, high = PORTS
    if not (port.isascii() and port.isdigit() and low <= int(port) <= high):
        raise AnnotationError(
            f"exposed_ports.{port}: it is not a port", hint=f"write a number from {low} to {high}"
        )
    name = attributes.text("name") if attributes is not None else None
    if name and len(name) > MAX_CUSTOM_NAME:
        raise AnnotationError(
            f"exposed_ports.{port}.name is longer than {MAX_CUSTOM_NAME} characters",
            hint="shorten it",
        )


def transparent_health_checker(raw: str) -> bool:
    """Return whether a checker on the nodes answers for the pods."""
    said = json_object(raw)
    enabled = said.boolean("enabled")
    _refuse_others(said)
    return enabled is True


def _refuse_others(said: JsonObject) -> None:
    """Refuse a misspelled field: what it was meant to say would be missing in silence."""
    unread = said.unread()
    if unread:
        raise AnnotationError(f"{quoted(unread[0])} is not a field of it")

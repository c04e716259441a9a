"""The health check of a backend service as a resource: its name, its place, what stays as it is.

GKE derives a health check from the readiness probe once and follows only the BackendConfig after
that; people rely on it and set figures by hand. Under ``incumbent`` a check that exists therefore
keeps what nobody states (ingress-gce ``pkg/healthchecks``); what we stated once is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.gcp import marks
from providers.gcp.addresses import Kind
from providers.gcp.desired import health_checks
from providers.gcp.desired.backend_services import SET, Place
from providers.gcp.desired.context import Context
from providers.gcp.desired.health_checks import PARTS, Checked
from providers.gcp.shapes import shaped
from provisioner.model.kube import Key
from provisioner.model.resource import (
    SHARED,
    ObservedResource,
    PlainInput,
    Resource,
    Unknown,
)

DEFAULT_BACKEND = Key("kube-system", "default-http-backend")
"""GKE's default backend, which answers its checks elsewhere than at /."""

_DEFAULT_PATH = "/healthz"
_FIGURES = ("checkIntervalSec", "timeoutSec", "healthyThreshold", "unhealthyThreshold")
_ASKED = ("requestPath", "host")


def health_check_resource(context: Context, checked: Checked, place: Place) -> Resource:
    """Return the health check of a backend service."""
    backend, address = checked.backend, place.health_check
    present = context.at(address)
    ingress = None if place.group == SHARED else backend.id.ingress
    if backend.id.service == DEFAULT_BACKEND:
        checked = replace(checked, path=_DEFAULT_PATH)
    stated = _stated(checked, present) if context.incumbent else ()
    fields = health_checks.health_check(checked)
    if context.incumbent and present is not None and not checked.transparent:
        fields = _left_alone(fields, present, stated)
    name = _name(context, checked, place, present)
    return Resource(
        kind=Kind.HEALTH_CHECK.value,
        address=address,
        group=place.group,
        name=name,
        ingresses=() if ingress is None else (ingress,),
        spec=shaped(
            Kind.HEALTH_CHECK,
            {
                "name": name,
                "description": context.labels.description(
                    address,
                    ingress=ingress,
                    group=place.group,
                    more={SET: list(stated)} if stated else {},
                ),
                **context.place,
                **fields,
            },
        ),
        title=f"health of {backend.id}",
    )


def _name(
    context: Context, checked: Checked, place: Place, present: ObservedResource | None
) -> str | Unknown:
    if present is not None:
        return present.name
    if checked.mode is None:
        return Unknown("the target mode, which depends on the cluster")
    return context.labels.health_check_name(
        checked.backend,
        checked.mode,
        address=place.health_check,
        variant=context.variant,
        taken=place.taken,
    )


def _stated(checked: Checked, present: ObservedResource | None) -> tuple[str, ...]:
    """Return the fields that somebody states, or stated through us before."""
    before: tuple[str, ...] = ()
    if present is not None:
        recorded = marks.read(str(present.spec.get("description", ""))).get(SET)
        before = tuple(str(word) for word in recorded) if isinstance(recorded, list) else ()
    return tuple(sorted({*before, *health_checks.stated_fields(checked)}))


def _left_alone(
    fields: Mapping[str, PlainInput], present: ObservedResource, stated: tuple[str, ...]
) -> dict[str, PlainInput]:
    """Return the fields of a check that exists, with what nobody states as it is."""
    kept = dict(fields)
    for name in _FIGURES:
        if name not in stated and name in present.spec:
            kept[name] = present.spec[name]
    interval, timeout = kept["checkIntervalSec"], kept["timeoutSec"]
    if isinstance(interval, int) and isinstance(timeout, int) and timeout > interval:
        if "timeoutSec" in stated:
            kept["checkIntervalSec"] = timeout
        else:
            kept["timeoutSec"] = interval
    part = PARTS[str(fields["type"])]
    asked, before = fields[part], present.spec.get(part)
    if isinstance(asked, Mapping) and isinstance(before, Mapping) and "requestPath" not in stated:
        others = {name: value for name, value in asked.items() if name not in _ASKED}
        kept[part] = {**others, **{name: before[name] for name in _ASKED if name in before}}
    return kept

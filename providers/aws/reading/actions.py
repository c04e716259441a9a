"""``actions.${name}``: what a path does whose backend names ``${name}`` with ``use-annotation``.

The form is that of AWS Load Balancer Controller (pkg/ingress/config_types.go). What it passes on
and AWS then refuses is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from provisioner.core.annotations import ForwardTo, NamedAction, ServiceWeight
from provisioner.core.json_values import JsonObject, json_object
from provisioner.core.values import PORTS, quoted
from provisioner.model.annotation import AnnotationError
from provisioner.model.intent import FixedResponse, ForeignBackend, Redirect
from provisioner.model.kube import PortRef

_TYPES = "forward, redirect, fixed-response"
_CONTENT_TYPES = (
    "text/plain",
    "text/css",
    "text/html",
    "application/javascript",
    "application/json",
)
_DIGITS = r"[0-9]{1,5}"
_STATUS = r"[245][0-9][0-9]"
_LONGEST_BODY = 1024
_LONGEST_PART = 128  # of a redirect's host, path or query
_PROTOCOLS = ("HTTP", "HTTPS", "#{protocol}")
_REDIRECTS = {"HTTP_301": 301, "HTTP_302": 302}
_KEEP_PORT = "#{port}"
_TARGET_GROUPS = 5  # "Target groups per action", quotas of Application Load Balancers
_WEIGHTS = (0, 999)
_WEEK = 604_800

Target = ServiceWeight | ForeignBackend


def action(raw: str) -> NamedAction:
    """Return the action that a JSON object describes."""
    said = json_object(raw)
    kind = said.text("type") or ""
    match kind:
        case "forward":
            return _forward(said)
        case "redirect":
            return _redirect(_config(said, "redirectConfig", kind))
        case "fixed-response":
            return _fixed_response(_config(said, "fixedResponseConfig", kind))
        case _:
            raise AnnotationError(
                f"type {quoted(kind)} is not one of {_TYPES}", hint=f"write one of {_TYPES}"
            )


def _config(said: JsonObject, name: str, kind: str) -> JsonObject:
    found = said.object(name)
    if found is None:
        raise AnnotationError(f"type {kind} needs {name}", hint=f'add "{name}": {{...}}')
    return found


def _forward(said: JsonObject) -> ForwardTo:
    short = _foreign(said, weight=None)
    config = said.object("forwardConfig")
    if short is not None:
        if config is not None:
            raise AnnotationError(
                "a target group is named beside forwardConfig", hint="keep one of the two"
            )
        return ForwardTo(services=(), foreign=(short,))
    if config is None:
        raise AnnotationError(
            "type forward needs forwardConfig, targetGroupARN or targetGroupName",
            hint='add "forwardConfig": {"targetGroups": [...]}',
        )
    targets = [_target(item) for item in config.objects("targetGroups")]
    _check_targets(targets)
    return ForwardTo(
        services=tuple(t for t in targets if isinstance(t, ServiceWeight)),
        foreign=tuple(t for t in targets if isinstance(t, ForeignBackend)),
        stickiness_seconds=_stickiness(config),
    )


def _check_targets(targets: Sequence[Target]) -> None:
    if not targets:
        raise AnnotationError(
            "forwardConfig.targetGroups is empty", hint="name a Service or a target group"
        )
    if len(targets) > _TARGET_GROUPS:
        raise AnnotationError(
            f"forwardConfig names {len(targets)} target groups, an ALB action holds"
            f" {_TARGET_GROUPS}",
            hint="forward to fewer",
        )
    if len(targets) > 1 and any(target.weight is None for target in targets):
        raise AnnotationError(
            "several target groups are named, and not each has a weight",
            hint='give each a "weight" from 0 to 999',
        )


def _target(item: JsonObject) -> Target:
    weight = _weight(item)
    foreign = _foreign(item, weight=weight)
    service = item.text("serviceName")
    if foreign is not None:
        if service:
            raise AnnotationError(
                f"{item.where} names a target group and a Service", hint="keep one of the two"
            )
        return foreign
    if not service:
        raise AnnotationError(
            f"{item.where} names neither a Service nor a target group",
            hint="add serviceName and servicePort, targetGroupARN or targetGroupName",
        )
    return ServiceWeight(service=service, port=_service_port(item), weight=weight)


def _foreign(item: JsonObject, *, weight: int | None) -> ForeignBackend | None:
    arn, name = item.text("targetGroupARN"), item.text("targetGroupName")
    if arn and name:
        raise AnnotationError(
            "targetGroupARN and targetGroupName are both given", hint="keep one of the two"
        )
    found = arn or name
    return ForeignBackend(name=found, weight=weight) if found else None


def _weight(item: JsonObject) -> int | None:
    low, high = _WEIGHTS
    weight = item.integer("weight")
    if weight is not None and not low <= weight <= high:
        raise AnnotationError(
            f"{item.where}: weight {weight} is out of range", hint=f"write {low} to {high}"
        )
    return weight


def _service_port(item: JsonObject) -> PortRef:
    """Return a port; digits in quotes are a number, as LBC takes them."""
    port = item.text_or_integer("servicePort")
    if port is None or port == "":
        raise AnnotationError(
            f"{item.where}: servicePort is required", hint="name a port of the Service"
        )
    if isinstance(port, str) and not re.fullmatch(_DIGITS, port):
        return PortRef(name=port)
    return PortRef(number=int(port))


def _stickiness(config: JsonObject) -> int | None:
    said = config.object("targetGroupStickinessConfig")
    if said is None or not said.boolean("enabled"):
        return None
    seconds = said.integer("durationSeconds")
    if seconds is None or not 1 <= seconds <= _WEEK:
        raise AnnotationError(
            f"{said.where}: durationSeconds is not a number from 1 to {_WEEK}",
            hint='write {"enabled": true, "durationSeconds": 3600}',
        )
    return seconds


def _redirect(said: JsonObject) -> Redirect:
    status = said.text("statusCode") or ""
    if status not in _REDIRECTS:
        raise AnnotationError(
            f"{said.where}.statusCode {quoted(status)} is not one of {', '.join(_REDIRECTS)}",
            hint="write HTTP_301 (for good) or HTTP_302 (for now)",
        )
    protocol = said.text("protocol")
    if protocol is not None and protocol not in _PROTOCOLS:
        raise AnnotationError(
            f"{said.where}.protocol {quoted(protocol)} is not one of {', '.join(_PROTOCOLS)}",
            hint="write HTTP or HTTPS, upper case",
        )
    return Redirect(
        status=_REDIRECTS[status],
        protocol=protocol,
        host=_part(said, "host"),
        port=_redirect_port(said),
        path=_redirect_path(said),
        query=_query(said),
    )


def _redirect_port(said: JsonObject) -> str | None:
    low, high = PORTS
    port = said.text("port")
    if port is None or port == _KEEP_PORT:
        return port
    if not (re.fullmatch(_DIGITS, port) and low <= int(port) <= high):
        raise AnnotationError(
            f"{said.where}.port {quoted(port)} is not a port",
            hint=f'write "{_KEEP_PORT}" or a number from {low} to {high}, in quotes',
        )
    return port


def _redirect_path(said: JsonObject) -> str | None:
    path = _part(said, "path")
    if path is not None and not path.startswith("/"):
        raise AnnotationError(
            f"{said.where}.path {quoted(path)} does not begin with /",
            hint='write a path such as "/#{path}"',
        )
    return path


def _part(said: JsonObject, name: str) -> str | None:
    value = said.text(name)
    if value == "":
        raise AnnotationError(f"{said.where}.{name} is empty", hint="leave it out to keep it")
    return _fitting(said, name, value)


def _query(said: JsonObject) -> str | None:
    """Return the query; an empty one takes it away."""
    return _fitting(said, "query", said.text("query"))


def _fitting(said: JsonObject, name: str, value: str | None) -> str | None:
    if value is not None and len(value) > _LONGEST_PART:
        raise AnnotationError(
            f"{said.where}.{name} is longer than {_LONGEST_PART} characters", hint="shorten it"
        )
    return value


def _fixed_response(said: JsonObject) -> FixedResponse:
    status = said.text("statusCode") or ""
    if not re.fullmatch(_STATUS, status):
        raise AnnotationError(
            f"{said.where}.statusCode {quoted(status)} is not a status that an ALB answers with",
            hint='write "2xx", "4xx" or "5xx" with digits, in quotes, such as "404"',
        )
    content_type = said.text("contentType") or _CONTENT_TYPES[0]
    if content_type not in _CONTENT_TYPES:
        types = ", ".join(_CONTENT_TYPES)
        raise AnnotationError(
            f"{said.where}.contentType {quoted(content_type)} is not one of {types}",
            hint=f"write one of {types}",
        )
    body = said.text("messageBody")
    if body is not None and len(body) > _LONGEST_BODY:
        raise AnnotationError(
            f"{said.where}.messageBody is longer than {_LONGEST_BODY} characters",
            hint="answer from a pod instead",
        )
    return FixedResponse(status=int(status), content_type=content_type, body=body)

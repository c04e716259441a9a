"""Values that are a word or a list of words, where AWS has rules that the core does not know.

What AWS would refuse while a plan is carried out is refused here, with the rule in the hint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from provisioner.core.annotations import FROM_SECRETS, MANAGED
from provisioner.core.values import port, quoted, string_map, strings
from provisioner.model.annotation import AnnotationError
from provisioner.model.settings import ANNOTATION_PREFIX

NONE = "none"
"""What takes a web ACL off a load balancer."""

TRAFFIC_PORT = "traffic-port"

_LONGEST_KEY = 128
_LONGEST_VALUE = 256
_TAG_TEXT = r"[\w +\-=.:/@]*"
_MARKS = ("aws:", ANNOTATION_PREFIX, "elbv2.k8s.aws/", "ingress.k8s.aws/", "service.k8s.aws/")
"""Beginnings of tag keys by which AWS, we and AWS Load Balancer Controller know what is theirs."""
_LONGEST_NAME = 32
_LISTENER = r"(HTTP|HTTPS)-([1-9][0-9]{0,4})"
_CAPACITY = "CapacityUnits"
_UNITS = r"[0-9]{1,9}"
_LAST_PORT = 65535


def check_tag(key: str, value: str) -> None:
    """Refuse a tag that AWS would not take, or that somebody would mistake for a mark of theirs."""
    if key.startswith(_MARKS):
        raise AnnotationError(f"tag key {quoted(key)} is reserved", hint="choose a key of your own")
    fits = len(key) <= _LONGEST_KEY and len(value) <= _LONGEST_VALUE
    if not fits or not re.fullmatch(_TAG_TEXT, key + value):
        raise AnnotationError(
            f"{quoted(f'{key}={value}')} is not a tag that AWS takes",
            hint=f"keys have up to {_LONGEST_KEY} and values up to {_LONGEST_VALUE} letters, "
            "digits, spaces and + - = . _ : / @",
        )


def tags(raw: str) -> Mapping[str, str]:
    """Return tags, none of which AWS would refuse or anybody mistake for a mark."""
    found = string_map(raw)
    for key, value in found.items():
        check_tag(key, value)
    return found


def load_balancer_name(raw: str) -> str:
    """Return the name of a load balancer: up to 32 bytes."""
    value = raw.strip()
    if not value:
        raise AnnotationError("the value is empty", hint="remove the annotation or give it a value")
    if len(value.encode()) > _LONGEST_NAME:
        raise AnnotationError(
            f"{quoted(value)} is longer than {_LONGEST_NAME} characters", hint="shorten it"
        )
    return value


def certificates(raw: str) -> tuple[str, ...]:
    """Return ARNs of certificates. The words of the portable annotation are none."""
    found = strings(raw)
    for word in (FROM_SECRETS, MANAGED):
        if word in found:
            raise AnnotationError(
                f"{quoted(word)} is not the ARN of a certificate",
                hint=f'write {ANNOTATION_PREFIX}certificates: "{word}" instead',
            )
    return found


def prefix_lists(raw: str) -> tuple[str, ...]:
    """Return ids of prefix lists, sorted, each once."""
    return tuple(sorted(set(_ids(strings(raw), "pl-", "prefix list"))))


def allocations(raw: str) -> tuple[str, ...]:
    """Return ids of Elastic IP allocations, in order: one per subnet."""
    return _ids(strings(raw), "eipalloc-", "Elastic IP allocation")


def _ids(found: tuple[str, ...], start: str, what: str) -> tuple[str, ...]:
    wrong = [item for item in found if not item.startswith(start)]
    if wrong:
        raise AnnotationError(
            f"{quoted(wrong[0])} is not the id of a {what}", hint=f"write ids such as {start}0a1b2c"
        )
    return found


def optional_text(raw: str) -> str | None:
    """Return the value; an empty one says nothing."""
    return raw.strip() or None


def web_acl(raw: str) -> str:
    """Return the name or id of a web ACL, or ``none``, which an empty value says too."""
    return raw.strip() or NONE


def web_acl_arn(raw: str) -> str:
    """Return the ARN of a web ACL, or ``none``, which an empty value says too."""
    value = web_acl(raw)
    if value != NONE and not value.startswith("arn:"):
        raise AnnotationError(
            f"{quoted(raw)} is not the ARN of a web ACL",
            hint='write an ARN, or "none" for no web ACL; a name belongs in wafv2-acl-name',
        )
    return value


def capacity(raw: str) -> int:
    """Return reserved capacity in units, of ``CapacityUnits=500``; 0 gives the reservation back."""
    pairs = string_map(raw)
    hint = f'write "{_CAPACITY}=500"'
    if set(pairs) != {_CAPACITY}:
        wrong = next((key for key in pairs if key != _CAPACITY), "")
        message = f"{quoted(wrong)} is not known" if wrong else f"{_CAPACITY} is missing"
        raise AnnotationError(message, hint=hint)
    if not re.fullmatch(_UNITS, pairs[_CAPACITY]):
        raise AnnotationError(f"{quoted(pairs[_CAPACITY])} is not a number of units", hint=hint)
    return int(pairs[_CAPACITY])


def check_port(raw: str) -> str:
    """Return ``traffic-port`` or the number of a port, as text."""
    value = raw.strip()
    if value == TRAFFIC_PORT:
        return value
    try:
        return str(port(value))
    except AnnotationError:
        raise AnnotationError(
            f"{quoted(raw)} is not a port to check",
            hint=f'write "{TRAFFIC_PORT}" or a number from 1 to {_LAST_PORT}',
        ) from None


def port_mapping(raw: str) -> Mapping[str, str]:
    """Return the port of the ALB by that of the NLB in front, both as text."""
    return {_port(outer): _port(inner) for outer, inner in string_map(raw).items()}


def _port(raw: str) -> str:
    try:
        return str(port(raw))
    except AnnotationError:
        raise AnnotationError(
            f"{quoted(raw)} is not a port", hint='write "80=80,443=443": NLB port, ALB port'
        ) from None


def check_listener(suffix: str) -> None:
    """Refuse what is not the name of a listener, such as ``HTTPS-443``."""
    found = re.fullmatch(_LISTENER, suffix)
    if not found or int(found[2]) > _LAST_PORT:
        raise AnnotationError(
            f"{quoted(suffix)} is not the name of a listener",
            hint="end the key in PROTOCOL-PORT, such as HTTPS-443",
        )


def check_service_port(suffix: str) -> None:
    """Refuse what is not a Service and one of its ports, such as ``web.80``."""
    service, _, number = suffix.rpartition(".")
    if not service or not number:
        raise AnnotationError(
            f"{quoted(suffix)} does not name a port of a Service",
            hint="end the key in SERVICE.PORT, such as web.80",
        )

"""Judge host names the way the Kubernetes API does, so that files meet the same rules as objects.

A wildcard is one whole label, the first. Case means nothing in a host name; everything downstream
sees lower case.
"""

from __future__ import annotations

import ipaddress
import re

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_MAX_HOST = 253
_MAX_LABEL = 63


def host_problem(host: str) -> str:
    """Return what is wrong with a lower-case host as an Ingress rule names it, "" for nothing."""
    if not host:
        return ""
    if _is_address(host):
        return "a host is a name, not an IP address"
    if ":" in host:
        return "a host has no port"
    if len(host) > _MAX_HOST:
        return f"it is longer than {_MAX_HOST} characters"
    labels = host.removeprefix("*.").split(".")
    if any("*" in label for label in labels):
        return 'a wildcard is the whole first label and stands before a name, as in "*.example.com"'
    if not all(_LABEL.fullmatch(label) and len(label) <= _MAX_LABEL for label in labels):
        return "it is not a DNS name"
    return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

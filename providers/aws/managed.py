"""Say on a resource which of its settings are ours where looking would cost a call of its own.

Most of what we set shows in descriptions that are read anyway. A capacity reservation, a web ACL or
the attributes of a listener do not: each takes a call per load balancer or listener, on every plan,
mostly to learn that nobody ever asked for them. So what we set is named in a tag, and only what the
tag names is looked at. The tag also tells our own setting from one that a person made by hand:
what is not named there is never taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from providers.aws import marks
from provisioner.model.resource import Value, freeze
from provisioner.model.settings import ANNOTATION_PREFIX

MANAGES = f"{ANNOTATION_PREFIX}manages"
"""The tag; its value is the words below, sorted, with spaces between them."""


class Managed(StrEnum):
    """Settings that are named in the tag."""

    CAPACITY = "capacity"
    WEB_ACL = "web-acl"
    CLASSIC_WEB_ACL = "classic-web-acl"
    PROTECTION = "protection"
    ATTRIBUTES = "attributes"  # of a listener
    MUTUAL_TLS = "mutual-tls"  # of a listener


def marked(tags: Value, settings: Iterable[Managed]) -> Value:
    """Return a spec's ``Tags`` with these settings named in them."""
    words = " ".join(sorted(setting.value for setting in settings))
    found = marks.written(tags)
    found.pop(MANAGES, None)
    if words:
        found[MANAGES] = words
    return freeze([{"Key": key, "Value": found[key]} for key in sorted(found)])


def of_tags(tags: Mapping[str, str]) -> frozenset[Managed]:
    """Return what the tags of a resource name; words of another version of ours are passed over."""
    words = tags.get(MANAGES, "").split()
    return frozenset(setting for setting in Managed if setting.value in words)


def of_spec(tags: Value) -> frozenset[Managed]:
    """Return what a spec's ``Tags`` name."""
    return of_tags(marks.written(tags))

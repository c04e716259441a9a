"""Names, labels and annotations: the rules that hold for every kind.

See the Kubernetes documentation pages "Object Names and IDs" and "Labels and Selectors".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioner.sandbox.cluster.documents import Document, annotations_of, labels_of, name_of
from provisioner.sandbox.cluster.kinds import Kind, NameRule
from provisioner.sandbox.cluster.statuses import Cause, required, wrong

_LABEL_1123 = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL_1035 = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL_1123}(\.{_LABEL_1123})*")
_QUALIFIED = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
_VALUE = re.compile(rf"({_QUALIFIED})?")

_MAX_SUBDOMAIN = 253
_MAX_LABEL = 63
_MAX_ANNOTATIONS = 256 * 1024

_NAME_RULES = {
    NameRule.SUBDOMAIN: (
        _SUBDOMAIN,
        _MAX_SUBDOMAIN,
        (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
            "'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')"
        ),
    ),
    NameRule.LABEL: (
        re.compile(_LABEL_1123),
        _MAX_LABEL,
        (
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
            "and must start and end with an alphanumeric character (e.g. 'my-name')"
        ),
    ),
    NameRule.SERVICE: (
        re.compile(_LABEL_1035),
        _MAX_LABEL,
        (
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start "
            "with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name')"
        ),
    ),
}


def metadata_causes(kind: Kind, document: Document) -> Iterator[Cause]:
    """Yield what is wrong with the metadata."""
    yield from _name_causes(kind, name_of(document))
    for key, value in labels_of(document).items():
        yield from _key_causes("metadata.labels", key)
        yield from _label_value_causes(value)
    annotations = annotations_of(document)
    for key in annotations:
        yield from _key_causes("metadata.annotations", key)
    if sum(len(key) + len(value) for key, value in annotations.items()) > _MAX_ANNOTATIONS:
        yield Cause(
            field="metadata.annotations",
            reason="FieldValueTooLong",
            message=f"Too long: may not be more than {_MAX_ANNOTATIONS} bytes",
        )


def subdomain_problem(name: str) -> str:
    """Return why a name is no DNS subdomain, or an empty string."""
    return _name_problem(NameRule.SUBDOMAIN, name)


def label_problem(name: str) -> str:
    """Return why a name is no DNS label, or an empty string."""
    return _name_problem(NameRule.LABEL, name)


def service_name_problem(name: str) -> str:
    """Return why a name cannot be that of a Service, or an empty string."""
    return _name_problem(NameRule.SERVICE, name)


def _name_problem(rule: NameRule, name: str) -> str:
    pattern, longest, hint = _NAME_RULES[rule]
    if len(name) > longest:
        return f"must be no more than {longest} characters"
    return "" if pattern.fullmatch(name) else hint


def _name_causes(kind: Kind, name: str) -> Iterator[Cause]:
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif problem := _name_problem(kind.name_rule, name):
        yield wrong("metadata.name", name, problem)


def _key_causes(field: str, key: str) -> Iterator[Cause]:
    prefix, slash, name = key.rpartition("/")
    if slash and subdomain_problem(prefix):
        yield wrong(field, key, f"prefix part {subdomain_problem(prefix)}")
    if len(name) > _MAX_LABEL or not re.fullmatch(_QUALIFIED, name):
        yield wrong(
            field,
            key,
            "name part must be 1 to 63 alphanumeric characters, '-', '_' or '.', and must start "
            "and end with an alphanumeric character",
        )


def _label_value_causes(value: str) -> Iterator[Cause]:
    if len(value) > _MAX_LABEL or not _VALUE.fullmatch(value):
        yield wrong(
            "metadata.labels",
            value,
            "a valid label must be an empty string or at most 63 alphanumeric characters, '-', "
            "'_' or '.', and must start and end with an alphanumeric character",
        )

"""Label and field selectors, parsed once and asked often.

A watch asks its selector at every event of its kind, so parsing yields small tuples and matching
allocates nothing. Grammar: Kubernetes documentation, "Labels and Selectors" and "Field Selectors".
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from provisioner.sandbox.cluster.documents import Document, dig, pairs
from provisioner.sandbox.cluster.kinds import Kind
from provisioner.sandbox.cluster.statuses import bad_request


class Operator(enum.Enum):
    """How a requirement compares."""

    IN = "in"
    NOT_IN = "notin"
    EXISTS = "exists"
    ABSENT = "!"
    GREATER = "gt"
    LESS = "lt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One clause of a selector."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def holds(self, value: str | None) -> bool:
        """Say whether a value (None: the key is absent) satisfies the clause."""
        match self.operator:
            case Operator.IN:
                return value is not None and value in self.values
            case Operator.NOT_IN:
                return value is None or value not in self.values
            case Operator.EXISTS:
                return value is not None
            case Operator.ABSENT:
                return value is None
            case Operator.GREATER:
                return value is not None and _is_number(value) and int(value) > int(self.values[0])
            case Operator.LESS:
                return value is not None and _is_number(value) and int(value) < int(self.values[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Label and field requirements that an object must all satisfy."""

    labels: tuple[Requirement, ...] = ()
    fields: tuple[Requirement, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Say whether everything matches."""
        return not self.labels and not self.fields

    def matches(self, document: Document) -> bool:
        """Say whether the object satisfies every requirement."""
        if self.labels:
            labels = pairs(document, "metadata", "labels")
            if not all(need.holds(labels.get(need.key)) for need in self.labels):
                return False
        return all(need.holds(_field(document, need.key)) for need in self.fields)


EVERYTHING = Selector()

_LABEL_KEY = re.compile(r"([A-Za-z0-9][-A-Za-z0-9.]*/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_SET_BASED = re.compile(r"(?P<key>\S+)\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)")
_COMPARISON = re.compile(
    r"(?P<key>[^=!<>]*?)\s*(?P<operator>==|=|!=|>|<)\s*(?P<value>.*)", re.DOTALL
)
_ESCAPED_COMMA = re.compile(r"(?<!\\),")
_OUTSIDE_PARENTHESES = re.compile(r",(?![^()]*\))")


def parse_selector(kind: Kind, *, labels: str = "", fields: str = "") -> Selector:
    """Return the selector that the two query parameters mean.

    Raises:
        ApiError: 400 for bad grammar or for a field that the kind cannot be selected by.
    """
    return Selector(labels=parse_labels(labels), fields=_parse_fields(kind, fields))


def parse_labels(expression: str) -> tuple[Requirement, ...]:
    """Return the requirements of a label selector."""
    clauses = [clause.strip() for clause in _OUTSIDE_PARENTHESES.split(expression)]
    return tuple(_label_requirement(clause) for clause in clauses if clause)


def _label_requirement(clause: str) -> Requirement:
    if found := _SET_BASED.fullmatch(clause):
        values = tuple(value.strip() for value in found["values"].split(","))
        requirement = Requirement(
            key=found["key"], operator=Operator(found["operator"]), values=values
        )
    elif found := _COMPARISON.fullmatch(clause):
        requirement = _comparison(found["key"], found["operator"], found["value"].strip())
    elif clause.startswith("!"):
        requirement = Requirement(key=clause[1:].strip(), operator=Operator.ABSENT)
    else:
        requirement = Requirement(key=clause, operator=Operator.EXISTS)
    if not _LABEL_KEY.fullmatch(requirement.key):
        raise bad_request(f'unable to parse requirement: "{clause}" does not name a label key')
    return requirement


def _comparison(key: str, sign: str, value: str) -> Requirement:
    if sign in "<>":
        if not _is_number(value):
            raise bad_request(f'for the operator "{sign}" the value "{value}" must be an integer')
        operator = Operator.GREATER if sign == ">" else Operator.LESS
        return Requirement(key=key, operator=operator, values=(value,))
    operator = Operator.NOT_IN if sign == "!=" else Operator.IN
    return Requirement(key=key, operator=operator, values=(value,))


def _parse_fields(kind: Kind, expression: str) -> tuple[Requirement, ...]:
    clauses = [clause.strip() for clause in _ESCAPED_COMMA.split(expression)]
    return tuple(_field_requirement(kind, clause) for clause in clauses if clause)


def _field_requirement(kind: Kind, clause: str) -> Requirement:
    found = _COMPARISON.fullmatch(clause)
    if found is None or found["operator"] in "<>":
        raise bad_request(f'invalid field selector: "{clause}"; can\'t understand it')
    key = found["key"]
    known = {"metadata.name", *kind.selectable}
    if kind.namespaced:
        known.add("metadata.namespace")
    if key not in known:
        raise bad_request(f'field label not supported: "{key}"')
    value = re.sub(r"\\([,=\\])", r"\1", found["value"])
    return _comparison(key, found["operator"], value)


def _field(document: Document, path: str) -> str:
    # Kubernetes compares an absent field as the empty string (fields.Set is a map of strings).
    if path == "source":
        path = "source.component"
    value = dig(document, *path.split("."))
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "false" if path == "spec.unschedulable" else ""
    return str(value)


def _is_number(value: str) -> bool:
    return value.lstrip("-").isdigit()

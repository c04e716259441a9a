"""The constraints that the service model states: ranges, lengths, patterns, allowed values.

boto3 checks types and required members but not these, so a request that breaks one reaches the
service, which answers a ValidationError in the wording used here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from botocore.model import ListShape, OperationModel, Shape, StringShape, StructureShape

from provisioner.sandbox.aws.errors import invalid


def check_constraints(operation: OperationModel, params: dict[str, object]) -> None:
    """Refuse parameters that break a constraint of the operation's model."""
    shape = operation.input_shape
    problem = None if shape is None else next(_problems(shape, params, ""), None)
    if problem is not None:
        raise invalid(f"1 validation error detected: {problem}")


def _problems(shape: Shape, value: object, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name, member in shape.members.items():
            if name in value:
                step = name[0].lower() + name[1:]
                yield from _problems(member, value[name], f"{path}.{step}" if path else step)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for index, item in enumerate(value, 1):
            yield from _problems(shape.member, item, f"{path}.{index}.member")
    elif isinstance(value, str | int) and not isinstance(value, bool):
        constraint = _broken(shape, value)
        if constraint:
            yield f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def _broken(shape: Shape, value: str | int) -> str | None:
    limits = shape.metadata
    size, noun = (value, "value") if isinstance(value, int) else (len(value), "length")
    if "min" in limits and size < limits["min"]:
        return f"Member must have {noun} greater than or equal to {limits['min']}"
    if "max" in limits and size > limits["max"]:
        return f"Member must have {noun} less than or equal to {limits['max']}"
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        return f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    pattern = limits.get("pattern")
    if pattern and re.search(_pythonic(pattern), str(value)) is None:
        return f"Member must satisfy regular expression pattern: {pattern}"
    return None


def _pythonic(pattern: str) -> str:
    """The models are written for Java, whose classes of letters and numbers re lacks."""
    for java, python in (("\\p{L}", "\\w"), ("\\p{N}", "\\d"), ("\\p{Z}", "\\s")):
        pattern = pattern.replace(java, python)
    return pattern

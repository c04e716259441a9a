"""Which operations of AWS the product can call, read from its code.

What writes stands in the code as the literal name of an operation; what reads is a method of a
client, the name of a paginator, or the name of a method that ``ask`` is given.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping

import botocore.session
from botocore import xform_name

from tests.unit.docs.iam import PREFIXES, action_of
from tests.unit.docs.places import ROOT

READING = ("Describe", "List", "Get", "Head")
WRITING = ("acm", "ec2", "elbv2", "shield", "waf-regional", "wafv2")
NAMESAKES = frozenset(
    {"ec2:ModifyCapacityReservation", "waf-regional:CreateRule", "waf-regional:DeleteRule"}
)
"""Operations of other services that have the name of one of load balancing's."""


@functools.cache
def _names(service: str) -> Mapping[str, str]:
    """Return the operations of a service: name of the method -> name of the operation."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}


def writes() -> frozenset[str]:
    """Return the actions of everything that writes."""
    literals = {
        node.value
        for node in _nodes()
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return (
        frozenset(
            action_of(service, name)
            for service in WRITING
            for name in _names(service).values()
            if name in literals and not name.startswith(READING)
        )
        - NAMESAKES
    )


def reads() -> frozenset[str]:
    """Return the actions of everything that reads."""
    return frozenset(
        action_of(service, _names(service)[method])
        for node in _nodes()
        if isinstance(node, ast.Call)
        for service, method in _read(node)
    )


def _nodes() -> Iterator[ast.AST]:
    for path in sorted((ROOT / "providers" / "aws").rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _read(call: ast.Call) -> Iterator[tuple[str, str]]:
    match call:
        case ast.Call(
            func=ast.Attribute(attr="get_paginator", value=ast.Attribute(attr=service)),
            args=[ast.Constant(value=str(method))],
        ) if service in PREFIXES:
            yield service, method
        case ast.Call(func=ast.Attribute(attr=method, value=ast.Attribute(attr=service))) if (
            service in PREFIXES
        ):
            yield service, method
        case ast.Call(
            func=ast.Name(id="ask"),
            args=[_, ast.Constant(value=str(service)), ast.Constant(value=str(method)), *_],
        ):
            yield service, method
        case ast.Call(
            func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(method)), *_]
        ) if found := [s for s in PREFIXES if method in _names(s)]:
            assert len(found) == 1, f"{method} may be of {found}"
            yield found[0], method
        case _:
            pass

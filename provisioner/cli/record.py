"""A request as text in a plan, and back: what makes a saved plan reproducible.

Only what differs from the defaults is recorded, under the names of the options, so that a reader
of the JSON recognises them. Where the plan was made (kubeconfig, context) is not an option that
changes a plan's meaning; the context's name is recorded beside them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from provisioner.cli.options import Request
from provisioner.model.errors import ConfigError
from provisioner.model.resource import Json

_NOT_RECORDED: Final = frozenset({"kubeconfig", "context", "account"})
_OPTION_NAMES: Final[Mapping[str, str]] = {
    "files": "filename",
    "classes": "class",
    "tags": "tag",
}


def recorded(request: Request) -> tuple[tuple[str, str], ...]:
    """Return the options of a request that are not at their defaults, sorted by name."""
    found = {}
    for field in fields(Request):
        value = getattr(request, field.name)
        if field.name not in _NOT_RECORDED and value != field.default:
            found[_option(field.name)] = value if isinstance(value, str) else json.dumps(value)
    return tuple(sorted(found.items()))


def replayed(options: tuple[tuple[str, str], ...], *, account: str = "") -> Request:
    """Return the request that recorded options describe.

    Raises:
        ConfigError: An option is unknown or its value is not one; the option is named.
    """
    names = {_option(field.name): field for field in fields(Request)}
    values: dict[str, object] = {"account": account}
    for name, text in options:
        field = names.get(name)
        if field is None or field.name in _NOT_RECORDED:
            raise ConfigError(f"the plan's inputs.options has {name!r}, which is no option")
        values[field.name] = text if isinstance(field.default, str) else _parsed(name, text)
    # _parsed has admitted nothing but JSON values; Request's own types are checked next.
    request = Request(**values)  # type: ignore[arg-type]  # checked by _check
    _check(request)
    return request


def _option(field_name: str) -> str:
    return _OPTION_NAMES.get(field_name, field_name.replace("_", "-"))


def _parsed(name: str, text: str) -> object:
    try:
        value: Json = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"the plan's inputs.options.{name} is not JSON: {text!r}") from error
    return tuple(value) if isinstance(value, list) else value


def _check(request: Request) -> None:
    """Refuse values of a type that the option cannot have (an edited plan file)."""
    for field in fields(Request):
        value, default = getattr(request, field.name), field.default
        if value is None and default is None:
            continue
        if isinstance(default, tuple):
            good = isinstance(value, tuple) and all(isinstance(item, str) for item in value)
        elif field.name == "pods_routable" or isinstance(default, bool):
            good = isinstance(value, bool)
        elif default is None or isinstance(default, float):
            good = isinstance(value, int | float) and not isinstance(value, bool)
        else:
            good = isinstance(value, str)
        if not good:
            raise ConfigError(
                f"the plan's inputs.options.{_option(field.name)} cannot be {value!r}"
            )

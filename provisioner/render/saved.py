"""Saved plans: the JSON of ``plan -o json`` read back, as far as ``apply`` needs it.

Calls are not read back: a saved plan is a promise to compare with, never a script to run. What is
applied is the plan as made anew from the same inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from provisioner.model.change import Action, FieldChange
from provisioner.model.errors import ConfigError
from provisioner.model.plan import InputFile, Inputs
from provisioner.model.resource import PlainInput, Ref, Value, freeze
from provisioner.render import wire


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedStep:
    """One step as it was planned; ``fields`` are sorted by path, unknown values are None."""

    id: str
    action: Action
    kind: str
    address: str
    group: str
    fields: tuple[FieldChange, ...]
    known_after_apply: frozenset[str]  # paths of fields with a part that was not known


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPart:
    """One load balancer's part of a saved plan, or the ``shared`` part."""

    group: str
    digest: str
    applyable: bool
    steps: tuple[SavedStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """What a saved plan rests on and what it would do."""

    provider: str
    cluster_name: str
    digest: str
    applyable: bool
    inputs: Inputs
    parts: tuple[SavedPart, ...]

    @property
    def steps(self) -> tuple[SavedStep, ...]:
        """Every step of every part."""
        return tuple(step for part in self.parts for step in part.steps)


class _Version(msgspec.Struct, rename="camel"):
    format_version: str = ""


def plan_from_json(text: bytes, path: str = "the plan") -> SavedPlan:
    """Return what a plan file says.

    Args:
        text: The file's content.
        path: The file's name, for messages.

    Raises:
        ConfigError: It is not a plan, or not one that this release reads; the field is named.
    """
    _check_version(text, path)
    try:
        return _plan(msgspec.json.decode(text, type=wire.PlanWire))
    except msgspec.ValidationError as error:
        raise _unreadable(path, str(error)) from error
    except RecursionError as error:
        raise _unreadable(path, "it is nested too deeply") from error


def _check_version(text: bytes, path: str) -> None:
    try:
        version = msgspec.json.decode(text, type=_Version).format_version
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from error
    except RecursionError as error:
        raise _unreadable(path, "it is nested too deeply") from error
    if not version:
        raise _unreadable(path, "it has no formatVersion")
    if version.partition(".")[0] != wire.FORMAT_VERSION.partition(".")[0]:
        raise ConfigError(
            f"{path} is a plan in format {version}; this release reads {wire.FORMAT_VERSION}.",
            hint="Make the plan again with this release.",
        )


def _unreadable(path: str, why: str) -> ConfigError:
    return ConfigError(
        f"{path} is not a plan that can be read: {why}.",
        hint="Save one with: provisioner plan -o json --out plan.json",
    )


def _plan(document: wire.PlanWire) -> SavedPlan:
    shared = document.shared
    return SavedPlan(
        provider=document.provider,
        cluster_name=document.cluster_name,
        digest=document.digest,
        applyable=document.applyable,
        inputs=_inputs(document.inputs),
        parts=(
            _part("shared", shared.digest, applyable=shared.applyable, steps=shared.steps),
            *(
                _part(part.group, part.digest, applyable=part.applyable, steps=part.steps)
                for part in document.load_balancers
            ),
        ),
    )


def _inputs(document: wire.InputsWire) -> Inputs:
    account = document.account_file
    return Inputs(
        files=tuple(InputFile(path=file.path, sha256=file.sha256) for file in document.files),
        cluster=document.cluster,
        account_file=None
        if account is None
        else InputFile(path=account.path, sha256=account.sha256),
        options=tuple(sorted(document.options.items())),
    )


def _part(group: str, digest: str, *, applyable: bool, steps: list[wire.StepWire]) -> SavedPart:
    return SavedPart(
        group=group,
        digest=digest,
        applyable=applyable,
        steps=tuple(_step(step, group) for step in steps),
    )


def _step(step: wire.StepWire, group: str) -> SavedStep:
    return SavedStep(
        id=step.id,
        action=Action(step.action),
        kind=step.kind,
        address=step.address,
        group=group,
        fields=tuple(_field(change, step.id) for change in step.changes),
        known_after_apply=frozenset(c.path for c in step.changes if c.known_after_apply),
    )


def _field(change: wire.FieldWire, step: str) -> FieldChange:
    return FieldChange(
        path=change.path,
        before=_value(change.before, f"{step}: changes[{change.path}].before"),
        after=_value(change.after, f"{step}: changes[{change.path}].after"),
    )


def _value(raw: msgspec.Raw, where: str) -> Value:
    return freeze(_with_refs(msgspec.json.decode(raw), where))


def _with_refs(value: object, where: str) -> PlainInput:
    """Return decoded JSON with ``{"ref": "<address>.<Field>"}`` turned back into Refs."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list():
            return [_with_refs(item, where) for item in value]
        case {"ref": str(text), **rest} if not rest:
            address, _, field = text.rpartition(".")
            return Ref(address, field)
        case dict():
            return {str(key): _with_refs(item, where) for key, item in value.items()}
        case _:
            raise msgspec.ValidationError(f"{where} has a value that no plan has: {value!r}")

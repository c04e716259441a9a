"""Make a saved plan's world again: the same options, the same files with the same content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from provisioner.cli.options import Request
from provisioner.cli.record import replayed
from provisioner.cli.takeover import refuse_saved
from provisioner.cli.world import World, open_world
from provisioner.model.errors import ConfigError, StalePlan
from provisioner.model.plan import InputFile, Inputs
from provisioner.model.resource import Json, to_json
from provisioner.render.saved import SavedPlan, SavedStep, plan_from_json

SavedEntries = tuple[dict[str, Json], ...]


def reopen(path: str, where: Request) -> tuple[World, SavedEntries]:
    """Return the world of a saved plan, and its steps in the form in which staleness is judged.

    Args:
        path: The plan file.
        where: Kubeconfig and context to use now; they are not part of a plan.

    Raises:
        ConfigError: The file cannot be read, or rests on what cannot be read again.
        StalePlan: A file that it was made from has changed.
    """
    saved = _read(path)
    _refuse(saved, path)
    request = replayed(saved.inputs.options)
    request = replace(request, kubeconfig=where.kubeconfig, context=where.context)
    if saved.inputs.files and not request.files:
        raise ConfigError(f"{path} names files but not how they were given (inputs.options)")
    world = open_world(request)
    if changed := changed_files(saved.inputs.files, world.inputs.files):
        raise StalePlan(
            f"the plan's files have changed since it was made: {', '.join(changed)}",
            hint="make the plan again",
        )
    _same_side(saved, world, path)
    return world, tuple(entry(step) for step in saved.steps)


def _read(path: str) -> SavedPlan:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    return plan_from_json(content, path)


def _refuse(saved: SavedPlan, path: str) -> None:
    refuse_saved(saved.inputs.options, path)
    if saved.inputs.account_file is not None:
        raise ConfigError(
            f"{path} was made from an account file, so it cannot be applied",
            hint="make a plan without --account, or apply the files themselves with -f",
        )
    if any(file.path == "-" for file in saved.inputs.files):
        raise ConfigError(
            f"{path} was made from standard input, which cannot be read again",
            hint="make the plan from files",
        )


def _same_side(saved: SavedPlan, world: World, path: str) -> None:
    """Refuse to carry a plan to another cluster or cloud."""
    name = world.settings.identity.cluster_name
    if saved.cluster_name != name:
        raise StalePlan(f"{path} is a plan for cluster {saved.cluster_name!r}, this is {name!r}")
    if saved.provider != world.provider.name:
        raise StalePlan(f"{path} is a plan for {saved.provider}, this is {world.provider.name}")
    if _has_cluster(saved.inputs) and world.cluster is None:
        raise ConfigError(
            f"{path} was made with a cluster, and no kubeconfig points to one here",
            hint="name it with --kubeconfig",
        )


def _has_cluster(inputs: Inputs) -> bool:
    return bool(inputs.cluster)


def changed_files(then: tuple[InputFile, ...], now: tuple[InputFile, ...]) -> list[str]:
    """Return the files that differ, came or went, by name."""
    old = {file.path: file.sha256 for file in then}
    new = {file.path: file.sha256 for file in now}
    return sorted(path for path in {*old, *new} if old.get(path) != new.get(path))


def entry(step: SavedStep) -> dict[str, Json]:
    """Return a saved step as staleness is judged by."""
    return {
        "kind": step.kind,
        "address": step.address,
        "action": step.action.value,
        "before": {change.path: to_json(change.before) for change in step.fields},
        "after": {change.path: to_json(change.after) for change in step.fields},
    }

"""Annotations that speak of rules: what a path does, when else it applies, what it rewrites."""

from __future__ import annotations

from providers.aws import settings as aws
from providers.aws.reading.actions import action
from providers.aws.reading.conditions import conditions
from providers.aws.reading.rows import on_ingress
from providers.aws.reading.transforms import transforms
from provisioner.core import annotations as settings
from provisioner.core.values import boolean
from provisioner.model.annotation import Annotation, Merge

ROWS: tuple[Annotation[object], ...] = (
    on_ingress(
        "actions.*",
        settings.ACTIONS,
        action,
        Merge.OWN,
        kind="JSON object",
        summary="What a path does whose backend has this name and the port name use-annotation:"
        " forward, redirect or a fixed response.",
    ),
    on_ingress(
        "conditions.*",
        aws.CONDITIONS,
        conditions,
        Merge.OWN,
        kind="JSON list of conditions",
        summary="What else must hold for every path whose backend Service has this name.",
    ),
    on_ingress(
        "transforms.*",
        aws.TRANSFORMS,
        transforms,
        Merge.OWN,
        kind="JSON list of transforms",
        summary="How requests are rewritten for every path whose backend Service has this name.",
    ),
    on_ingress(
        "use-regex-path-match",
        aws.REGEX_PATHS,
        boolean,
        Merge.OWN,
        kind="boolean",
        summary="Reads ImplementationSpecific paths as regular expressions after their first"
        " character.",
        default="false",
    ),
)
"""The annotations of this level, in the order of the reference page."""

"""Transforms of rules: one rewrite of the host and one of the URL."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.conditions import check_regex
from provisioner.sandbox.aws.errors import invalid

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import RuleTransformOutputTypeDef

LONGEST_REWRITE = 1024
CONFIGS = MappingProxyType(
    {"host-header-rewrite": "HostHeaderRewriteConfig", "url-rewrite": "UrlRewriteConfig"}
)


def checked_transforms(
    transforms: Sequence[RuleTransformOutputTypeDef],
) -> tuple[RuleTransformOutputTypeDef, ...]:
    """Check the transforms of one rule; they read back as they were written."""
    kinds = [transform["Type"] for transform in transforms]
    for kind in set(kinds):
        if kinds.count(kind) > 1:
            raise invalid(f"A rule can only have one '{kind}' transform")
    for transform in transforms:
        own = CONFIGS[transform["Type"]]
        if set(transform) != {"Type", own}:
            raise invalid(f"A transform of type '{transform['Type']}' must have {own} alone")
        rewrites = transform[own].get("Rewrites", [])  # type: ignore[literal-required]  # the key is chosen at run time
        if not rewrites:
            raise invalid(f"A transform of type '{transform['Type']}' must have a rewrite")
        for rewrite in rewrites:
            check_regex(rewrite["Regex"], longest=LONGEST_REWRITE)
            if len(rewrite["Replace"]) > LONGEST_REWRITE:
                raise invalid(f"A replacement is longer than {LONGEST_REWRITE} characters")
    return tuple(transforms)

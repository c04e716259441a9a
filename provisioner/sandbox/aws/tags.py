"""Tags of load balancing resources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.errors import (
    RefusalError,
    balancer_not_found,
    group_not_found,
    invalid,
    listener_not_found,
    rule_not_found,
)
from provisioner.sandbox.aws.limits import AccountLimits
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import State

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import (
        AddTagsInputTypeDef,
        DescribeTagsInputTypeDef,
        RemoveTagsInputTypeDef,
        TagTypeDef,
    )

MOST_ARNS_PER_DESCRIBE = 20
MOST_KEY_CHARACTERS = 128
MOST_VALUE_CHARACTERS = 256


def checked_tags(tags: Iterable[TagTypeDef], limits: AccountLimits) -> dict[str, str]:
    """Tags of a create request, or a refusal."""
    pairs = [(tag["Key"], tag.get("Value", "")) for tag in tags]
    repeated = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    if repeated:
        raise RefusalError("DuplicateTagKeys", f"The tag keys {repeated} are given more than once")
    for key, value in pairs:
        _check_tag(key, value)
    return _within_limit(dict(pairs), limits)


def add_tags(region: Region, request: AddTagsInputTypeDef) -> Answer:
    """Add or overwrite tags of each resource; all of them or none."""
    new = checked_tags(request["Tags"], region.limits)
    merged = [
        (tags, _within_limit({**tags, **new}, region.limits))
        for tags in (_tags_of(region.state, arn) for arn in request["ResourceArns"])
    ]
    for tags, result in merged:
        tags.update(result)
    return {}


def remove_tags(region: Region, request: RemoveTagsInputTypeDef) -> Answer:
    """Remove tags by key; keys that are not there do no harm."""
    for tags in [_tags_of(region.state, arn) for arn in request["ResourceArns"]]:
        for key in request["TagKeys"]:
            tags.pop(key, None)
    return {}


def describe_tags(region: Region, request: DescribeTagsInputTypeDef) -> Answer:
    """List the tags of up to twenty resources."""
    arns = request["ResourceArns"]
    if len(arns) > MOST_ARNS_PER_DESCRIBE:
        raise invalid(
            f"Only up to {MOST_ARNS_PER_DESCRIBE} resource ARNs can be described in one call, "
            f"{len(arns)} were given"
        )
    return {
        "TagDescriptions": [
            {"ResourceArn": arn, "Tags": as_list(_tags_of(region.state, arn))} for arn in arns
        ]
    }


def as_list(tags: Mapping[str, str]) -> list[TagTypeDef]:
    """Tags as the API spells them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _check_tag(key: str, value: str) -> None:
    if not 1 <= len(key) <= MOST_KEY_CHARACTERS:
        raise invalid(f"The tag key '{key}' must have 1 to {MOST_KEY_CHARACTERS} characters")
    if len(value) > MOST_VALUE_CHARACTERS:
        raise invalid(f"The value of tag '{key}' is longer than {MOST_VALUE_CHARACTERS} characters")
    if key.startswith("aws:"):
        raise invalid(f"The tag key '{key}' begins with the reserved prefix 'aws:'")


def _within_limit(tags: dict[str, str], limits: AccountLimits) -> dict[str, str]:
    most = limits["tags-per-resource"]
    if len(tags) > most:
        raise RefusalError(
            "TooManyTags", f"The maximum number of tags per resource '{most}' has been reached"
        )
    return tags


def _tags_of(state: State, arn: str) -> dict[str, str]:
    kind = arn.rpartition(":")[2].partition("/")[0]
    match kind:
        case "loadbalancer":
            found, missing = state.balancers.get(arn), balancer_not_found(arn)
            tags = None if found is None else found.tags
        case "listener":
            listener, missing = state.listeners.get(arn), listener_not_found(arn)
            tags = None if listener is None else listener.tags
        case "listener-rule":
            rule, missing = state.rules.get(arn), rule_not_found(arn)
            tags = None if rule is None else rule.tags
        case "targetgroup":
            group, missing = state.groups.get(arn), group_not_found(arn)
            tags = None if group is None else group.tags
        case "truststore":
            store = state.trust_stores.get(arn)
            missing = RefusalError("TrustStoreNotFound", f"Trust store '{arn}' not found")
            tags = None if store is None else store.tags
        case _:
            raise invalid(f"'{arn}' is not a valid resource ARN")
    if tags is None:
        raise missing
    return tags

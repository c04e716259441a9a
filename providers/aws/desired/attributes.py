"""Attributes of a load balancer: those that someone lists, and portable settings that become some.

Only what is listed is managed. A portable annotation and a listed attribute that say different
things are an error, and so is a bucket for logs that cannot hold them: AWS finds out by writing a
test file, which is after everything else was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.aws.account import Source
from providers.aws.desired.context import Context, native_field
from providers.aws.desired.lookups import unread_hint
from provisioner.core.annotations import (
    ACCESS_LOGS,
    LOAD_BALANCER_ATTRIBUTES,
    TIMEOUT_SECONDS,
)
from provisioner.model.annotation import Setting
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.settings import ANNOTATION_PREFIX

IDLE_TIMEOUT = "idle_timeout.timeout_seconds"
_LONGEST_TIMEOUT = 4000
_LOGS = "access_logs.s3"
_KINDS_OF_LOGS = (_LOGS, "connection_logs.s3", "health_check_logs.s3")
_OFF = "false"
_URL = "s3://"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """The attributes to set, and what is wrong with those that are left out."""

    values: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...] = ()


def attributes(context: Context) -> Attributes:
    """Return the attributes of the load balancer."""
    values = dict(context.intent.attributes)
    problems: list[Diagnostic] = []
    for setting, stated in _portable(context):
        findings = _contradictions(context, setting, stated)
        problems += findings
        if not findings:
            values |= stated
    values, findings = _within_bounds(context, values)
    problems += findings
    values, findings = _with_usable_buckets(context, values)
    problems += findings
    return Attributes(values=values, diagnostics=tuple(problems))


def log_buckets(attributes: Mapping[str, str], options: Mapping[str, object]) -> Iterator[str]:
    """Yield the buckets that a load balancer is to write logs to."""
    stated = options.get(ACCESS_LOGS.name)
    found = {**attributes, **(_of_access_logs(stated) if isinstance(stated, str) else {})}
    for kind in _KINDS_OF_LOGS:
        bucket = _bucket(found, kind)
        if bucket:
            yield bucket


def _portable(context: Context) -> Iterator[tuple[Setting[object], Mapping[str, str]]]:
    """Yield what portable settings mean in attributes."""
    seconds = context.intent.options.get(TIMEOUT_SECONDS.name)
    if isinstance(seconds, int):
        yield Setting(TIMEOUT_SECONDS.name), {IDLE_TIMEOUT: str(seconds)}
    logs = context.intent.options.get(ACCESS_LOGS.name)
    if isinstance(logs, str):
        yield Setting(ACCESS_LOGS.name), _of_access_logs(logs, present=_present_prefix(context))


def _of_access_logs(stated: str, *, present: str = "") -> Mapping[str, str]:
    """Return ``false`` or ``s3://bucket/prefix`` as attributes.

    An empty prefix is said only where there is another one to get rid of.
    """
    if stated == _OFF:
        return {f"{_LOGS}.enabled": _OFF}
    bucket, _, prefix = stated.removeprefix(_URL).partition("/")
    found = {f"{_LOGS}.enabled": "true", f"{_LOGS}.bucket": bucket}
    if prefix or present:
        found[f"{_LOGS}.prefix"] = prefix
    return found


def _present_prefix(context: Context) -> str:
    existing = context.existing
    listed = existing.spec.get("Attributes") if existing is not None else None
    for entry in listed if isinstance(listed, tuple) else ():
        if isinstance(entry, Mapping) and entry.get("Key") == f"{_LOGS}.prefix":
            return str(entry.get("Value", ""))
    return ""


def _contradictions(
    context: Context, setting: Setting[object], stated: Mapping[str, str]
) -> tuple[Diagnostic, ...]:
    listed = context.intent.attributes
    for key, value in sorted(stated.items()):
        if listed.get(key, value) != value:
            return context.errors(
                "ANNOTATION-CONTRADICTION",
                f"{setting.name} means {key}={value}, but load-balancer-attributes has "
                f"{key}={listed[key]}",
                field=_field(setting.name),
                setting=setting.name,
                hint="keep one of the two",
            )
    return ()


def _within_bounds(
    context: Context, values: Mapping[str, str]
) -> tuple[dict[str, str], tuple[Diagnostic, ...]]:
    """Leave out a timeout that AWS does not take."""
    seconds = context.intent.options.get(TIMEOUT_SECONDS.name)
    if not isinstance(seconds, int) or seconds <= _LONGEST_TIMEOUT:
        return dict(values), ()
    problems = context.errors(
        "ANNOTATION-VALUE",
        f"timeout-seconds {seconds} is more than the {_LONGEST_TIMEOUT} seconds AWS takes",
        field=_field(TIMEOUT_SECONDS.name),
        setting=TIMEOUT_SECONDS.name,
        hint=f"write at most {_LONGEST_TIMEOUT}",
    )
    return {key: value for key, value in values.items() if key != IDLE_TIMEOUT}, problems


def _with_usable_buckets(
    context: Context, values: Mapping[str, str]
) -> tuple[dict[str, str], tuple[Diagnostic, ...]]:
    """Leave out logs whose bucket does not exist, or is in another Region."""
    kept = dict(values)
    problems: list[Diagnostic] = []
    for kind in _KINDS_OF_LOGS:
        bucket = _bucket(values, kind)
        trouble = _trouble(context, bucket) if bucket else ""
        if trouble:
            kept = {key: value for key, value in kept.items() if not key.startswith(f"{kind}.")}
            problems += context.errors(
                "CLOUD-LOG-BUCKET",
                f"{kind.partition('.')[0].replace('_', ' ')} cannot go to bucket {bucket}: it "
                f"{trouble}",
                field=_logs_field(context),
                setting=_logs_setting(context),
                hint=f"name a bucket in {context.facts.region} that lets load balancers write",
            )
        elif bucket and bucket not in context.facts.log_buckets:
            problems += _unchecked(context, bucket)
    return kept, tuple(problems)


def _bucket(values: Mapping[str, str], kind: str) -> str:
    enabled = values.get(f"{kind}.enabled", _OFF) == "true"
    return values.get(f"{kind}.bucket", "") if enabled else ""


def _trouble(context: Context, bucket: str) -> str:
    """Return what is wrong with a bucket, "" where nothing is or nobody could look."""
    region = context.facts.log_buckets.get(bucket)
    if region is None or region == context.facts.region:
        return ""
    return f"is in {region}, not in {context.facts.region}" if region else "does not exist"


def _unchecked(context: Context, bucket: str) -> tuple[Diagnostic, ...]:
    if Source.LOG_BUCKETS.value not in context.facts.unread:
        return ()
    return context.warnings(
        "CLOUD-UNCHECKED",
        f"whether log bucket {bucket} exists could not be checked",
        field=_logs_field(context),
        setting=_logs_setting(context),
        hint=f"{unread_hint(Source.LOG_BUCKETS)}, unless the bucket is another account's",
    )


def _logs_setting(context: Context) -> str:
    return (
        ACCESS_LOGS.name
        if ACCESS_LOGS.name in context.intent.options
        else LOAD_BALANCER_ATTRIBUTES.name
    )


def _logs_field(context: Context) -> str:
    name = _logs_setting(context)
    return _field(name) if name == ACCESS_LOGS.name else native_field(name)


def _field(name: str) -> str:
    return f"metadata.annotations[{ANNOTATION_PREFIX}{name}]"

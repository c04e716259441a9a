"""Certificates: what ACM lists, and that one in use cannot be deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from moto.acm.models import AWSCertificateManagerBackend, acm_backends

from provisioner.sandbox.aws.errors import RefusalError
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import State

DEFAULT_KEY_TYPES = ("RSA_1024", "RSA_2048")
MOST_SUMMARISED_NAMES = 100
MOST_PER_PAGE = 1000


def list_certificates(region: Region, request: Mapping[str, object]) -> Answer:
    """List certificates by status and key type.

    Without ``Includes.keyTypes`` ACM lists RSA keys of up to 2,048 bits only, a well-known trap.
    """
    includes = request.get("Includes")
    wanted = includes.get("keyTypes") if isinstance(includes, dict) else None
    statuses = request.get("CertificateStatuses")
    key_types = wanted or DEFAULT_KEY_TYPES
    found = [
        summary
        for summary in map(_summary, _described(region))
        if summary["KeyAlgorithm"] in key_types
        and (not isinstance(statuses, list) or not statuses or summary["Status"] in statuses)
    ]
    used = _used(region.state)
    for summary in found:
        summary["InUse"] = summary["CertificateArn"] in used
    start = int(str(request.get("NextToken") or 0))
    size = min(int(str(request.get("MaxItems") or MOST_PER_PAGE)), region.settings.page_size)
    more = {"NextToken": str(start + size)} if start + size < len(found) else {}
    return {"CertificateSummaryList": found[start : start + size], **more}


def describe_certificate(region: Region, request: Mapping[str, object]) -> Answer:
    """Describe a certificate and the load balancers that use it."""
    arn = str(request.get("CertificateArn"))
    for described in _described(region):
        if described["CertificateArn"] == arn:
            described["InUseBy"] = sorted(_used(region.state).get(arn, set()))
            return {"Certificate": _dated(described)}
    raise RefusalError("ResourceNotFoundException", f"Could not find certificate '{arn}'")


def delete_certificate(region: Region, request: Mapping[str, object]) -> None:
    """Refuse to delete a certificate that a listener uses; otherwise let moto do it."""
    arn = str(request.get("CertificateArn"))
    if arn in _used(region.state):
        raise RefusalError(
            "ResourceInUseException",
            f"Certificate {arn} in account {region.account} is in use.",
        )


def _described(region: Region) -> list[dict[str, object]]:
    store: AWSCertificateManagerBackend = acm_backends[region.account][region.name]
    return [dict(bundle.describe()["Certificate"]) for bundle in store.list_certificates([], {})]


def _summary(described: dict[str, object]) -> dict[str, object]:
    kept = (
        "CertificateArn",
        "DomainName",
        "Status",
        "Type",
        "KeyAlgorithm",
        "NotBefore",
        "NotAfter",
        "CreatedAt",
        "IssuedAt",
        "ImportedAt",
        "RenewalEligibility",
    )
    dated = _dated(described)
    names = dated["SubjectAlternativeNames"]
    assert isinstance(names, list)
    return {
        **{key: dated[key] for key in kept if key in dated},
        "SubjectAlternativeNameSummaries": names[:MOST_SUMMARISED_NAMES],
        "HasAdditionalSubjectAlternativeNames": len(names) > MOST_SUMMARISED_NAMES,
    }


def _dated(described: dict[str, object]) -> dict[str, object]:
    """Times as times: moto keeps seconds, which the serialiser does not take."""
    return {
        key: datetime.fromtimestamp(value, UTC)
        if key.endswith(("At", "Before", "After")) and isinstance(value, int | float)
        else value
        for key, value in described.items()
    }


def _used(state: State) -> dict[str, set[str]]:
    """Load balancer ARNs by the ARN of each certificate that a listener uses."""
    users: dict[str, set[str]] = {}
    for listener in state.listeners.values():
        for arn in (listener.certificate, *listener.extra_certificates):
            if arn is not None:
                users.setdefault(arn, set()).add(listener.balancer_arn)
    return users

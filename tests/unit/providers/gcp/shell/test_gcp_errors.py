"""Promises of translating errors: by reason, by status, by the code of a failed operation."""

from __future__ import annotations

import json

import pytest

from providers.gcp.errors import failed, refused
from provisioner.model.errors import (
    ConfigError,
    Conflict,
    Denied,
    LimitExceeded,
    NotFound,
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
)


def answer(status: int, reason: str, message: str = "told") -> bytes:
    entry = {"reason": reason, "message": message, "domain": "global"}
    return json.dumps({"error": {"code": status, "message": message, "errors": [entry]}}).encode()


@pytest.mark.parametrize(
    ("status", "reason", "kind"),
    [
        (403, "rateLimitExceeded", Throttled),
        (403, "userRateLimitExceeded", Throttled),
        (429, "whatever", Throttled),
        (403, "quotaExceeded", LimitExceeded),
        (403, "forbidden", Denied),
        (403, "accessNotConfigured", Denied),
        (403, "somethingNew", Denied),
        (404, "notFound", NotFound),
        (409, "alreadyExists", Conflict),
        (412, "conditionNotMet", Conflict),
        (400, "resourceInUseByAnotherResource", Conflict),
        (400, "resourceNotReady", Conflict),
        (400, "invalid", Rejected),
        (400, "required", Rejected),
        (503, "backendError", Unavailable),
        (500, "internalError", Unavailable),
        (408, "timeout", Unavailable),
    ],
)
def test_answers_are_told_by_their_reason(
    status: int, reason: str, kind: type[ProviderError]
) -> None:
    """The reason wins, else the HTTP status says what it is."""
    error = refused(status, answer(status, reason), "urlMaps.insert")

    assert type(error) is kind
    assert isinstance(error, ProviderError)
    assert error.code == reason
    assert error.message == f"urlMaps.insert failed with {reason}: told"


def test_refused_credentials_are_a_matter_of_configuration() -> None:
    """No retry would help."""
    error = refused(401, answer(401, "authError"), "urlMaps.insert")

    assert isinstance(error, ConfigError)
    assert "gcloud auth" in error.hint


@pytest.mark.parametrize(
    ("code", "status", "kind", "reason"),
    [
        ("QUOTA_EXCEEDED", 403, LimitExceeded, "quotaExceeded"),
        ("RESOURCE_NOT_FOUND", 404, NotFound, "notFound"),
        ("RESOURCE_ALREADY_EXISTS", 409, Conflict, "alreadyExists"),
        (
            "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE",
            400,
            Conflict,
            "resourceInUseByAnotherResource",
        ),
        ("RESOURCE_NOT_READY", 400, Conflict, "resourceNotReady"),
        ("CONDITION_NOT_MET", 412, Conflict, "conditionNotMet"),
        ("PERMISSIONS_ERROR", 403, Denied, "permissionsError"),
        ("RESOURCE_OPERATION_RATE_EXCEEDED", 403, Throttled, "resourceOperationRateExceeded"),
        ("INTERNAL_ERROR", 503, Unavailable, "internalError"),
        ("INVALID_FIELD_VALUE", 400, Rejected, "invalidFieldValue"),
    ],
)
def test_failed_operations_have_the_same_reasons(
    code: str, status: int, kind: type[ProviderError], reason: str
) -> None:
    """Whoever names a reason need not know the second spelling."""
    operation = {
        "status": "DONE",
        "httpErrorStatusCode": status,
        "error": {"errors": [{"code": code, "message": "told"}]},
    }

    error = failed(json.dumps(operation).encode(), "urlMaps.insert")

    assert type(error) is kind
    assert error is not None
    assert error.code == reason


def test_an_operation_that_is_done_has_not_failed() -> None:
    """DONE without an error."""
    assert failed(b'{"status": "DONE", "progress": 100}', "urlMaps.insert") is None


def test_the_permission_is_googles_word_where_it_says_one() -> None:
    """Its message may name another one than the method's own (a resource that is referred to)."""
    message = "Required 'compute.networks.updatePolicy' permission for 'projects/host/...'"

    error = refused(403, answer(403, "forbidden", message), "firewalls.insert")

    assert "compute.networks.updatePolicy" in error.hint
    other = refused(403, answer(403, "forbidden", "no"), "firewalls.insert")
    assert "compute.firewalls.create" in other.hint


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"error": 5}', b"{}"])
def test_bodies_that_are_no_error_of_google_raise_nothing_strange(content: bytes) -> None:
    """A proxy may say anything."""
    for status in (400, 404, 502):
        assert "not one of Google's" in refused(status, content, "urlMaps.get").message

"""What AWS says went wrong becomes an error that a person can act on."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    ProfileNotFound,
    ReadTimeoutError,
)

from providers.aws.errors import translated
from provisioner.model.errors import (
    ConfigError,
    Conflict,
    Denied,
    LimitExceeded,
    NotFound,
    ProviderError,
    ProvisionerError,
    Rejected,
    Throttled,
    Unavailable,
)


def answered(code: str, message: str = "no", *, status: int = 400) -> ClientError:
    """Return what botocore raises for an error answer."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "1",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
                "HostId": "",
            },
        },
        "CreateRule",
    )


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Throttling", Throttled),
        ("ThrottlingException", Throttled),
        ("RequestLimitExceeded", Throttled),  # EC2's throttle, though it reads like a limit
        ("TooManyRequestsException", Throttled),  # likewise
        ("InternalFailure", Unavailable),
        ("ServiceUnavailable", Unavailable),
        ("AccessDenied", Denied),
        ("UnauthorizedOperation", Denied),
        ("RuleNotFound", NotFound),
        ("InvalidGroup.NotFound", NotFound),
        ("ResourceNotFoundException", NotFound),
        ("PriorityInUse", Conflict),
        ("DependencyViolation", Conflict),
        ("DuplicateLoadBalancerName", Conflict),
        ("InvalidPermission.Duplicate", Conflict),
        ("OperationNotPermitted", Conflict),
        ("TargetGroupAssociationLimit", Conflict),
        ("TooManyRules", LimitExceeded),
        ("TooManyUniqueTargetGroupsPerLoadBalancer", LimitExceeded),
        ("RulesPerSecurityGroupLimitExceeded", LimitExceeded),
        ("404", NotFound),  # S3's answer to a HEAD has no body, so the status is the code
        ("403", Denied),
        ("WAFNonexistentItemException", NotFound),
        ("WAFUnavailableEntityException", Throttled),  # certain not to have happened; try again
        ("WAFInternalErrorException", Unavailable),
        ("WAFLimitsExceededException", LimitExceeded),
        ("WAFInvalidParameterException", Rejected),
        ("ResourceAlreadyExistsException", Conflict),
        ("OptimisticLockException", Conflict),
        ("InsufficientCapacity", LimitExceeded),
        ("CapacityUnitsLimitExceeded", LimitExceeded),
        ("CapacityDecreaseRequestsLimitExceeded", LimitExceeded),
        ("CapacityReservationPending", Conflict),
        ("TrustStoreNotFound", NotFound),
        ("TrustStoreNotReady", Conflict),
        ("ValidationError", Rejected),
        ("SomethingNew", Rejected),
    ],
)
def test_codes_are_sorted_by_what_can_be_done_about_them(
    code: str, kind: type[ProviderError]
) -> None:
    """Retry, look again, ask for a permission, ask for a limit, or report a bug."""
    error = translated(answered(code), service="elbv2", operation="CreateRule")

    assert type(error) is kind
    assert isinstance(error, ProviderError)
    assert error.code == code
    assert error.operation == "CreateRule"


def test_a_message_has_the_operation_the_code_and_aws_own_sentence() -> None:
    """Whoever reads it can search for it."""
    error = translated(
        answered("TooManyRules", "The maximum number of rules has been reached"),
        service="elbv2",
        operation="CreateRule",
    )

    assert error.message == (
        "CreateRule failed with TooManyRules: The maximum number of rules has been reached"
    )


def test_a_denial_names_the_permission() -> None:
    """Upgrades need new permissions; guessing them from an error takes hours (LBC#3372)."""
    error = translated(answered("AccessDenied"), service="elbv2", operation="CreateRule")

    assert "elasticloadbalancing:CreateRule" in error.hint


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("s3", "HeadBucket", "s3:ListBucket"),
        ("service-quotas", "GetServiceQuota", "servicequotas:GetServiceQuota"),
        ("waf-regional", "AssociateWebACL", "waf-regional:AssociateWebACL"),
    ],
)
def test_a_denial_names_the_permission_as_iam_does(
    service: str, operation: str, action: str
) -> None:
    """Which is not always what the API or boto3 calls it."""
    error = translated(answered("AccessDenied"), service=service, operation=operation)

    assert f"allow {action} " in error.hint


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("CapacityDecreaseRequestsLimitExceeded", "tomorrow"),
        ("InsufficientCapacity", "ask for less"),
        ("WAFUnavailableEntityException", "in a minute"),
    ],
)
def test_some_errors_have_a_way_out_of_their_own(code: str, words: str) -> None:
    """What helps against limits in general would not help here."""
    assert words in translated(answered(code), service="elbv2", operation="X").hint


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_of_any_code_may_have_happened(status: int) -> None:
    """A 5xx says nothing about whether the call was carried out."""
    error = translated(answered("Strange", status=status), service="elbv2", operation="CreateRule")

    assert isinstance(error, Unavailable)


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "AuthFailure"])
def test_bad_credentials_are_a_matter_of_configuration(code: str) -> None:
    """An expired session is for the user to renew, not for AWS to forgive."""
    error = translated(answered(code), service="ec2", operation="DescribeVpcs")

    assert isinstance(error, ConfigError)
    assert "aws sso login" in error.hint


@pytest.mark.parametrize(
    ("error", "kind", "hint"),
    [
        (NoCredentialsError(), ConfigError, "AWS_ACCESS_KEY_ID"),
        (NoRegionError(), ConfigError, "--region"),
        (ProfileNotFound(profile="prod"), ConfigError, "AWS_PROFILE"),
        (EndpointConnectionError(endpoint_url="http://x"), Unavailable, "--endpoint-url"),
        (ConnectTimeoutError(endpoint_url="http://x"), Unavailable, "network"),
        (ReadTimeoutError(endpoint_url="http://x"), Unavailable, "network"),
        (ParamValidationError(report="Missing Name"), Rejected, "bug"),
    ],
)
def test_what_went_wrong_on_this_side_has_a_hint(
    error: BotoCoreError, kind: type[ProvisionerError], hint: str
) -> None:
    """No traceback reaches a user, and every message says what to do next."""
    told = translated(error, service="ec2", operation="DescribeVpcs")

    assert isinstance(told, kind)
    assert hint in told.hint
    assert "\n" not in told.message

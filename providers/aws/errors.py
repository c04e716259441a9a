"""What AWS and botocore say went wrong, as our own errors: the one place where codes are read.

::

    ClientError     by code: Throttled | Unavailable | Denied | NotFound | Conflict
                    | LimitExceeded | Rejected; ConfigError where the credentials are at fault
    HTTP 5xx        Unavailable: the call may have been carried out
    transport       Unavailable, with the exception's name as the code
    configuration   ConfigError: no region, no credentials, no such profile
    parameters      Rejected: botocore refused what we built

Messages carry the operation, AWS' code and AWS' own sentence; a denial names the IAM action.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import TypeAlias

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError

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

THROTTLING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
        # AWS WAF does not know a load balancer in its first moments; it asks to try again.
        "WAFUnavailableEntityException",
    }
)
UNAVAILABLE_CODES = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServiceError",
        "RequestTimeout",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
        "InternalErrorException",  # Shield
        "WAFInternalErrorException",
    }
)
CREDENTIAL_CODES = frozenset(
    {
        "AuthFailure",  # EC2's word for credentials that it cannot validate
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "MissingAuthenticationToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
DENIED_CODES = frozenset(
    {"AccessDenied", "AccessDeniedException", "NotAuthorized", "OptInRequired"}
    | {"UnauthorizedOperation", "403"}  # S3 answers a HEAD without a body: the status is the code
)
NOT_FOUND_CODES = frozenset({"404", "NoSuchBucket", "WAFNonexistentItemException"})
NOT_FOUND_ENDINGS = ("NotFound", "NotFoundException", "NoSuchEntity")
CONFLICT_CODES = frozenset(
    {
        "DependencyViolation",
        "IdempotentParameterMismatch",
        "CapacityReservationPending",
        "IncorrectState",
        "InvalidGroup.InUse",
        "OperationNotPermitted",  # deletion protection, or in use
        "PriorityInUse",
        "ResourceInUse",
        "ResourceInUseException",  # ACM: something still uses the certificate
        "OptimisticLockException",  # Shield: something else changed it just now
        "ResourceAlreadyExistsException",
        "TargetGroupAssociationLimit",  # the target group serves another load balancer
        "TrustStoreNotReady",
    }
)
CONFLICT_ENDINGS = (".Duplicate",)
CONFLICT_BEGINNINGS = ("Duplicate",)
LIMIT_BEGINNINGS = ("TooMany",)
LIMIT_ENDINGS = (
    "LimitExceeded",
    "LimitExceededException",
    "LimitsExceededException",
)
LIMIT_CODES = frozenset({"InsufficientCapacity"})

IAM_PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "elbv2": "elasticloadbalancing",
        "resourcegroupstaggingapi": "tag",
        "service-quotas": "servicequotas",
    }
)
IAM_ACTIONS: Mapping[str, str] = MappingProxyType({"s3:HeadBucket": "s3:ListBucket"})
"""Actions that IAM calls otherwise than the API does."""

HINTS: Mapping[str, str] = MappingProxyType(
    {
        "CapacityDecreaseRequestsLimitExceeded": "capacity can be lowered only so often a day; the "
        "reservation stays as it is until tomorrow",
        "CapacityReservationPending": "an earlier reservation is still being made; try again later",
        "InsufficientCapacity": "AWS cannot reserve that much now; ask for less, or try later",
        "TrustStoreNotReady": "wait until the trust store is ACTIVE",
        "WAFUnavailableEntityException": "AWS WAF does not know the load balancer yet; try again "
        "in a minute",
    }
)
"""Ways out of particular errors."""

ProviderErrorType: TypeAlias = type[ProviderError]
BotoError: TypeAlias = BotoCoreError | ClientError | ResponseParserError

BOTO_ERRORS = (BotoCoreError, ClientError, ResponseParserError)
"""Everything that botocore raises on purpose."""

CREDENTIALS_HINT = (
    "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with "
    "'aws sso login'; inside a cluster check the service account's role"
)
REGION_HINT = "pass --region, or set AWS_REGION or the region of the AWS profile"
UNREACHABLE_HINT = (
    "check the network, the proxy settings, --region and --endpoint-url; private clusters need "
    "VPC endpoints for elasticloadbalancing and ec2"
)


def translated(error: BotoError, *, service: str, operation: str) -> ProvisionerError:
    """Return our error for one of botocore's; raise it ``from`` the original.

    Args:
        error: What was caught.
        service: boto3's name of the service, "" where no call was being made.
        operation: The operation's name, "" likewise.
    """
    if isinstance(error, ClientError):
        return _of_answer(error, service=service, operation=operation)
    code = type(error).__name__
    where = f"{operation}: " if operation else ""
    sentence = _first_line(str(error))
    match error:
        case ParamValidationError():
            return Rejected(
                f"{where}the request is malformed: {_complaints(error)}",
                hint="this is a bug in Ingress Provisioner; please report it",
                operation=operation,
                code=code,
            )
        case NoRegionError() | InvalidRegionError():
            return ConfigError("no usable AWS region is configured", hint=REGION_HINT)
        case NoCredentialsError():
            return ConfigError("no AWS credentials were found", hint=CREDENTIALS_HINT)
        case ResponseParserError():
            return Unavailable(
                f"{where}the answer is not one of AWS: {sentence}",
                hint="check that --endpoint-url is an AWS endpoint or emulator",
                operation=operation,
                code=code,
            )
        case HTTPClientError() | BotoConnectionError():
            return Unavailable(
                f"{where}{sentence}", hint=UNREACHABLE_HINT, operation=operation, code=code
            )
        case _:  # profiles, SSO tokens, config files, credential processes
            return ConfigError(f"AWS is not configured: {sentence}", hint=CREDENTIALS_HINT)


def _of_answer(error: ClientError, *, service: str, operation: str) -> ProvisionerError:
    said = error.response.get("Error", {})
    code = said.get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    sentence = said.get("Message", "") or "no reason was given"
    message = f"{operation} failed with {code}: {sentence}"
    if code in CREDENTIAL_CODES:
        return ConfigError(f"the AWS credentials were refused: {message}", hint=CREDENTIALS_HINT)
    kind = _kind(code, status)
    action = f"{IAM_PREFIXES.get(service, service)}:{operation}"
    action = IAM_ACTIONS.get(action, action)
    return kind(message, hint=_hint(kind, action, code), operation=operation, code=code)


def _kind(code: str, status: int) -> ProviderErrorType:
    """Return which of our errors a code means; exact codes go before patterns."""
    for kind, codes in (
        (Throttled, THROTTLING_CODES),
        (Unavailable, UNAVAILABLE_CODES),
        (Denied, DENIED_CODES),
        (Conflict, CONFLICT_CODES),
        (NotFound, NOT_FOUND_CODES),
        (LimitExceeded, LIMIT_CODES),
    ):
        if code in codes:
            return kind
    return _kind_by_pattern(code, status)


def _kind_by_pattern(code: str, status: int) -> ProviderErrorType:
    if code.startswith(LIMIT_BEGINNINGS) or code.endswith(LIMIT_ENDINGS):
        return LimitExceeded
    if code.startswith(CONFLICT_BEGINNINGS) or code.endswith(CONFLICT_ENDINGS):
        return Conflict
    if code.endswith(NOT_FOUND_ENDINGS):
        return NotFound
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable
    return Rejected


def _hint(kind: ProviderErrorType, action: str, code: str) -> str:
    if code in HINTS:
        return HINTS[code]
    if kind is Denied:
        return f"allow {action} in the IAM policy of these credentials"
    if kind is Throttled:
        return "others in this account and region call the same API; try again later"
    if kind is LimitExceeded:
        return "the limit was reached after planning; plan again, or ask AWS to raise it"
    return ""


_COMPLAINT = re.compile(
    r"Missing required parameter in [\w.\[\]]+: \"\w+\""
    r"|Unknown parameter in [\w.\[\]]+: \"\w+\""
    r"|Invalid \w+(?: \w+)* for parameter [\w.\[\]]+"
)


def _complaints(error: ParamValidationError) -> str:
    """Return what botocore finds wrong, without the values, which may be secrets."""
    found = _COMPLAINT.findall(str(error))
    return "; ".join(found) or "botocore does not say where"


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]

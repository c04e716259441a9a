"""Settings, or values of them, that none of Google's load balancers has anything for.

They are refused on the object that states them. What one kind of load balancer cannot do and
another can is refused when it is expressed: which one it is, is known only when all of its members
have spoken.
"""

from __future__ import annotations

from provisioner.core.annotations import ACCESS_LOGS, SSL_REDIRECT, SUCCESS_CODES
from provisioner.model.annotation import Inexpressible

HTTPS_PORT = 443
SUCCESS = "200"

_BUCKET = Inexpressible(
    capability="Writing access logs of a Google Cloud load balancer to a bucket",
    hint='write "true", or a rate such as "0.5": they go to Cloud Logging',
)
_CODES = Inexpressible(
    capability="Counting another status than 200 as healthy on Google Cloud",
    hint="answer 200 on the path that is checked, or name another path",
)
_PORT = Inexpressible(
    capability="Redirecting to another port than 443 on Google Cloud",
    hint='write "443"',
)


def inexpressible(setting: str, value: object) -> Inexpressible | None:
    """Return what of a readable value no load balancer of Google's can do, None where one can."""
    if setting == ACCESS_LOGS.name and isinstance(value, str) and value.startswith("s3://"):
        return _BUCKET
    if setting == SUCCESS_CODES.name and value != SUCCESS:
        return _CODES
    if setting == SSL_REDIRECT.name and value not in {0, HTTPS_PORT}:
        return _PORT
    return None

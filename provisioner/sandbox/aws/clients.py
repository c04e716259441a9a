"""boto3 clients for the sandbox: plain ones, with words for credentials.

Making a client takes longer than twenty calls, so each is made once; clients may be shared between
threads.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_acm import ACMClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client

DEFAULT_REGION = "eu-central-1"
_KEPT = 8  # of each service: one takes several megabytes


class ClientOptions(TypedDict):
    """What every client is made with."""

    endpoint_url: str
    region_name: str
    aws_access_key_id: str
    aws_secret_access_key: str
    config: Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Where the account is and who asks.

    Attributes:
        endpoint_url: URL of the emulator.
        region: AWS region.
        access_key: Any word; twelve digits select an account of that number.
    """

    endpoint_url: str
    region: str = DEFAULT_REGION
    access_key: str = "sandbox"

    def ec2(self) -> EC2Client:
        """A client for VPCs, instances and security groups."""
        return _ec2(self)

    def elbv2(self) -> ElasticLoadBalancingv2Client:
        """A client for load balancers."""
        return _elbv2(self)

    def acm(self) -> ACMClient:
        """A client for certificates."""
        return _acm(self)

    def options(self) -> ClientOptions:
        """What to make a client of any other service with."""
        return self._options()

    def _options(self) -> ClientOptions:
        return {
            "endpoint_url": self.endpoint_url,
            "region_name": self.region,
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": "sandbox",
            # One attempt: who uses the sandbox wants to see the first answer.
            "config": Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=30),
        }


@functools.lru_cache(maxsize=_KEPT)
def _ec2(login: Login) -> EC2Client:
    return boto3.client("ec2", **login.options())


@functools.lru_cache(maxsize=_KEPT)
def _elbv2(login: Login) -> ElasticLoadBalancingv2Client:
    return boto3.client("elbv2", **login.options())


@functools.lru_cache(maxsize=_KEPT)
def _acm(login: Login) -> ACMClient:
    return boto3.client("acm", **login.options())


@functools.lru_cache(maxsize=_KEPT)
def client(login: Login, service: str) -> Any:
    """Return a client of any other service, whose types are not installed."""
    return boto3.client(service, **login.options())  # type: ignore[call-overload]  # any name

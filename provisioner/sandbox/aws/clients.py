"""boto3 clients for the sandbox: plain ones, with words for credentials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_acm import ACMClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client

DEFAULT_REGION = "eu-central-1"


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
        return boto3.client("ec2", **self._options())

    def elbv2(self) -> ElasticLoadBalancingv2Client:
        """A client for load balancers."""
        return boto3.client("elbv2", **self._options())

    def acm(self) -> ACMClient:
        """A client for certificates."""
        return boto3.client("acm", **self._options())

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

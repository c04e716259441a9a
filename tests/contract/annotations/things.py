"""What annotations name besides themselves: two of each thing that an account can hold.

Made with plain boto3. Rows of the table name a thing as ``$acl_a``; ``fill`` puts in what AWS
called it, in values and in expectations alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template
from uuid import uuid4

from provisioner.model.resource import Json
from provisioner.sandbox.aws.account import Account, import_certificate
from provisioner.sandbox.aws.clients import Login, client
from provisioner.sandbox.aws.pem import CertificateSpec

_VISIBILITY = {
    "SampledRequestsEnabled": False,
    "CloudWatchMetricsEnabled": False,
    "MetricName": "metric",
}
_V6_BLOCK = "2001:db8:0:{:x}::/64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """What there is, by the name that rows use."""

    names: Mapping[str, str]

    def fill(self, text: str) -> str:
        """Return a text with the names that AWS gave."""
        return Template(text).substitute(self.names)

    def filled(self, value: Json) -> Json:
        """Return a value with the names that AWS gave, wherever they stand in it."""
        if isinstance(value, str):
            return self.fill(value)
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        if isinstance(value, dict):
            return {key: self.filled(each) for key, each in value.items()}
        return value


def make_things(account: Account, subnets: Mapping[str, str]) -> Things:
    """Make two of each, and return them with subnets that are there already."""
    maker = _Maker(account)
    names = {
        **subnets,
        "public_a": account.public_subnets[0].subnet_id,
        "public_b": account.public_subnets[1].subnet_id,
        "cluster": account.cluster_name,
        "shop_certificate": account.certificates[0].arn,
    }
    for letter in "ab":
        names |= {f"{name}_{letter}": arn for name, arn in maker.make(letter).items()}
    subscribe(account.login)
    return Things(names=names)


def make_subnets(account: Account) -> dict[str, str]:
    """Make two subnets with IPv6 that nothing discovers, because no tag says what they are for."""
    ec2 = account.login.ec2()
    made = {}
    for number, each in enumerate(account.public_subnets):
        subnet = ec2.create_subnet(
            VpcId=account.vpc_id,
            CidrBlock=f"10.0.{48 + number}.0/24",
            Ipv6CidrBlock=_V6_BLOCK.format(number),
            AvailabilityZone=each.zone,
            TagSpecifications=[
                {
                    "ResourceType": "subnet",
                    "Tags": [{"Key": "Name", "Value": f"six-{number}"}],
                }
            ],
        )
        made[f"six_{'ab'[number]}"] = subnet["Subnet"]["SubnetId"]
    return made


def tags_of(listed: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return tags as a map."""
    return {each["Key"]: each["Value"] for each in listed}


def make_web_acl(login: Login, name: str) -> str:
    """Make a web ACL, and return its ARN."""
    made = client(login, "wafv2").create_web_acl(
        Name=name, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=_VISIBILITY
    )
    return str(made["Summary"]["ARN"])


def make_trust_store(login: Login, name: str) -> str:
    """Make a trust store, and return its ARN."""
    made = login.elbv2().create_trust_store(
        Name=name,
        CaCertificatesBundleS3Bucket="unknown-here",
        CaCertificatesBundleS3Key="ca.pem",
    )
    return made["TrustStores"][0]["TrustStoreArn"]


def subscribe(login: Login) -> None:
    """Have Shield Advanced."""
    client(login, "shield").create_subscription()


class _Maker:
    def __init__(self, account: Account) -> None:
        self._account = account
        self._login = account.login
        self._suffix = uuid4().hex[:8]

    def make(self, letter: str) -> dict[str, str]:
        """Return one of each."""
        name = f"{letter}-{self._suffix}"
        return {
            "acl_name": name,
            "acl": make_web_acl(self._login, name),
            "classic": self._classic(name),
            "bucket": self._bucket(name),
            "store_name": name,
            "store": make_trust_store(self._login, name),
            "group": self._security_group(name),
            "prefixes": self._prefix_list(name),
            "ipam": self._ipam(),
            "coip": self._customer_pool(),
            "certificate": self._certificate(f"{letter}.example.org"),
        }

    def _classic(self, name: str) -> str:
        classic = client(self._login, "waf-regional")
        token = classic.get_change_token()["ChangeToken"]
        made = classic.create_web_acl(
            Name=name, MetricName="metric", DefaultAction={"Type": "ALLOW"}, ChangeToken=token
        )
        return str(made["WebACL"]["WebACLId"])

    def _bucket(self, name: str) -> str:
        client(self._login, "s3").create_bucket(
            Bucket=f"logs-{name}",
            CreateBucketConfiguration={"LocationConstraint": self._login.region},
        )
        return f"logs-{name}"

    def _security_group(self, name: str) -> str:
        made = self._login.ec2().create_security_group(
            GroupName=f"own-{name}", Description="somebody's", VpcId=self._account.vpc_id
        )
        return made["GroupId"]

    def _prefix_list(self, name: str) -> str:
        made = self._login.ec2().create_managed_prefix_list(
            PrefixListName=name, MaxEntries=2, AddressFamily="IPv4"
        )
        return made["PrefixList"]["PrefixListId"]

    def _ipam(self) -> str:
        ec2 = self._login.ec2()
        scope = ec2.create_ipam()["Ipam"]["PublicDefaultScopeId"]
        made = ec2.create_ipam_pool(
            IpamScopeId=scope, AddressFamily="ipv4", AwsService="ec2", PublicIpSource="amazon"
        )
        return made["IpamPool"]["IpamPoolId"]

    def _customer_pool(self) -> str:
        made = self._login.ec2().create_coip_pool(
            LocalGatewayRouteTableId="lgw-rtb-00000000000000000"
        )
        return made["CoipPool"]["PoolId"]

    def _certificate(self, host: str) -> str:
        return import_certificate(self._login, CertificateSpec(hosts=(host,))).arn

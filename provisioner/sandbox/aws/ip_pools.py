"""Pools that load balancers take addresses from: of IPAM, and of an Outpost's customer.

Pools are made and found through EC2; IPAM itself (scopes, locales, provisioning) is not
emulated, a pool is simply there. Pages: CreateIpamPool, DescribeIpamPools, DescribeCoipPools,
CreateLoadBalancer and ModifyIpPools. Which message a wrong pool gets is inferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from secrets import token_hex
from typing import TYPE_CHECKING

from provisioner.sandbox.aws.balancer_lookup import balancer_by_arn
from provisioner.sandbox.aws.errors import RefusalError, invalid, misconfigured
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import AddressPool

if TYPE_CHECKING:
    from types_boto3_elbv2.type_defs import ModifyIpPoolsInputTypeDef

IPAM, CUSTOMER = "ipam", "coip"
SCOPE = "ipam-scope-00000000000000000"
LEAST_PER_PAGE = 5


def create_ipam(region: Region, request: Mapping[str, object]) -> Answer:
    """The one IPAM of the account; its scopes always have the same ids."""
    _check_dry_run(request)
    ipam_id = "ipam-00000000000000000"
    return {
        "Ipam": {
            "IpamId": ipam_id,
            "IpamArn": f"arn:{region.partition}:ec2::{region.account}:ipam/{ipam_id}",
            "PublicDefaultScopeId": SCOPE,
            "State": "create-complete",
        }
    }


def create_ipam_pool(region: Region, request: Mapping[str, object]) -> Answer:
    """Make a pool of IPAM; those of IPv4 for load balancers come from Amazon or are own ones."""
    _check_dry_run(request)
    pool_id = f"ipam-pool-{token_hex(9)[:17]}"
    pool = AddressPool(
        pool_id=pool_id,
        arn=f"arn:{region.partition}:ec2::{region.account}:ipam-pool/{pool_id}",
        kind=IPAM,
        family=str(request["AddressFamily"]),
        public=request.get("AwsService") == "ec2" or bool(request.get("PublicIpSource")),
        description=str(request.get("Description", "")),
        tags=_tags(request),
    )
    region.state.address_pools[pool_id] = pool
    return {"IpamPool": _ipam_answer(region, pool)}


def delete_ipam_pool(region: Region, request: Mapping[str, object]) -> Answer:
    """Delete a pool that no load balancer takes addresses from."""
    _check_dry_run(request)
    pool = _pool(region, str(request["IpamPoolId"]), "InvalidIpamPoolId.NotFound")
    if any(each.ipam_pool == pool.pool_id for each in region.state.balancers.values()):
        raise RefusalError("DependencyViolation", f"The pool {pool.pool_id} has allocations")
    del region.state.address_pools[pool.pool_id]
    return {"IpamPool": _ipam_answer(region, pool)}


def describe_ipam_pools(region: Region, request: Mapping[str, object]) -> Answer:
    """List pools of IPAM: all, or some by id or filter."""
    _check_dry_run(request)
    found = _listed(region, request, IPAM, ("IpamPoolIds", "InvalidIpamPoolId.NotFound"))
    page, more = _page(region, found, request)
    return {"IpamPools": [_ipam_answer(region, each) for each in page], **more}


def create_coip_pool(region: Region, request: Mapping[str, object]) -> Answer:
    """Make a customer-owned pool."""
    _check_dry_run(request)
    pool_id = f"ipv4pool-coip-{token_hex(9)[:17]}"
    pool = AddressPool(
        pool_id=pool_id,
        arn=region.arn("ec2", f"coip-pool/{pool_id}"),
        kind=CUSTOMER,
        family="ipv4",
        public=False,
        description="",
        tags=_tags(request),
    )
    region.state.address_pools[pool_id] = pool
    return {"CoipPool": _customer_answer(pool)}


def describe_coip_pools(region: Region, request: Mapping[str, object]) -> Answer:
    """List customer-owned pools: all, or some by id or filter."""
    _check_dry_run(request)
    found = _listed(region, request, CUSTOMER, ("PoolIds", "InvalidPoolID.NotFound"))
    page, more = _page(region, found, request)
    return {"CoipPools": [_customer_answer(each) for each in page], **more}


def modify_ip_pools(region: Region, request: ModifyIpPoolsInputTypeDef) -> Answer:
    """Let a load balancer take its public addresses from another pool, or from Amazon again."""
    balancer = balancer_by_arn(region, request["LoadBalancerArn"])
    if balancer.kind != "application":
        raise misconfigured("IPAM pools are supported on application load balancers only")
    pool_id = request.get("IpamPools", {}).get("Ipv4IpamPoolId")
    removed = request.get("RemoveIpamPools", ())
    if pool_id is not None and removed:
        raise invalid("A pool cannot be set and removed in one request")
    if pool_id is None and not removed:
        raise invalid("IpamPools or RemoveIpamPools must be specified")
    balancer.ipam_pool = pool_id and checked_ipam_pool(region, pool_id, balancer.scheme)
    return {} if pool_id is None else {"IpamPools": {"Ipv4IpamPoolId": pool_id}}


def checked_ipam_pool(region: Region, pool_id: str, scheme: str) -> str:
    """A pool for the public IPv4 addresses of a load balancer, or a refusal."""
    pool = region.state.address_pools.get(pool_id)
    if pool is None or pool.kind != IPAM:
        raise misconfigured(f"The IPAM pool '{pool_id}' does not exist")
    if pool.family != "ipv4":
        raise misconfigured(f"The IPAM pool '{pool_id}' does not hold IPv4 addresses")
    if scheme != "internet-facing":
        raise misconfigured("An IPAM pool needs an internet-facing load balancer")
    return pool_id


def checked_customer_pool(region: Region, pool_id: str) -> str:
    """A customer-owned pool, or a refusal."""
    pool = region.state.address_pools.get(pool_id)
    if pool is None or pool.kind != CUSTOMER:
        raise misconfigured(f"The customer-owned address pool '{pool_id}' does not exist")
    return pool_id


def _listed(
    region: Region, request: Mapping[str, object], kind: str, ids: tuple[str, str]
) -> list[AddressPool]:
    wanted = request.get(ids[0])
    found = [each for each in region.state.address_pools.values() if each.kind == kind]
    if isinstance(wanted, list) and wanted:
        found = [_pool(region, str(pool_id), ids[1]) for pool_id in wanted]
    for name, values in _filters(request):
        found = [each for each in found if _passes(each, name, values)]
    return found


def _filters(request: Mapping[str, object]) -> Iterable[tuple[str, list[str]]]:
    given = request.get("Filters")
    for each in given if isinstance(given, list) else ():
        yield str(each["Name"]), list(each.get("Values", []))


def _passes(pool: AddressPool, name: str, values: list[str]) -> bool:
    if name.startswith("tag:"):
        return pool.tags.get(name.removeprefix("tag:")) in values
    known = {
        "tag-key": pool.tags.keys(),
        "address-family": (pool.family,),
        "ipam-pool-id": (pool.pool_id,),
        "coip-pool.pool-id": (pool.pool_id,),
        "description": (pool.description,),
    }
    if name not in known:
        raise RefusalError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return bool(set(known[name]) & set(values))


def _pool(region: Region, pool_id: str, code: str) -> AddressPool:
    pool = region.state.address_pools.get(pool_id)
    if pool is None:
        raise RefusalError(code, f"The pool ID '{pool_id}' does not exist")
    return pool


def _page(
    region: Region, found: list[AddressPool], request: Mapping[str, object]
) -> tuple[list[AddressPool], Answer]:
    asked = request.get("MaxResults")
    if asked is None:
        return found, {}
    start = int(str(request.get("NextToken") or 0))
    end = start + min(max(int(str(asked)), LEAST_PER_PAGE), region.settings.page_size)
    return found[start:end], {"NextToken": str(end)} if end < len(found) else {}


def _tags(request: Mapping[str, object]) -> dict[str, str]:
    given = request.get("TagSpecifications")
    return {
        tag["Key"]: tag.get("Value", "")
        for each in (given if isinstance(given, list) else ())
        for tag in each.get("Tags", [])
    }


def _tag_list(pool: AddressPool) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in pool.tags.items()]


def _ipam_answer(region: Region, pool: AddressPool) -> dict[str, object]:
    return {
        "OwnerId": region.account,
        "IpamPoolId": pool.pool_id,
        "IpamPoolArn": pool.arn,
        "IpamScopeType": "public",
        "Locale": region.name,
        "State": "create-complete",
        "Description": pool.description,
        "AddressFamily": pool.family,
        "PubliclyAdvertisable": pool.public,
        "Tags": _tag_list(pool),
    }


def _customer_answer(pool: AddressPool) -> dict[str, object]:
    return {
        "PoolId": pool.pool_id,
        "PoolArn": pool.arn,
        "PoolCidrs": [],
        "LocalGatewayRouteTableId": "lgw-rtb-00000000000000000",
        "Tags": _tag_list(pool),
    }


def _check_dry_run(request: Mapping[str, object]) -> None:
    if request.get("DryRun"):
        raise RefusalError(
            "DryRunOperation",
            "Request would have succeeded, but DryRun flag is set.",
            status=412,
        )

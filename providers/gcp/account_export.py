"""Write what a live project says as an account file (``account export``).

A plan from the file must be the plan that the project itself would give, so everything that
planning reads is in it; what was asked for and is not there is written as such, because "there is
none" and "nobody looked" are planned differently.
"""

from __future__ import annotations

from providers.gcp.account import HERE, Facts, SslCertificate, StaticAddress
from providers.gcp.account_file import (
    PROVIDER,
    AccountFile,
    AddressPart,
    CertificatePart,
    FactsPart,
    InstancePart,
    SubnetworkPart,
)
from providers.shell.account_parts import encoded
from providers.shell.account_worlds import account_file
from provisioner.ports import Account


def write_account(account: Account[Facts]) -> str:
    """Return an account file, as YAML."""
    facts = _facts_part(account.facts)
    return encoded(account_file(AccountFile, account, provider=PROVIDER, facts=facts))


def _facts_part(facts: Facts) -> FactsPart:
    return FactsPart(
        observed_at=facts.observed_at,
        project=facts.project,
        region=facts.region,
        network=facts.network,
        subnetwork=facts.subnetwork,
        instances=tuple(
            InstancePart(
                provider_id=provider_id,
                network=each.network if each.network != facts.network else "",
                subnetwork=each.subnetwork if each.subnetwork != facts.subnetwork else "",
                tags=each.tags,
                alias_ranges=each.alias_ranges,
            )
            for provider_id, each in sorted(facts.instances.items())
        ),
        subnetworks=tuple(
            SubnetworkPart(
                name=each.name, region=each.region, cidr=each.cidr, proxy_only=each.proxy_only
            )
            for each in facts.subnetworks
        ),
        addresses=tuple(
            _address_part(name, _region(where, facts), each)
            for (name, where), each in sorted(facts.addresses.items())
        ),
        ssl_certificates=tuple(
            _certificate_part(name, _region(where, facts), each)
            for (name, where), each in sorted(facts.ssl_certificates.items())
        ),
        ssl_policies={
            _policy(name, facts): link for name, link in sorted(facts.ssl_policies.items())
        },
        security_policies=dict(sorted(facts.security_policies.items())),
        usage=dict(sorted(facts.usage.items())),
        foreign_groups=dict(sorted(facts.foreign_groups.items())),
        unread=facts.unread,
    )


def _region(where: str, facts: Facts) -> str:
    """Return a region by its name; questions are asked before it is known."""
    return facts.region if where == HERE else where


def _policy(asked: str, facts: Facts) -> str:
    return f"{facts.region}/{asked.removeprefix(HERE + '/')}" if "/" in asked else asked


def _address_part(name: str, region: str, address: StaticAddress | None) -> AddressPart:
    if address is None:
        return AddressPart(name=name, region=region)
    return AddressPart(
        name=name,
        region=region,
        address=address.address,
        purpose=address.purpose,
        external=address.external,
        network_tier=address.network_tier,
        users=address.users,
    )


def _certificate_part(
    name: str, region: str, certificate: SslCertificate | None
) -> CertificatePart:
    if certificate is None:
        return CertificatePart(name=name, region=region, exists=False)
    return CertificatePart(
        name=name,
        region=region,
        managed=certificate.managed,
        domains=certificate.domains,
        status=certificate.status,
        not_after=certificate.not_after,
    )

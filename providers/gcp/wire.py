"""Account files as a world to plan against.

What such a file says stands in for the project and the cluster: planning reads it through the same
port as a live project, so the two cannot be planned differently. Nothing can be applied to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from providers.gcp import limits as known_limits
from providers.gcp.account import (
    HERE,
    Facts,
    Instance,
    SslCertificate,
    StaticAddress,
    Subnetwork,
    Wanted,
)
from providers.gcp.account_file import (
    HINT,
    AccountFile,
    AddressPart,
    CertificatePart,
    FactsPart,
    InstancePart,
    decode,
)
from providers.shell.account_readers import FileReader, NothingReader
from provisioner.model.errors import ConfigError

_MACHINE = "gce://"
_CALLED = "project"


def read_account(text: bytes, path: str) -> AccountReader:
    """Return a reader over an account file's content.

    Raises:
        ConfigError: It is not an account file for Google Cloud; the message names the field.
    """
    return AccountReader(decode(text, path), path)


def no_account() -> NothingReader[Facts]:
    """Return a reader that knows no project at all, for rendering without a cloud."""
    # No network *and* no problem with it: that says that nobody looked.
    return NothingReader(Facts(), limits=known_limits.merge({}), called=_CALLED)


class AccountReader(FileReader):
    """Implements ``ports.Reader`` on an account file."""

    def __init__(self, file: AccountFile, path: str) -> None:
        limits = known_limits.merge(file.limits)
        super().__init__(file, path, limits=limits, called=_CALLED, hint=HINT)
        self._facts = _facts(file.facts, path)

    def facts(self, wanted: Wanted) -> Facts:
        """Return what the file says."""
        del wanted
        if not self._facts.network:
            return replace(
                self._facts, network_problem=f"{self._path} names no network (facts.network)"
            )
        return self._facts


def _facts(part: FactsPart, path: str) -> Facts:
    subnetworks = (
        Subnetwork(
            name=each.name,
            region=each.region,
            link=_subnetwork_link(part, each.region, each.name),
            network=part.network,
            cidr=each.cidr,
            proxy_only=each.proxy_only,
        )
        for each in part.subnetworks
    )
    return Facts(
        observed_at=part.observed_at,
        project=part.project,
        region=part.region,
        network=part.network,
        subnetwork=part.subnetwork,
        instances=MappingProxyType(
            {
                each.provider_id: _instance(each, part, f"{path}: facts.instances[{index}]")
                for index, each in enumerate(part.instances)
            }
        ),
        subnetworks=tuple(sorted(subnetworks, key=lambda each: each.link)),
        addresses=MappingProxyType(
            {
                key: _address(each, part) if each.address else None
                for each in part.addresses
                for key in _keys(each.name, each.region, part)
            }
        ),
        ssl_certificates=MappingProxyType(
            {
                key: _certificate(each, part) if each.exists else None
                for each in part.ssl_certificates
                for key in _keys(each.name, each.region, part)
            }
        ),
        ssl_policies=MappingProxyType(_policies(part)),
        security_policies=MappingProxyType(part.security_policies),
        usage=MappingProxyType(part.usage),
        foreign_groups=MappingProxyType(part.foreign_groups),
        unread=part.unread,
    )


def _keys(name: str, region: str, part: FactsPart) -> Iterable[tuple[str, str]]:
    """Yield the questions that an entry answers: what is in the cluster's region is also here."""
    yield name, region
    if region and region == part.region:
        yield name, HERE


def _policies(part: FactsPart) -> dict[str, str]:
    here = f"{part.region}/"
    own = {
        f"{HERE}/{name.removeprefix(here)}": link
        for name, link in part.ssl_policies.items()
        if part.region and name.startswith(here)
    }
    return {**part.ssl_policies, **own}


def _subnetwork_link(part: FactsPart, region: str, name: str) -> str:
    """Return a subnetwork's link: it is in the project of its network."""
    owner = part.network.split("/")[1] if part.network.startswith("projects/") else part.project
    return f"projects/{owner}/regions/{region}/subnetworks/{name}"


def _instance(each: InstancePart, part: FactsPart, place: str) -> Instance:
    match each.provider_id.removeprefix(_MACHINE).split("/"):
        case [project, zone, name] if each.provider_id.startswith(_MACHINE):
            return Instance(
                name=name,
                zone=zone,
                link=f"projects/{project}/zones/{zone}/instances/{name}",
                network=each.network or part.network,
                subnetwork=each.subnetwork or part.subnetwork,
                tags=tuple(sorted(each.tags)),
                alias_ranges=each.alias_ranges,
            )
        case _:
            raise ConfigError(
                f"{place}.providerId: {each.provider_id!r} names no machine of Google Cloud",
                hint="it is what spec.providerID of a node says: gce://<project>/<zone>/<name>",
            )


def _address(each: AddressPart, part: FactsPart) -> StaticAddress:
    return StaticAddress(
        name=each.name,
        link=_link(part, "addresses", each.region, each.name),
        address=each.address,
        region=each.region,
        purpose=each.purpose,
        external=each.external,
        network_tier=each.network_tier,
        users=each.users,
    )


def _certificate(each: CertificatePart, part: FactsPart) -> SslCertificate:
    return SslCertificate(
        name=each.name,
        link=_link(part, "sslCertificates", each.region, each.name),
        region=each.region,
        managed=each.managed,
        domains=each.domains,
        status=each.status,
        not_after=each.not_after,
    )


def _link(part: FactsPart, collection: str, region: str, name: str) -> str:
    scope = f"regions/{region}" if region else "global"
    return f"projects/{part.project}/{scope}/{collection}/{name}"

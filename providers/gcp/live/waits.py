"""Tell whether what a step waits for has come true, by asking Google now.

* ACTIVE: the resource is there; a managed certificate has been issued.
* HEALTHY: every new backend service has something healthy behind it; or nothing is lost by going
  on, because no old one has either. Old ones that are known to be of the same backend decide alone
  whether there is something to lose.
* DRAINED: no endpoint of the group, or of the groups behind the service, still finishes requests.

What is gone holds nobody up; what is not listed yet does. SETTLED is a matter of time, not of
Google: how long a change takes to reach its edge is not told by anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from providers.gcp.addresses import Kind, parse
from providers.gcp.client import Client, decoded
from providers.gcp.links import place_of
from providers.gcp.live.inventory import text
from providers.gcp.live.members import HEALTHY, groups_of, read_endpoints, service_states
from provisioner.core.address_text import AddressError
from provisioner.core.replacement import backend_of
from provisioner.model.change import Wait, WaitFor
from provisioner.model.errors import NotFound

Outputs = Mapping[str, Mapping[str, str]]

LINK = "selfLink"


def holds(client: Client, wait: WaitFor, outputs: Outputs) -> bool:
    """Tell whether the wait is over.

    Args:
        client: A client that reads.
        wait: What is waited for.
        outputs: Outputs of resources by address.
    """
    match wait.kind:
        case Wait.ACTIVE:
            return all(_is_active(client, address, outputs) for address in wait.on)
        case Wait.HEALTHY:
            return _is_warm(client, wait, outputs)
        case Wait.DRAINED:
            return all(_is_empty(client, address, outputs) for address in wait.on)
        case Wait.SETTLED:
            return True
        case _:
            assert_never(wait.kind)


def _link(address: str, outputs: Outputs) -> str:
    return outputs.get(address, {}).get(LINK, "")


def _is_active(client: Client, address: str, outputs: Outputs) -> bool:
    link = _link(address, outputs)
    if _kind(address) is not Kind.SSL_CERTIFICATE:
        return bool(link)  # its operation was over when its link was told
    place = place_of(link)
    if place is None:
        return False
    operation = "regionSslCertificates.get" if place.region else "sslCertificates.get"
    try:
        found = decoded(client.get(operation, place.scope, place.name, project=place.project))
    except NotFound:
        return False
    return text(found, "managed", "status") in {"", "ACTIVE"}


def _is_warm(client: Client, wait: WaitFor, outputs: Outputs) -> bool:
    for new in wait.on:
        if _serves(client, (new,), outputs):
            continue
        same = [old for old in wait.instead_of if backend_of(old) == backend_of(new)]
        if _serves(client, same or wait.instead_of, outputs):
            return False
    return True


def _serves(client: Client, addresses: Iterable[str], outputs: Outputs) -> bool:
    """Tell whether something healthy is behind one of these backend services."""
    links = (_link(address, outputs) for address in addresses)
    return any(HEALTHY in service_states(client, link) for link in links if link)


def _is_empty(client: Client, address: str, outputs: Outputs) -> bool:
    link, kind = _link(address, outputs), _kind(address)
    if kind is Kind.BACKEND_SERVICE:
        groups: Iterable[str] = groups_of(client, link)
    elif kind is Kind.NETWORK_ENDPOINT_GROUP:
        groups = (link,)
    else:
        return True
    zonal = [each for each in groups if "/networkEndpointGroups/" in each]
    return not any(each.draining for group in zonal for each in read_endpoints(client, group))


def _kind(address: str) -> Kind | None:
    try:
        return parse(address).kind
    except AddressError:
        return None

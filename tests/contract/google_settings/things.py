"""What settings name besides themselves: two of each thing that a project can hold.

A thing has the same name among the global ones and in the region, as certificates of people often
have, so that a row holds for every kind of load balancer and a mistake in the scope shows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from provisioner.sandbox.gcp.server import CloudServer
from tests.contract.provider.gcp import GcpUnderTest
from tests.unit.core.secrets.pems import Issued, a_pair

INTERNAL = "own-internal"


@cache
def pair(host: str) -> Issued:
    """Return a certificate that holds today; the same one at every call."""
    return a_pair(host, start=datetime.now(UTC) - timedelta(days=1))


def make_things(server: CloudServer, cloud: GcpUnderTest) -> None:
    """Put them there."""
    home, region = f"projects/{cloud.project.project}", cloud.project.region
    places = f"{home}/global", f"{home}/regions/{region}"
    for letter in "ab":
        name = f"own-{letter}"
        uploaded = pair(f"{letter}.example.org")
        content = {"certificate": uploaded.certificate, "privateKey": uploaded.key}
        for place in places:
            server.place(f"{place}/addresses", {"name": name})
            server.place(f"{place}/sslPolicies", {"name": name, "profile": "MODERN"})
            server.place(
                f"{place}/sslCertificates",
                {"name": name, "type": "SELF_MANAGED", "selfManaged": content},
            )
        server.place(f"{places[0]}/securityPolicies", {"name": name})
        server.place(
            f"{places[1]}/addresses",
            {
                "name": f"{INTERNAL}-{letter}",
                "addressType": "INTERNAL",
                "purpose": "SHARED_LOADBALANCER_VIP",
                "subnetwork": cloud.project.subnetwork,
            },
        )
    server.calls.clear()

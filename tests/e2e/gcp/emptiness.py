"""What is in a project, told by Google's own client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1

EVERYWHERE: tuple[tuple[type, str], ...] = (
    (compute_v1.ForwardingRulesClient, "forwarding_rules"),
    (compute_v1.TargetHttpProxiesClient, "target_http_proxies"),
    (compute_v1.TargetHttpsProxiesClient, "target_https_proxies"),
    (compute_v1.UrlMapsClient, "url_maps"),
    (compute_v1.BackendServicesClient, "backend_services"),
    (compute_v1.HealthChecksClient, "health_checks"),
    (compute_v1.NetworkEndpointGroupsClient, "network_endpoint_groups"),
    (compute_v1.InstanceGroupsClient, "instance_groups"),
    (compute_v1.SslCertificatesClient, "ssl_certificates"),
    (compute_v1.SslPoliciesClient, "ssl_policies"),
    (compute_v1.AddressesClient, "addresses"),
)
GLOBAL: tuple[type, ...] = (compute_v1.FirewallsClient, compute_v1.SecurityPoliciesClient)
"""Every collection that a load balancer controller could leave something in."""


def left(url: str, project: str) -> list[str]:
    """Return ``collection/name`` of everything in the project but its network and machines."""

    def client(kind: Callable[..., Any]) -> Any:
        return kind(
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # google-auth is untyped
            client_options={"api_endpoint": url},
            transport="rest",
        )

    def found() -> Iterator[str]:
        for kind, collection in EVERYWHERE:
            with client(kind) as asked:
                for _, scope in asked.aggregated_list(project=project):
                    yield from (f"{collection}/{e.name}" for e in getattr(scope, collection))
        for kind in GLOBAL:
            with client(kind) as asked:
                yield from (f"{kind.__name__}/{each.name}" for each in asked.list(project=project))

    return sorted(found())

"""Projects, regions and zones: what can be read about them, quotas included."""

from __future__ import annotations

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.gcp.compute import Compute, Request
from provisioner.sandbox.gcp.errors import not_found
from provisioner.sandbox.gcp.quotas import project_quotas, region_quotas
from provisioner.sandbox.gcp.references import BASE_URL, region_url, zone_url
from provisioner.sandbox.gcp.state import Project
from provisioner.sandbox.gcp.verbs import answer_list

_CREATED = "1969-12-31T16:00:00.000-08:00"  # what Google says of regions and zones


def get_project(compute: Compute, request: Request) -> Document:
    """Read a project with its quotas."""
    return _project(compute, compute.project(request.project))


def get_xpn_host(compute: Compute, request: Request) -> Document:
    """Read the project whose networks this one shares; an empty answer if there is none."""
    project = compute.project(request.project)
    if not project.xpn_host:
        return {}
    return _project(compute, compute.project(project.xpn_host))


def get_region(compute: Compute, request: Request) -> Document:
    """Read a region with its quotas."""
    project, name = compute.project(request.project), request.call.path["region"]
    if name not in project.regions:
        raise not_found(f"projects/{project.name}/regions/{name}")
    return _region(compute, project, name)


def list_regions(compute: Compute, request: Request) -> Document:
    """Read all regions."""
    project = compute.project(request.project)
    found = [_region(compute, project, name) for name in sorted(project.regions)]
    return answer_list(compute, request, found, f"projects/{project.name}/regions")


def get_zone(compute: Compute, request: Request) -> Document:
    """Read a zone."""
    project, name = compute.project(request.project), request.call.path["zone"]
    for region, zones in project.regions.items():
        if name in zones:
            return _zone(project, region, name)
    raise not_found(f"projects/{project.name}/zones/{name}")


def list_zones(compute: Compute, request: Request) -> Document:
    """Read all zones."""
    project = compute.project(request.project)
    found = [
        _zone(project, region, zone) for region, zones in project.regions.items() for zone in zones
    ]
    return answer_list(compute, request, found, f"projects/{project.name}/zones")


def _project(compute: Compute, project: Project) -> Document:
    return {
        "kind": "compute#project",
        "id": str(project.number),
        "creationTimestamp": _CREATED,
        "name": project.name,
        "selfLink": f"{BASE_URL}projects/{project.name}",
        "defaultNetworkTier": "PREMIUM",
        "defaultServiceAccount": f"{project.number}-compute@developer.gserviceaccount.com",
        "xpnProjectStatus": project.xpn_status,
        "quotas": project_quotas(compute, project.name),
    }


def _region(compute: Compute, project: Project, name: str) -> Document:
    zones = sorted(project.regions[name])
    return {
        "kind": "compute#region",
        "id": str(1000 + sorted(project.regions).index(name)),
        "creationTimestamp": _CREATED,
        "name": name,
        "description": name,
        "status": "UP",
        "selfLink": region_url(project.name, name),
        "zones": [zone_url(project.name, zone) for zone in zones],
        "quotas": region_quotas(compute, project.name, name),
    }


def _zone(project: Project, region: str, name: str) -> Document:
    every = sorted(zone for zones in project.regions.values() for zone in zones)
    return {
        "kind": "compute#zone",
        "id": str(2000 + every.index(name)),
        "creationTimestamp": _CREATED,
        "name": name,
        "description": name,
        "status": "UP",
        "region": region_url(project.name, region),
        "selfLink": zone_url(project.name, name),
    }

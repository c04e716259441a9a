"""Which project and region a cluster is in, where no flag says it.

Google's own tools are told by variables of the environment, and every node of GKE names its machine
(``gce://<project>/<zone>/<instance>``). All nodes of a cluster are in one project and one region.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from provisioner.ports import CloudTarget

MACHINE_SCHEME = "gce"
PROJECT_VARIABLES = ("GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")
REGION_VARIABLES = ("CLOUDSDK_COMPUTE_REGION",)

_MACHINE = re.compile(r"gce://(?P<project>[^/]+)/(?P<region>[^/]+)-[a-z]/[^/]+")


def located(
    target: CloudTarget,
    *,
    environment: Mapping[str, str],
    machines: Callable[[], Sequence[str]],
) -> CloudTarget:
    """Return the target with project and region: of flags, of the environment, of the nodes."""
    project = target.project or _first(environment, PROJECT_VARIABLES)
    region = target.region or _first(environment, REGION_VARIABLES)
    if not project or not region:
        places = [found for each in machines() if (found := _MACHINE.fullmatch(each))]
        project = project or _only(match["project"] for match in places)
        region = region or _only(match["region"] for match in places)
    return replace(target, project=project, region=region)


def _first(environment: Mapping[str, str], names: Sequence[str]) -> str:
    return next((said for name in names if (said := environment.get(name, ""))), "")


def _only(found: Iterable[str]) -> str:
    """Return the one text that all agree on, "" where there is none or more than one."""
    texts = set(found)
    return texts.pop() if len(texts) == 1 else ""

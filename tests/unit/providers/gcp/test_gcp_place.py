"""Promises about the project and the region: a flag, else the environment, else the nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from providers.gcp import provider
from provisioner.model.settings import Identity
from provisioner.ports import CloudTarget

NODES = ("gce://p-nodes/europe-west1-b/n1", "gce://p-nodes/europe-west1-c/n2")
ENVIRONMENT = {"GOOGLE_CLOUD_PROJECT": "p-env", "CLOUDSDK_COMPUTE_REGION": "us-east1"}


def place(
    *,
    project: str = "",
    region: str = "",
    environment: Mapping[str, str] | None = None,
    machines: Sequence[str] = (),
) -> tuple[str, str]:
    """Return project and region."""
    identity = Identity(cluster_name="c")
    target = CloudTarget(identity=identity, project=project, region=region)
    found = provider.located(target, environment=environment or {}, machines=lambda: machines)
    return found.project, found.region


def test_flags_come_first_then_the_environment_then_the_nodes() -> None:
    """Google's own tools are told by the same variables."""
    flags = {"project": "p-flag", "region": "asia-east1"}

    assert place(**flags, environment=ENVIRONMENT, machines=NODES) == ("p-flag", "asia-east1")
    assert place(environment=ENVIRONMENT, machines=NODES) == ("p-env", "us-east1")
    assert place(machines=NODES) == ("p-nodes", "europe-west1")
    assert place() == ("", "")


def test_one_variable_counts_before_the_other() -> None:
    """GOOGLE_CLOUD_PROJECT is the library's, CLOUDSDK_CORE_PROJECT is gcloud's."""
    both = {"CLOUDSDK_CORE_PROJECT": "gcloud", "GOOGLE_CLOUD_PROJECT": "library"}

    assert place(environment=both)[0] == "library"
    assert place(environment={"CLOUDSDK_CORE_PROJECT": "gcloud"})[0] == "gcloud"


@pytest.mark.parametrize(
    ("machines", "expected"),
    [
        (("gce://a/europe-west1-b/n", "gce://b/europe-west1-b/n"), ("", "europe-west1")),
        (("gce://a/europe-west1-b/n", "gce://a/us-east1-b/n"), ("a", "")),
        (("aws:///eu-west-1a/i-1", ""), ("", "")),
        (("aws:///eu-west-1a/i-1", *NODES), ("p-nodes", "europe-west1")),
    ],
)
def test_nodes_that_disagree_tell_nothing(
    machines: Sequence[str], expected: tuple[str, str]
) -> None:
    """A guess between two projects would write into the wrong one."""
    assert place(machines=machines) == expected


def test_nodes_are_not_asked_for_what_is_known() -> None:
    """They may have to be listed for it."""
    asked: list[int] = []

    def machines() -> Sequence[str]:
        asked.append(1)
        return NODES

    target = CloudTarget(identity=Identity(cluster_name="c"), project="p", region="r")
    provider.located(target, environment={}, machines=machines)

    assert asked == []

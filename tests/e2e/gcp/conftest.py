"""An emulated project and a cluster of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.gcp.project import Project, a_project


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Project]:
    """A cluster beside a project with two machines."""
    with a_project(tmp_path) as made:
        yield made

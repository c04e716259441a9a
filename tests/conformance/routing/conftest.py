"""Every scenario that asks for a cloud runs on each of them."""

from __future__ import annotations

import pytest

from tests.conformance.routing.clouds import CLOUDS, Cloud


@pytest.fixture(params=CLOUDS, ids=str)
def cloud(request: pytest.FixtureRequest) -> Cloud:
    """Return each cloud in turn."""
    found: Cloud = request.param
    return found

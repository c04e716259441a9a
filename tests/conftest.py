"""What every test shares: how hypothesis searches on a machine that others use too."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Timings say nothing here, so hypothesis must not judge by them.
settings.register_profile(
    "shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared-machine")

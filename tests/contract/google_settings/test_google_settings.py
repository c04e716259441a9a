"""Every setting that Google has, through a whole life: made, changed, taken away, written again.

The product's own plan and apply over real HTTP; what then is so is told by plain REST. At every
station ``converge`` holds that the calls made are those of the plan and that nothing is left to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pytest

from provisioner.model.resource import Json
from tests.contract.google_settings import (
    cdn_rows,
    config_rows,
    front_rows,
    rule_rows,
    service_rows,
)
from tests.contract.google_settings.row import Kind, Row
from tests.contract.google_settings.site import Site, settings
from tests.contract.google_settings.world import World
from tests.contract.provider.manifests import Document

LEVELS: Mapping[str, Sequence[Row]] = MappingProxyType(
    {
        "backends": (*config_rows.ROWS, *cdn_rows.ROWS),
        "services": (*service_rows.NATIVE, *service_rows.PORTABLE_ROWS),
        "front": (*front_rows.NATIVE, *front_rows.OBJECTS),
        "portable": (*front_rows.PORTABLE_ROWS, *rule_rows.ROWS),
    }
)


def named_objects() -> list[Document]:
    """Return the objects that annotations in rows name."""
    made = [
        settings("BackendConfig", name, {"timeoutSec": seconds})
        for name, seconds in service_rows.FEATURES.items()
    ]
    for letter in "ab":
        name = f"own-{letter}"
        ordered: Mapping[str, Json] = {"domains": ["shop.example.com"]}
        made += [
            settings("FrontendConfig", f"front-{letter}", {"sslPolicy": name}),
            settings(
                "ManagedCertificate", f"ordered-{letter}", ordered, status={"certificateName": name}
            ),
        ]
    return made


@pytest.mark.slow
@pytest.mark.parametrize("level", list(LEVELS))
@pytest.mark.parametrize("kind", list(Kind))
def test_a_setting_is_made_changed_and_taken_away(kind: Kind, level: str, site: Site) -> None:
    """At every station Google holds what the row says, and getting there takes the row's calls."""
    chosen = [row for row in LEVELS[level] if kind in row.on]
    rows = {f"r{number}": row for number, row in enumerate(chosen)}
    world = World(site=site, kind=kind, rows=rows)
    site.desk.put(*named_objects())

    world.say(0)
    world.converge()
    assert world.differences(0) == {}

    world.say(1)
    changed = world.converge()
    assert world.differences(1) == {}
    assert changed == {row.name: row.calls(kind, change=True) for row in chosen if row.change}

    world.say(None)
    removed = world.converge()
    assert world.differences(2) == {}
    assert removed == {row.name: row.calls(kind, change=False) for row in chosen if row.removal}

    world.say(0)
    world.converge()
    assert world.differences(0) == {}
    site.clear_out()

"""Promises of target-control-port: a family whose members each name one port of one Service."""

from __future__ import annotations

import pytest

from providers.aws import provider
from provisioner.core.translate import intents
from provisioner.model.annotation import Place
from provisioner.model.intent import Compatibility
from tests.factories import (
    a_path,
    a_port,
    a_rule,
    a_service,
    a_snapshot,
    an_ingress,
    some_settings,
)


def control_ports(
    backend: str, key: str, *, compatibility: Compatibility, place: Place = Place.INGRESS
) -> list[object]:
    """Return the control ports of the backends of an Ingress that names ``backend``."""
    said = {f"target-control-port.{key}": "9000"}
    web = a_service(
        "shop/web", a_port(80, name="http"), annotations=said if place is Place.SERVICE else {}
    )
    ingress = an_ingress(
        "shop/web",
        rules=[a_rule("shop.example.com", a_path("/", backend))],
        annotations={"target-type": "ip", **(said if place is Place.INGRESS else {})},
    )
    settings = some_settings(compatibility=compatibility)
    [balancer] = intents(a_snapshot(web, ingress), provider, settings).load_balancers
    return [found.options.get("target-control-port") for found in balancer.backends]


@pytest.mark.parametrize("backend", ["web:80", "web:http"])
@pytest.mark.parametrize("key", ["web.80", "web.http"])
@pytest.mark.parametrize("place", list(Place))
def test_name_and_number_of_a_port_are_one(backend: str, key: str, place: Place) -> None:
    """Both mean one backend, so either names it, on the Ingress and on the Service."""
    found = control_ports(backend, key, compatibility=Compatibility.KUBERNETES, place=place)

    assert found == [9000]


@pytest.mark.parametrize(
    ("backend", "key", "expected"),
    [
        ("web:80", "web.80", 9000),
        ("web:http", "web.http", 9000),
        ("web:80", "web.http", None),
        ("web:http", "web.80", None),
    ],
)
def test_the_incumbent_takes_the_port_as_it_is_written(
    backend: str, key: str, expected: int | None
) -> None:
    """Name and number are two backends there."""
    assert control_ports(backend, key, compatibility=Compatibility.INCUMBENT) == [expected]


def test_another_port_of_the_service_is_not_meant() -> None:
    """Each backend hears only what names it."""
    found = control_ports("web:80", "web.81", compatibility=Compatibility.KUBERNETES)

    assert found == [None]

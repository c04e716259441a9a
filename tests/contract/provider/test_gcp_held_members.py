"""Members that cannot be planned keep their hosts on each port on which they had them.

Ports with the same rules share a URL map. Which rules that are changes when members are held, so
it must not decide over their heads: seen through the whole product, from files to the API.
"""

from __future__ import annotations

import pytest

from tests.contract.provider.desk import Desk, failures
from tests.contract.provider.gcp import GcpUnderTest
from tests.contract.provider.gcp_things import path_of, routes
from tests.contract.provider.manifests import Route, ingress

pytestmark = pytest.mark.parametrize("running", ["gcp"], indirect=True)

PORTS = {
    "a": (80, 8080, 9090),
    "b": (80, 8080),
    "c": (9090,),
}
APART = {
    "a": (80, 8080, 9090),
    "b": (8080,),
    "c": (9090,),
}
TOGETHER = {
    "a": (80, 8080, 9090),
    "b": (80, 8080, 9090),
    "c": (80, 8080, 9090),
}


def put(desk: Desk, name: str, ports: tuple[int, ...], *paths: str, broken: bool = False) -> None:
    """Put a member of ``edge`` on these ports, with its own host."""
    listed = ", ".join(f"HTTP:{port}" for port in ports)
    said = {"listen-ports": listed, **({"timeout-seconds": "soon"} if broken else {})}
    routed = [Route(host=f"{name}.example.com", path=path) for path in paths or ("/",)]
    desk.put(ingress(name, *routed, group="edge", annotations=said))


def answers(desk: Desk) -> dict[str, set[str]]:
    """Return the hosts and paths that somebody serves, by port."""
    assert isinstance(desk.cloud, GcpUnderTest)
    maps = {thing.path: thing.body for thing in desk.cloud.things("urlMaps")}
    proxies = {thing.path: thing.body for thing in desk.cloud.things("targetHttpProxies")}
    return {
        rule.body["portRange"].partition("-")[0]: {
            route
            for route, services in routes(
                maps[path_of(proxies[path_of(rule.body["target"])]["urlMap"])]
            )
            if services and not route.endswith(" any")
        }
        for rule in desk.cloud.things("forwardingRules")
    }


@pytest.mark.parametrize("ports", [PORTS, APART, TOGETHER], ids=["crossed", "apart", "together"])
def test_two_held_members_keep_their_hosts_on_three_ports(
    desk: Desk, ports: dict[str, tuple[int, ...]]
) -> None:
    """No call while they are broken, none by another process; a neighbour's update goes through."""
    for name, own in ports.items():
        put(desk, name, own)
    desk.converge()
    before = answers(desk)
    assert {port: len(found) for port, found in before.items()} == {
        str(port): sum(port in own for own in ports.values()) for port in ports["a"]
    }

    put(desk, "b", ports["b"], broken=True)
    put(desk, "c", ports["c"], broken=True)
    desk.assert_at_rest()
    desk.restart()
    desk.assert_at_rest()

    put(desk, "a", ports["a"], "/", "/new")
    assert failures(desk.apply()) == []
    desk.restart()
    desk.assert_at_rest()
    new = {"a.example.com /new", "a.example.com /new/*"}
    assert answers(desk) == {port: found | new for port, found in before.items()}

    put(desk, "b", ports["b"])
    put(desk, "c", ports["c"])
    assert failures(desk.apply()) == []
    desk.assert_at_rest()
    assert answers(desk) == {port: found | new for port, found in before.items()}
    desk.clear_out()

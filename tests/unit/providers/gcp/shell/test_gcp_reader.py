"""Promises of the reader: waits, health, Google's own judgement, what GKE made."""

from __future__ import annotations

import pytest

from providers.gcp.account import Wanted
from providers.gcp.addresses import Kind
from providers.gcp.client import WriteWhilePlanningError
from providers.gcp.incumbent import hash36
from providers.gcp.live.inventory import Inventory
from providers.gcp.live.journal import Journal
from providers.gcp.live.validation import check_url_maps
from provisioner.model.change import Wait, WaitFor
from provisioner.model.diagnostic import Severity
from provisioner.model.kube import Key
from provisioner.model.limits import Limit, Limits, LimitSource
from provisioner.model.resource import PlainInput, Ref, Resource, freeze_spec
from tests.unit.providers.gcp.shell.projects import (
    ENDPOINT_GROUP,
    HOME,
    IDENTITY,
    SERVICE,
    ZONE,
    World,
)

OTHER = "gcp:backend-service/shop/web/web:80/node-port"
URL_MAP = "gcp:url-map/shop/web/main"
CERTIFICATE = "gcp:ssl-certificate/shop/web/x"
NO_LIMITS = Limits()


def serving(world: World, *pods: int) -> dict[str, dict[str, str]]:
    """Build a load balancer with some pods, and return the outputs of its parts."""
    group = world.endpoint_group()
    backend = {"group": group, "balancingMode": "RATE", "maxRatePerEndpoint": 1}
    service = world.service(backends=[backend])
    if pods:
        world.attach(group, *(world.pod(number) for number in pods))
    world.front(world.url_map("um", service, URL_MAP))
    return {SERVICE: {"selfLink": service}, ENDPOINT_GROUP: {"selfLink": group}}


def a_map(**fields: PlainInput) -> Resource:
    """Return a URL map as a plan wants it."""
    content: dict[str, PlainInput] = {"name": "um", **fields}
    content.setdefault("defaultService", Ref(SERVICE, "selfLink"))
    return Resource(
        kind=Kind.URL_MAP,
        address=URL_MAP,
        group="shop/web",
        name="um",
        ingresses=(Key("shop", "web"),),
        spec=freeze_spec(content),
    )


def a_service(address: str = SERVICE) -> Resource:
    """Return a backend service as a plan wants it."""
    spec = freeze_spec({"loadBalancingScheme": "EXTERNAL_MANAGED"})
    return Resource(kind=Kind.BACKEND_SERVICE, address=address, group="shop/web", spec=spec)


def rules(*paths: str) -> dict[str, PlainInput]:
    service = Ref(SERVICE, "selfLink")
    return {
        "hostRules": [{"hosts": ["shop.example.com"], "pathMatcher": "m"}],
        "pathMatchers": [
            {
                "name": "m",
                "defaultService": service,
                "pathRules": [{"paths": list(paths), "service": service}],
            }
        ],
    }


# --- waits ------------------------------------------------------------------------------------


def test_a_backend_with_something_healthy_is_warm(world: World) -> None:
    """Traffic may move to it."""
    outputs = serving(world, 0)
    wait = WaitFor(kind=Wait.HEALTHY, on=(SERVICE,), instead_of=(OTHER,))

    assert world.reader().holds(wait, outputs)


def test_a_cold_backend_waits_while_the_old_one_serves(world: World) -> None:
    """No step takes a rule from something healthy to nothing."""
    outputs = serving(world, 0)
    cold = world.service("cold", OTHER)
    wait = WaitFor(kind=Wait.HEALTHY, on=(OTHER,), instead_of=(SERVICE,))

    assert not world.reader().holds(wait, {**outputs, OTHER: {"selfLink": cold}})


def test_a_cold_backend_waits_for_nothing_where_the_old_one_is_dead(world: World) -> None:
    """First deployments and scaling to zero go on at once."""
    outputs = serving(world)
    cold = world.service("cold", OTHER)
    wait = WaitFor(kind=Wait.HEALTHY, on=(OTHER,), instead_of=(SERVICE,))

    assert world.reader().holds(wait, {**outputs, OTHER: {"selfLink": cold}})


def test_instance_groups_have_health_of_their_own(world: World) -> None:
    """Machines are asked about by backend service and group."""
    node = world.info.nodes[0]
    ports = [{"name": "port30001", "port": 30001}]
    group = world.make(f"zones/{ZONE}/instanceGroups", {"name": "ig", "namedPorts": ports})
    world.rest("POST", f"{group}/addInstances", {"instances": [{"instance": node.url}]})
    backend = {"group": group, "balancingMode": "RATE", "maxRatePerInstance": 1}
    service = world.service("be", OTHER, backends=[backend], portName="port30001")
    world.front(world.url_map("um", service, URL_MAP))
    reader = world.reader()

    assert reader.observe().resources[OTHER].healthy == 1
    wait = WaitFor(kind=Wait.HEALTHY, on=(OTHER,), instead_of=(SERVICE,))
    assert reader.holds(wait, {OTHER: {"selfLink": service}, SERVICE: {"selfLink": service}})


def test_a_backend_is_drained_when_nothing_finishes_there(world: World) -> None:
    """Detached endpoints finish what they have begun."""
    outputs = serving(world, 0)
    world.cloud.configure(draining_seconds=100.0)
    fingerprint = world.read(outputs[SERVICE]["selfLink"])["fingerprint"]
    draining = {"fingerprint": fingerprint, "connectionDraining": {"drainingTimeoutSec": 100}}
    world.rest("PATCH", outputs[SERVICE]["selfLink"], draining)
    group = outputs[ENDPOINT_GROUP]["selfLink"]
    world.rest("POST", f"{group}/detachNetworkEndpoints", {"networkEndpoints": [world.pod(0)]})
    reader = world.reader()

    for address in (SERVICE, ENDPOINT_GROUP):
        assert not reader.holds(WaitFor(kind=Wait.DRAINED, on=(address,)), outputs)
    world.cloud.advance(101.0)
    for address in (SERVICE, ENDPOINT_GROUP, "gcp:health-check/shop/web/web:80/pod", "nonsense"):
        assert reader.holds(WaitFor(kind=Wait.DRAINED, on=(address,)), outputs)


def test_what_is_gone_holds_nobody_up(world: World) -> None:
    """A drained backend that was deleted is as empty as can be."""
    gone = {SERVICE: {"selfLink": f"{HOME}/global/backendServices/gone"}}

    assert world.reader().holds(WaitFor(kind=Wait.DRAINED, on=(SERVICE,)), gone)


def test_a_managed_certificate_is_active_once_it_is_issued(world: World) -> None:
    """Its domains must point to the load balancer first; that is the user's doing."""
    world.cloud.configure(certificate_seconds=60.0)
    managed = {"domains": ["shop.example.com"]}
    link = world.make(
        "global/sslCertificates", {"name": "c", "type": "MANAGED", "managed": managed}
    )
    wait, outputs = WaitFor(kind=Wait.ACTIVE, on=(CERTIFICATE,)), {CERTIFICATE: {"selfLink": link}}
    reader = world.reader()

    assert not reader.holds(wait, outputs)
    world.cloud.advance(61.0)
    assert reader.holds(wait, outputs)
    assert not reader.holds(wait, {})


def test_other_resources_are_active_when_they_exist(world: World) -> None:
    """Their operation was over when their link was told; settling is a matter of time."""
    outputs = serving(world)
    reader = world.reader()

    assert reader.holds(WaitFor(kind=Wait.ACTIVE, on=(SERVICE,)), outputs)
    assert not reader.holds(WaitFor(kind=Wait.ACTIVE, on=(OTHER,)), outputs)
    assert reader.holds(WaitFor(kind=Wait.SETTLED, on=(URL_MAP,)), outputs)


def test_pods_are_as_healthy_as_the_load_balancer_says(world: World) -> None:
    """By address, of a backend service and of one of its groups."""
    outputs = serving(world, 0, 1)
    sick = str(world.pod(1)["ipAddress"])
    world.cloud.unhealthy.add(sick)
    reader = world.reader()

    for address in (SERVICE, ENDPOINT_GROUP):
        found = reader.pod_health(outputs[address]["selfLink"])
        assert found[str(world.pod(0)["ipAddress"])].healthy
        assert not found[sick].healthy
        assert found[sick].reason == "UNHEALTHY"


# --- validation -------------------------------------------------------------------------------


def test_google_judges_a_url_map_before_it_is_created(world: World) -> None:
    """What it would refuse is told on the Ingress, in its own words, and nothing is created."""
    serving(world)

    findings = world.reader().check([a_service(), a_map(**rules("no-slash"))])

    (found,) = findings
    assert (found.code, found.severity) == ("CLOUD-URL-MAP-REFUSED", Severity.ERROR)
    assert (found.subject, found.ingress) == ("Ingress shop/web", Key("shop", "web"))
    assert "no-slash" in found.message
    assert not [record for record in world.cloud.calls if record.operation == "urlMaps.update"]


def test_a_good_map_has_no_findings(world: World) -> None:
    """It was asked about all the same."""
    serving(world)
    world.cloud.calls.clear()

    assert world.reader().check([a_service(), a_map(**rules("/cart"))]) == ()
    assert "urlMaps.validate" in {record.operation for record in world.cloud.calls}


def test_a_service_that_is_still_to_be_made_is_stood_in_for(world: World) -> None:
    """Google refuses maps that lead nowhere; in a plan half of it does not exist yet."""
    world.service("other", "gcp:backend-service/shop/other/web:80/pod")

    findings = world.reader().check([a_service(), a_map(**rules("no-slash"))])

    assert [found.code for found in findings] == ["CLOUD-URL-MAP-REFUSED"]


def test_in_an_empty_project_nothing_is_asked(world: World) -> None:
    """Nothing exists that could stand in."""
    assert world.reader().check([a_service(), a_map(**rules("no-slash"))]) == ()
    assert "urlMaps.validate" not in {record.operation for record in world.cloud.calls}


def test_a_map_that_is_as_wanted_is_not_asked_about(world: World) -> None:
    """A plan without changes costs no judgement."""
    serving(world)
    present = world.reader().observe().resources[URL_MAP]
    world.cloud.calls.clear()
    wanted = Resource(
        kind=Kind.URL_MAP, address=URL_MAP, group="shop/web", name="um", spec=present.spec
    )

    assert world.reader().check([wanted]) == ()
    assert "urlMaps.validate" not in {record.operation for record in world.cloud.calls}


def test_not_being_allowed_to_ask_stops_no_plan(world: World) -> None:
    """It is a remark that names the permission."""
    serving(world)
    world.cloud.faults.deny("urlMaps.validate")

    (found,) = world.reader().check([a_service(), a_map(**rules("/cart"))])

    assert (found.code, found.severity) == ("CLOUD-URL-MAP-UNCHECKED", Severity.INFO)
    assert "compute.urlMaps.validate" in found.hint


def test_the_configuration_size_is_held_against_a_stated_limit(world: World) -> None:
    """Units times the forwarding rules that lead to the map; Google shows no limit itself."""
    serving(world)
    metric = "GLOBAL_EXTERNAL_PROXY_LB_CONFIG"
    limit = Limit(name=metric, value=0, source=LimitSource.ACCOUNT, adjustable=True, label="units")
    client = world.client()
    inventory = Inventory(client, Journal(client.clock))

    findings = check_url_maps(
        inventory, IDENTITY, [a_service(), a_map(**rules("/cart"))], Limits(by_name={metric: limit})
    )

    assert ["forwarding rules" in found.message for found in findings] == [True]
    assert check_url_maps(inventory, IDENTITY, [a_service(), a_map(**rules("/a"))], NO_LIMITS) == ()


# --- planning never writes --------------------------------------------------------------------


def test_a_reader_cannot_write(world: World) -> None:
    """Second fence of a dry run: nothing that changes something leaves its client."""
    client = world.client()

    with pytest.raises(WriteWhilePlanningError, match=r"urlMaps\.delete"):
        client.call("urlMaps.delete", f"{HOME}/global/urlMaps/um")

    assert list(world.cloud.calls) == []


# --- what GKE made ----------------------------------------------------------------------------

SHORT = "01234567"


def made_by_gke(world: World, cluster: str) -> None:
    """Build a load balancer with the names that GKE gives, its own words in descriptions."""
    node = world.info.nodes[0]
    neg = f"k8s1-{SHORT}-shop-web-80-5104b449"
    words = '{"kubernetes.io/service-name":"shop/web","kubernetes.io/service-port":"80"}'
    check = world.make("global/healthChecks", {"name": neg, "type": "HTTP"})
    group = world.make(
        f"zones/{ZONE}/networkEndpointGroups",
        {
            "name": neg,
            "networkEndpointType": "GCE_VM_IP_PORT",
            "subnetwork": world.info.subnetwork,
        },
    )
    world.attach(group, world.pod(0))
    backend = {"group": group, "balancingMode": "RATE", "maxRatePerEndpoint": 1}
    service = world.make(
        "global/backendServices",
        {"name": neg, "description": words, "healthChecks": [check], "backends": [backend]},
    )
    instance_group = world.make(
        f"zones/{ZONE}/instanceGroups",
        {
            "name": f"k8s-ig--{IDENTITY.ingress_uid}",
            "namedPorts": [{"name": "port30001", "port": 30001}],
        },
    )
    world.rest("POST", f"{instance_group}/addInstances", {"instances": [{"instance": node.url}]})
    url_map = world.make(
        "global/urlMaps", {"name": f"k8s2-um-{cluster}-shop-web-x", "defaultService": service}
    )
    proxy = world.make(
        "global/targetHttpProxies", {"name": f"k8s2-tp-{cluster}-shop-web-x", "urlMap": url_map}
    )
    world.make(
        "global/forwardingRules",
        {
            "name": f"k8s2-fr-{cluster}-shop-web-x",
            "description": '{"kubernetes.io/ingress-name": "shop/web"}',
            "target": proxy,
            "portRange": "80",
        },
    )


def test_what_gke_made_is_recognised_by_its_names(world: World) -> None:
    """Frontends by the one identifier of the cluster, all else by the other."""
    made_by_gke(world, hash36(IDENTITY.cluster_uid, 8))
    made_by_gke_elsewhere = {"name": "k8s2-um-zzzzzzzz-shop-web-x"}
    service = f"{HOME}/global/backendServices/k8s1-{SHORT}-shop-web-80-5104b449"
    world.make("global/urlMaps", {**made_by_gke_elsewhere, "defaultService": service})

    found = world.reader().incumbent(Wanted())

    kinds = sorted(each.kind for each in found.resources)
    assert kinds == [
        "BackendService",
        "ForwardingRule",
        "HealthCheck",
        "InstanceGroup",
        "Instances",
        "NamedPorts",
        "NetworkEndpointGroup",
        "NetworkEndpoints",
        "TargetHttpProxy",
        "UrlMap",
    ]
    by_kind = {each.kind: each for each in found.resources}
    assert by_kind["ForwardingRule"].tags == {"kubernetes.io/ingress-name": "shop/web"}
    assert by_kind["ForwardingRule"].spec["target"] == by_kind["TargetHttpProxy"].id
    assert by_kind["BackendService"].healthy == 1
    assert by_kind["NetworkEndpoints"].parent == by_kind["NetworkEndpointGroup"].id
    assert (
        by_kind["NetworkEndpoints"].spec["networkEndpoints"]
        == freeze_spec({"x": [world.pod(0)]})["x"]
    )


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        (f"k8s-be-30001--{IDENTITY.ingress_uid}", True),
        (f"k8s1-{SHORT}-shop-web-80-5104b449", True),
        ("k8s-be-30001--ffffffffffffffff", False),
        ("k8s1-ffffffff-shop-web-80-5104b449", False),
        (f"k8s-um-{'x' * 49}--01230", True),
        (f"k8s-um-{'x' * 49}--fff00", False),
        ("ipr-hc-x", False),
    ],
)
def test_both_generations_of_names_are_known(world: World, name: str, *, theirs: bool) -> None:
    """Long names of the first were cut, with the cluster's identifier at their end."""
    world.make("global/healthChecks", {"name": name, "type": "HTTP"})

    found = world.reader().incumbent(Wanted()).resources

    assert [each.name for each in found] == ([name] if theirs else [])


def test_what_we_have_adopted_is_no_longer_theirs(world: World) -> None:
    """Our mark decides, whatever the name says."""
    name = f"k8s-be-30001--{IDENTITY.ingress_uid}"
    world.health_check(name)

    assert world.reader().incumbent(Wanted()).resources == ()

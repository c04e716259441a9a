"""Google Cloud under test: with the ``gcp_*`` files beside it, all of the contract that knows it.

What is in the project is told by plain REST, with marks spelled out in ``gcp_things``, so that a
mistake in how the product reads or marks things cannot hide itself.
"""

from __future__ import annotations

import functools
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from types import MappingProxyType
from typing import cast

from providers.gcp.client import Client
from providers.gcp.execute import GcpWriter
from providers.gcp.live.journal import Journal
from providers.gcp.reader import GcpReader
from provisioner.model.plan import Plan
from provisioner.model.resource import Json
from provisioner.model.settings import Identity
from provisioner.ports import Clock, CloudTarget, Fence, Reader, Writer
from provisioner.sandbox.cluster.workloads.addresses import PodAddresses
from provisioner.sandbox.gcp.account import make_project
from provisioner.sandbox.gcp.cloud import DEFAULT_PROJECT
from provisioner.sandbox.gcp.leftovers import leftovers
from provisioner.sandbox.gcp.server import CloudServer
from provisioner.sandbox.gcp.stage import AliasAddresses
from tests.contract.provider.gcp_comparison import Comparison
from tests.contract.provider.gcp_examples import check_boutique, check_fanout
from tests.contract.provider.gcp_shapes import misshapen_calls, misshapen_fields, writing
from tests.contract.provider.gcp_things import Rest, Thing, delete, healthy, in_use, routes, things
from tests.contract.provider.under_test import CLUSTER_NAME, ROOT, Machine, Pace, Pod, Words
from tests.unit.core.secrets.pems import Issued, a_pair

PODS_SKIPPED = 128  # of each node; what comes before is the embedded cluster's to give out
PODS_EACH = 12
CERTIFICATE = "own-certificate"
"""A certificate that somebody uploaded, for Ingresses to name."""

HOST_RULES = "host-rules-per-external-url-map"
FORWARDING_RULES = "GLOBAL_EXTERNAL_MANAGED_FORWARDING_RULES"


@functools.cache
def _uploaded() -> Issued:
    start = datetime.now(UTC) - timedelta(days=1)
    return a_pair("shop.example.com", start=start)


class CloudClock:
    """The emulator's clock: sleeping on it moves it."""

    def __init__(self, cloud: CloudServer) -> None:
        self._cloud = cloud

    def now(self) -> float:
        """Return the cloud's time."""
        return self._cloud.now()

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self._cloud.advance(seconds)


class GcpUnderTest:
    """The embedded Google Cloud with its knobs; see ``CloudUnderTest``."""

    name = "gcp"
    ingress_class = "gce"
    account_file = ROOT / "docs" / "examples" / "account-gcp.yaml"
    words = Words(
        front="ForwardingRule",
        rules="UrlMap",
        entrance="forwarding-rule",
        certificate_field="spec.tls",
        mistyped=("networking.gke.io/managed-certificate", "managed-certificates"),
        counted="URL map {group}/main",
    )
    rule_limit = HOST_RULES
    rules_at_most = 1000
    https: Mapping[str, str] = MappingProxyType(
        {
            "listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
            "ingress.gcp.kubernetes.io/pre-shared-cert": CERTIFICATE,
        }
    )
    repairs_a_rule = "update"
    kinds_of_all = frozenset({"UrlMap"})
    sends_again = True
    reading_operations = (
        "forwardingRules.aggregatedList",
        "targetHttpProxies.aggregatedList",
        "targetHttpsProxies.aggregatedList",
        "urlMaps.aggregatedList",
        "backendServices.aggregatedList",
        "healthChecks.aggregatedList",
        "networkEndpointGroups.aggregatedList",
        "networkEndpointGroups.listNetworkEndpoints",
        "instanceGroups.aggregatedList",
        "sslCertificates.aggregatedList",
        "addresses.aggregatedList",
        "firewalls.list",
        "instances.aggregatedList",
        "projects.get",
        "regions.get",
    )

    def __init__(self, cloud: CloudServer) -> None:
        self._cloud = cloud
        self.url = cloud.url
        self.project = make_project(cloud, cluster_name=CLUSTER_NAME)
        self._rest = Rest(cloud.url, self.project.project)
        self._clients: dict[tuple[Identity, bool], Client] = {}
        self._forgotten = 0.0  # time that was skipped before the last reset
        self.machines = tuple(
            Machine(
                name=node.name, provider_id=node.provider_id, zone=node.zone, address=node.address
            )
            for node in self.project.nodes
        )
        self.pods = tuple(
            Pod(
                address=str(IPv4Network(node.pod_block)[PODS_SKIPPED + number]),
                node=node.name,
                zone=node.zone,
            )
            for number in range(PODS_EACH)
            for node in self.project.nodes
        )

    @property
    def environment(self) -> Mapping[str, str]:
        """The project, where Google's own tools look for it."""
        return {"GOOGLE_CLOUD_PROJECT": DEFAULT_PROJECT}

    @property
    def clock(self) -> Clock:
        """The emulator's clock."""
        return CloudClock(self._cloud)

    @property
    def examples(self) -> Mapping[str, Callable[[Json], None]]:
        """Checks of what the published examples become."""
        return {"gke-fanout": check_fanout, "gke-online-boutique": check_boutique}

    @property
    def pod_addresses(self) -> PodAddresses:
        """Where an embedded cluster gets addresses for its pods."""
        return AliasAddresses(self.project.nodes)

    def close(self) -> None:
        """Close every connection."""
        self._rest.close()
        for client in self._clients.values():
            client.close()

    # -- looking at it -------------------------------------------------------------------------

    def leftovers(self) -> Mapping[str, Sequence[str]]:
        """Return what a load balancer controller could have left behind."""
        found = leftovers(self.url, project=self.project.project)
        mine = {kind: [n for n in names if n != CERTIFICATE] for kind, names in found.items()}
        return {kind: names for kind, names in mine.items() if names}

    def addresses(self) -> frozenset[str]:
        """Return the address of everything that carries our mark."""
        return frozenset(thing.address for thing in things(self._rest))

    def rules(self) -> int:
        """Return how many hosts are told apart, in all load balancers."""
        return sum(
            len(each["hosts"])
            for url_map in self._rest.everything("urlMaps")
            for each in url_map.get("hostRules", [])
        )

    def gone_with(self, address: str, gone: frozenset[str]) -> bool:
        """Tell whether something without a mark of its own went with what is gone."""
        parents = {
            "gcp:network-endpoints/": "gcp:network-endpoint-group/",
            "gcp:instances/": "gcp:instance-group/",
            "gcp:named-ports/": "gcp:instance-group/",
        }
        return any(
            address.startswith(own) and address.replace(own, parent, 1) in gone
            for own, parent in parents.items()
        )

    def healthy_targets(self, group: str) -> Mapping[str, Sequence[str]]:
        """Return the healthy targets that each host and path of a group reaches.

        Only where a forwarding rule leads: nobody probes anything else.
        """
        states: dict[str, list[str] | None] = {}
        found: dict[str, list[str]] = {}
        reached = in_use(self._rest)
        for thing in things(self._rest, ("urlMaps",)):
            if thing.group != group or thing.path not in reached:
                continue
            for route, services in routes(thing.body):
                for service in services:
                    if service not in states:
                        states[service] = healthy(self._rest, service)
                targets = [state for s in services if (state := states[s]) is not None]
                if targets:
                    found[f"{thing.address} {route}"] = [t for each in targets for t in each]
        return found

    # -- by hand -------------------------------------------------------------------------------

    def delete_by_hand(self, addresses: Sequence[str]) -> frozenset[str]:
        """Delete these as far as Google lets one; return every address that is gone."""
        before = self.addresses()
        for thing in list(things(self._rest)):
            if thing.address in addresses:
                delete(self._rest, thing)
        return before - self.addresses()

    def spoil_by_hand(self) -> str:
        """Change the timeout of a backend service by hand; return its address."""
        thing = next(each for each in self.things("backendServices") if each.body["backends"])
        self._rest.call("PUT", thing.path, {**thing.body, "timeoutSec": 77})
        return thing.address

    def delete_a_rule_by_hand(self) -> str:
        """Take a host out of a URL map; return its address."""
        thing = next(each for each in self.things("urlMaps") if each.body.get("hostRules"))
        *rules, last = thing.body["hostRules"]
        matchers = [m for m in thing.body["pathMatchers"] if m["name"] != last["pathMatcher"]]
        body = {**thing.body, "hostRules": rules, "pathMatchers": matchers}
        self._rest.call("PUT", thing.path, body)
        return thing.address

    def put_by_hand(self, collection: str, body: Mapping[str, object]) -> None:
        """Replace a resource by what somebody else wants it to be."""
        (thing,) = [t for t in self.things(collection) if t.body["name"] == body["name"]]
        self._rest.call("PUT", thing.path, body)

    def things(self, collection: str) -> list[Thing]:
        """Return everything of one collection that carries our mark."""
        return list(things(self._rest, (collection,)))

    # -- the product ---------------------------------------------------------------------------

    def target(self, identity: Identity) -> CloudTarget:
        """Return how the product reaches the project."""
        return CloudTarget(
            identity=identity,
            region=self.project.region,
            project=self.project.project,
            endpoint_url=self.url,
        )

    def open_reader(self, identity: Identity) -> Reader[object, object]:
        """Return a fresh reader."""
        if (identity, True) not in self._clients:
            self._clients[identity, True] = Client(self.target(identity), clock=self.clock)
        reader = GcpReader(self._clients[identity, True], today=self._today)
        return cast("Reader[object, object]", reader)

    def _today(self) -> datetime:
        """Return the emulator's time of day, which is real again after every reset."""
        skipped = self._cloud.now() - time.monotonic() - self._forgotten
        return datetime.now(UTC) + timedelta(seconds=skipped)

    def open_writer(self, identity: Identity, fence: Fence) -> Writer:
        """Return a fresh writer behind the first fence it was asked for."""
        if (identity, False) not in self._clients:
            made = Client(self.target(identity), fence=fence, clock=self.clock)
            self._clients[identity, False] = made
        return GcpWriter(self._clients[identity, False], journal=Journal(self.clock))

    # -- knobs ---------------------------------------------------------------------------------

    def reset(self) -> None:
        """Empty the project but for its network, every knob at its default."""
        self._cloud.reset(keep_network=True)
        self._forgotten = self._cloud.now() - time.monotonic()
        pair = _uploaded()
        self._cloud.place(
            f"projects/{self.project.project}/global/sslCertificates",
            {
                "name": CERTIFICATE,
                "type": "SELF_MANAGED",
                "selfManaged": {"certificate": pair.certificate, "privateKey": pair.key},
            },
        )
        self._cloud.calls.clear()

    def slow(self, pace: Pace) -> None:
        """Let things take their time; what lags elsewhere is an operation that takes long here."""
        self._cloud.configure(
            operation_seconds=max(pace.lag, pace.provisioning / 10),
            propagation_seconds=pace.provisioning,
            health_seconds=pace.health,
            draining_seconds=pace.draining,
        )

    def limit_rules(self, value: int) -> None:
        """Set how many hosts a URL map tells apart."""
        self._cloud.limits[HOST_RULES] = value

    def limit_load_balancers(self, value: int) -> None:
        """Set the project's quota of forwarding rules."""
        self._cloud.quotas[FORWARDING_RULES] = value

    def sicken(self, machine: Machine) -> None:
        """Let a machine fail its health checks, not the pods on it."""
        self._cloud.unhealthy.add(machine.address)

    def mutating(self) -> Counter[str]:
        """Return how often each operation has changed something."""
        return self._cloud.calls.counts()

    def asking(self) -> Counter[str]:
        """Return how often each operation has only read something."""
        return Counter(call.operation for call in self._cloud.calls if not call.mutates)

    def forget_calls(self) -> None:
        """Forget every call so far."""
        self._cloud.calls.clear()

    def kill_after(self, calls: int, callback: Callable[[], None]) -> None:
        """Run ``callback`` once so many calls have changed something."""
        self._cloud.faults.kill_after(calls, callback)

    def lose_response(self, operation: str, *, skip: int) -> None:
        """Carry a call out and cut the line instead of answering."""
        self._cloud.faults.lose_response(operation, skip=skip)

    def throttle(self, operation: str) -> None:
        """Refuse the next call of an operation as too fast."""
        self._cloud.faults.throttle(operation)

    def deny_writes(self) -> None:
        """Refuse every method that Google does not publish as reading."""
        for operation in writing():
            self._cloud.faults.deny(operation)

    def deny(self, operation: str) -> None:
        """Refuse one operation."""
        self._cloud.faults.deny(operation)

    def fail_operation(self, operation: str) -> None:
        """Let the next call of an operation be accepted and fail afterwards."""
        self._cloud.faults.fail_operation(operation)

    def add_newer_fields(self, *names: str) -> None:
        """Let the API have fields that its published description lacks."""
        self._cloud.newer_fields.update(names)

    def clear_faults(self) -> None:
        """Take every fault away."""
        self._cloud.faults.clear()

    # -- what a plan says ----------------------------------------------------------------------

    def misshapen(self, plan: Plan) -> Sequence[str]:
        """Return every planned value and call that Google's own description refuses."""
        problems = [problem for step in plan.steps for problem in misshapen_fields(step)]
        return [*problems, *(p for step in plan.steps for p in misshapen_calls(step))]

    def misread(self, plan: Json) -> Sequence[str]:
        """Compare a plan's creations, field by field, with what plain REST reads."""
        return list(Comparison(self._rest).problems(plan))

"""A Google project as the place of a scene, and words to look at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from providers.gcp import GcpProvider
from providers.gcp.account import Facts, Wanted
from providers.gcp.client import Client
from providers.gcp.execute import GcpWriter
from providers.gcp.live.journal import Journal
from providers.gcp.reader import GcpReader
from provisioner.model.settings import Identity
from provisioner.ports import CloudTarget, Fence, Provider, Reader, Writer
from provisioner.sandbox.cluster.server import ClusterServer
from provisioner.sandbox.gcp.account import ProjectInfo, make_project
from provisioner.sandbox.gcp.calls import CallRecord
from provisioner.sandbox.gcp.server import CloudServer
from provisioner.sandbox.gcp.stage import GcpStage
from provisioner.sandbox.stage import cluster_for, furnish
from tests.contract.provider.gcp_things import Rest, Thing, healthy, path_of, routes, things
from tests.e2e.controller.scene import HurriedClock, Scene
from tests.e2e.gcp import emptiness

MEMBERSHIP = {
    "networkEndpointGroups.attachNetworkEndpoints",
    "networkEndpointGroups.detachNetworkEndpoints",
}


class HurriedProvider(GcpProvider):
    """The Google provider, calling faster than Google would let us."""

    def open_reader(self, target: CloudTarget) -> Reader[Wanted, Facts]:
        return GcpReader(Client(target, clock=HurriedClock()))

    def open_writer(
        self, target: CloudTarget, fence: Fence, reader: Reader[Wanted, Facts]
    ) -> Writer:
        client = Client(target, fence=fence, clock=HurriedClock())
        journal = reader.journal if isinstance(reader, GcpReader) else Journal(client.clock)
        return GcpWriter(client, journal=journal)


def hurried() -> Provider[object, object]:
    """Return the provider that most tests use."""
    provider: object = HurriedProvider()
    return provider  # type: ignore[return-value]  # whoever wires it need not know its facts


class Project(Scene):
    """A cluster beside a Google project."""

    ingress_class = "gce"
    waits_as = "UNHEALTHY"

    def __init__(
        self, cloud: CloudServer, project: ProjectInfo, cluster: ClusterServer, folder: Path
    ) -> None:
        super().__init__(cluster, folder)
        self.cloud = cloud
        self.project = project
        self.rest = Rest(cloud.url, project.project)

    def target(self, identity: Identity) -> CloudTarget:
        """Return how a controller reaches the project."""
        return GcpStage(self.cloud, self.project).target(identity)

    def hurried(self) -> Provider[object, object]:
        """Return the provider that most tests use."""
        return hurried()

    @property
    def calls(self) -> Sequence[CallRecord]:
        """Every call of the controllers, without the questions of the tests."""
        return [call for call in self.cloud.calls if call.operation not in _QUESTIONS]

    def counts(self) -> Counter[str]:
        """How often each operation changed something."""
        return self.cloud.calls.counts()

    def serving(self) -> dict[str, set[str]]:
        """Healthy targets by host and path, without what leads to a 404."""
        found: dict[str, set[str]] = {}
        for thing in things(self.rest, ("urlMaps",)):
            for route, services in routes(thing.body):
                states = [healthy(self.rest, service) for service in services]
                targets = {t for state in states if state is not None for t in state}
                if any(state is not None for state in states):
                    found[route] = targets
        return found

    def forget_calls(self) -> None:
        """Begin to count anew."""
        self.cloud.calls.clear()

    def let_health_take(self, seconds: float) -> None:
        """Let new targets be healthy after so long, those that are waiting included."""
        self.cloud.configure(health_seconds=seconds)

    def health_questions(self) -> int:
        """How often somebody asked for the health of targets."""
        return sum(call.operation == "backendServices.getHealth" for call in self.cloud.calls)

    def incumbent_gate(self) -> str:
        """GKE's gate, which names nothing."""
        return "cloud.google.com/load-balancer-neg-ready"

    def left(self) -> list[str]:
        """What is in the project but its network and machines."""
        return emptiness.left(self.cloud.url, self.project.project)

    def rules(self) -> dict[str, list[str]]:
        """Where requests go, by host and path."""
        maps = things(self.rest, ("urlMaps",))
        return {route: services for thing in maps for route, services in routes(thing.body)}

    def targets_of(self, service: str, *, state: str = "healthy") -> set[str]:
        """Addresses of the endpoints of a Service that are healthy, or (``initial``) are not."""
        return {
            address
            for thing in things(self.rest, ("backendServices",))
            if f"/{service}:" in thing.address
            for address, is_healthy in endpoint_health(self.rest, thing).items()
            if is_healthy is (state == "healthy")
        }

    def certificates(self) -> dict[str, str]:
        """The text of every certificate that an HTTPS proxy uses, by its id."""
        used = {
            path_of(link)
            for proxy in self.rest.everything("targetHttpsProxies")
            for link in proxy.get("sslCertificates", ())
        }
        return {
            each["id"]: each["certificate"]
            for each in self.rest.everything("sslCertificates")
            if path_of(each["selfLink"]) in used
        }

    def certificates_held(self) -> int:
        """How many certificates the project holds."""
        return len(self.rest.everything("sslCertificates"))

    def pods(self, service: str) -> set[str]:
        """Ready pods of a Service, as Google writes endpoints."""
        return {f"{address}:8080" for address in self.ready(service)}

    def close(self) -> None:
        """Close the connection."""
        self.rest.close()


def endpoint_health(rest: Rest, service: Thing) -> dict[str, bool]:
    """Return by address whether what is behind a backend service is healthy."""
    states = [
        each
        for backend in service.body.get("backends", ())
        for each in rest.call("POST", f"{service.path}/getHealth", {"group": backend["group"]}).get(
            "healthStatus", ()
        )
    ]
    return {each["ipAddress"]: each["healthState"] == "HEALTHY" for each in states}


@contextmanager
def a_project(folder: Path) -> Iterator[Project]:
    """Run a project with two machines and a cluster beside it."""
    with CloudServer() as cloud:
        project = make_project(cloud)
        cloud.calls.clear()
        place = GcpStage(cloud, project)
        with cluster_for(place, ready_seconds=0.05) as cluster:
            furnish(cluster, place)
            cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
            with closing(Project(cloud, project, cluster, folder)) as made:
                yield made


_QUESTIONS = {"urlMaps.aggregatedList", "backendServices.get", "backendServices.getHealth"}

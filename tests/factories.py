"""Builders of model objects: short words for what a test is about, sound defaults for the rest.

Every builder returns the real, frozen value. Names are written ``shop/web``; annotations whose key
has no slash get the AWS prefix, because most tests are about those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from provisioner.core import annotations as settings_of
from provisioner.core.annotations import ForwardTo, ModeWish, NamedAction, ServiceWeight
from provisioner.core.front import certificates_or_http
from provisioner.core.json_values import listen_ports
from provisioner.core.translate import intents
from provisioner.core.values import (
    boolean,
    choice,
    cidrs,
    group_name,
    integer,
    string_map,
    strings,
    text,
)
from provisioner.model.annotation import (
    Annotation,
    ClassWord,
    ClassWords,
    Inexpressible,
    Merge,
    Place,
    Setting,
)
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import (
    BackendId,
    Compatibility,
    FixedResponse,
    Intent,
    LoadBalancerIntent,
    Redirect,
    Scheme,
    TargetMode,
)
from provisioner.model.kube import (
    NO_STRINGS,
    Autoscaler,
    Endpoint,
    EndpointPort,
    EndpointSlice,
    HttpPath,
    Ingress,
    IngressBackend,
    IngressClass,
    IngressRule,
    IngressTls,
    Key,
    LoadBalancerClass,
    Meta,
    Namespace,
    Node,
    Parameters,
    PortRef,
    Service,
    ServicePort,
    Taint,
    Tenant,
    Workload,
)
from provisioner.model.resource import Observed, ObservedResource, Resource
from provisioner.model.selector import LabelSelector
from provisioner.model.settings import FINALIZER, Identity, Settings
from provisioner.model.snapshot import Snapshot
from provisioner.model.words import BackendWords, FrontWords

T = TypeVar("T")

ALB = "alb.ingress.kubernetes.io/"
PORTABLE = "ingress-provisioner.io/"
PARAMETERS_GROUP = "elbv2.k8s.aws"

KubeObject = (
    Ingress
    | IngressClass
    | LoadBalancerClass
    | Service
    | EndpointSlice
    | Node
    | Workload
    | Autoscaler
    | Namespace
    | Parameters
)


def a_meta(name: str, *, created: str = "") -> Meta:
    """Return metadata of ``namespace/name`` (or of a cluster-scoped name)."""
    key = Key.parse(name)
    return Meta(name=key.name, namespace=key.namespace, created=created)


def some_annotations(annotations: Mapping[str, str]) -> dict[str, str]:
    """Return annotations with the AWS prefix put before bare keys."""
    return {key if "/" in key else ALB + key: value for key, value in annotations.items()}


def a_backend(backend: str) -> IngressBackend:
    """Return a backend from ``service:port``, where the port is a number or a name."""
    service, _, port = backend.partition(":")
    ref = PortRef(number=int(port)) if port.isdigit() else PortRef(name=port)
    return IngressBackend(service=service, port=ref)


def a_path(path: str = "/", backend: str = "web:80", *, path_type: str = "Prefix") -> HttpPath:
    """Return one path of a rule."""
    return HttpPath(path=path, path_type=path_type, backend=a_backend(backend))


def a_rule(host: str = "shop.example.com", *paths: HttpPath) -> IngressRule:
    """Return a rule; without paths it has the one that ``a_path`` makes."""
    return IngressRule(host=host, paths=paths or (a_path(),))


def an_ingress(
    name: str = "shop/web",
    *,
    rules: Sequence[IngressRule] | None = None,
    default_backend: str = "",
    annotations: Mapping[str, str] = NO_STRINGS,
    class_name: str | None = "alb",
    tls: Sequence[str] = (),
    created: str = "",
    deleting: bool = False,
    ours: bool = False,
) -> Ingress:
    """Return an Ingress; ``ours`` puts our finalizer on it, ``tls`` names hosts."""
    meta = replace(
        a_meta(name, created=created),
        annotations=some_annotations(annotations),
        deleting=deleting,
        finalizers=(FINALIZER,) if ours else (),
    )
    return Ingress(
        meta=meta,
        class_name=class_name,
        rules=tuple(rules) if rules is not None else (a_rule(),),
        default_backend=a_backend(default_backend) if default_backend else None,
        tls=(IngressTls(hosts=tuple(tls)),) if tls else (),
    )


def a_port(
    port: int = 80, *, name: str = "", target_port: int | str = 8080, node_port: int = 0
) -> ServicePort:
    """Return a Service port."""
    return ServicePort(port=port, name=name, target_port=target_port, node_port=node_port)


def a_service(
    name: str = "shop/web",
    *ports: ServicePort,
    service_type: str = "NodePort",
    annotations: Mapping[str, str] = NO_STRINGS,
    local: bool = False,
    selector: Mapping[str, str] | None = None,
) -> Service:
    """Return a Service that selects ``app: <its name>``; ``local`` is its traffic policy."""
    meta = replace(a_meta(name), annotations=some_annotations(annotations))
    return Service(
        meta=meta,
        type=service_type,
        ports=ports or (a_port(),),
        selector={"app": meta.name} if selector is None else selector,
        external_traffic_policy="Local" if local else "Cluster",
        cluster_ip="10.100.0.1",
    )


def an_endpoint(
    ip: str = "10.0.0.1",
    *,
    node: str = "n1",
    ready: bool | None = True,
    terminating: bool | None = None,
    zone: str = "",
) -> Endpoint:
    """Return an endpoint with a pod behind it."""
    pod = "pod-" + ip.replace(".", "-").replace(":", "-")
    return Endpoint(
        addresses=(ip,), ready=ready, terminating=terminating, node_name=node, zone=zone, pod=pod
    )


def a_slice(
    service: str = "shop/web",
    *endpoints: Endpoint,
    port: int = 8080,
    port_name: str = "",
    suffix: str = "abc12",
    address_type: str = "IPv4",
) -> EndpointSlice:
    """Return an EndpointSlice of a Service."""
    key = Key.parse(service)
    return EndpointSlice(
        meta=Meta(name=f"{key.name}-{suffix}", namespace=key.namespace),
        service=key.name,
        address_type=address_type,
        ports=(EndpointPort(number=port, name=port_name),),
        endpoints=endpoints,
    )


def a_node(
    name: str = "n1",
    *,
    ready: str = "True",
    labels: Mapping[str, str] = NO_STRINGS,
    taints: Sequence[Taint] = (),
    provider_id: str = "",
) -> Node:
    """Return a node; its instance id is derived from its name."""
    return Node(
        meta=replace(a_meta(name), labels=labels),
        provider_id=provider_id or f"aws:///eu-west-1a/i-{name}",
        ready=ready,
        taints=tuple(taints),
    )


def a_workload(
    name: str = "shop/web",
    *,
    replicas: int = 2,
    max_surge: str = "25%",
    kind: str = "Deployment",
    labels: Mapping[str, str] | None = None,
    container_ports: Sequence[tuple[str, int]] = (),
) -> Workload:
    """Return a workload whose pods are labelled ``app: <its name>``."""
    meta = a_meta(name)
    return Workload(
        meta=meta,
        kind=kind,
        replicas=replicas,
        pod_labels={"app": meta.name} if labels is None else labels,
        container_ports=tuple(container_ports),
        max_surge=max_surge,
    )


def an_autoscaler(
    name: str = "shop/web", *, maximum: int, kind: str = "Deployment", target: str = ""
) -> Autoscaler:
    """Return a HorizontalPodAutoscaler of the workload of its name."""
    meta = a_meta(name)
    return Autoscaler(
        meta=meta, target_kind=kind, target_name=target or meta.name, max_replicas=maximum
    )


def an_ingress_class(
    name: str = "alb",
    *,
    controller: str = "ingress-provisioner.io/aws",
    parameters: tuple[str, str, str] | None = None,
) -> IngressClass:
    """Return an IngressClass."""
    return IngressClass(meta=a_meta(name), controller=controller, parameters=parameters)


def a_load_balancer_class(
    name: str = "edge",
    *,
    ingress_classes: Sequence[str] = ("alb",),
    defaults: Mapping[str, str] = NO_STRINGS,
    enforced: Mapping[str, str] = NO_STRINGS,
    compatibility: str = "",
    pods_routable: bool | None = None,
    tenants: Sequence[Tenant] | None = None,
) -> LoadBalancerClass:
    """Return a LoadBalancerClass bound by name."""
    return LoadBalancerClass(
        meta=a_meta(name),
        provider="aws",
        ingress_classes=tuple(ingress_classes),
        defaults=defaults,
        enforced=enforced,
        compatibility=compatibility,
        pods_routable=pods_routable,
        tenants=None if tenants is None else tuple(tenants),
    )


def a_namespace(name: str, **labels: str) -> Namespace:
    """Return a namespace with these labels and the one that every namespace has."""
    named = {"kubernetes.io/metadata.name": name}
    return Namespace(meta=replace(a_meta(name), labels={**named, **labels}))


def some_parameters(
    *words: ClassWord,
    name: str = "params",
    of_first: Sequence[ClassWord] = (),
    namespaces: LabelSelector | None = None,
    diagnostics: Sequence[Diagnostic] = (),
) -> Parameters:
    """Return a parameters object of which ``ADialect`` reads just these words."""
    said = ClassWords(
        words=words,
        of_first=tuple(of_first),
        namespaces=namespaces,
        diagnostics=tuple(diagnostics),
    )
    return Parameters(
        meta=a_meta(name), group=PARAMETERS_GROUP, kind="IngressClassParams", spec={"words": said}
    )


def a_config(
    kind: str,
    name: str,
    spec: Mapping[str, object] = NO_STRINGS,
    *,
    status: Mapping[str, object] = NO_STRINGS,
) -> Parameters:
    """Return an object of settings that an annotation names: a BackendConfig, say."""
    group = "cloud.google.com" if kind == "BackendConfig" else "networking.gke.io"
    return Parameters(meta=a_meta(name), group=group, kind=kind, spec=spec, status=status)


def some_settings(
    *,
    compatibility: Compatibility = Compatibility.KUBERNETES,
    classes: Sequence[str] = (),
    target_mode: str = "",
    tags: Mapping[str, str] = NO_STRINGS,
) -> Settings:
    """Return settings of the cluster ``test``; use ``dataclasses.replace`` for rarer ones."""
    return Settings(
        identity=Identity(cluster_name="test"),
        compatibility=compatibility,
        classes=tuple(classes),
        target_mode=target_mode,
        tags=tags,
    )


def a_snapshot(*objects: KubeObject, live: bool = False, complete: bool | None = None) -> Snapshot:
    """Return a snapshot of these objects, filed by kind; a live one is complete."""
    slices: dict[Key, list[EndpointSlice]] = {}
    for item in _of(EndpointSlice, objects):
        slices.setdefault(item.service_key, []).append(item)
    return Snapshot(
        live=live,
        complete=live if complete is None else complete,
        ingresses={i.key: i for i in _of(Ingress, objects)},
        classes={c.meta.name: c for c in _of(IngressClass, objects)},
        load_balancer_classes={c.meta.name: c for c in _of(LoadBalancerClass, objects)},
        services={s.key: s for s in _of(Service, objects)},
        slices={k: tuple(sorted(v, key=lambda s: s.meta.name)) for k, v in slices.items()},
        nodes={n.name: n for n in _of(Node, objects)},
        workloads=tuple(_of(Workload, objects)),
        autoscalers=tuple(_of(Autoscaler, objects)),
        parameters={
            (p.group, p.kind, p.meta.name): p
            for p in _of(Parameters, objects)
            if not p.meta.namespace
        },
        objects={(p.kind, p.meta.key): p for p in _of(Parameters, objects) if p.meta.namespace},
        namespaces={n.name: n.meta for n in _of(Namespace, objects)},
    )


def _of(kind: type[T], objects: Sequence[KubeObject]) -> list[T]:
    return [item for item in objects if isinstance(item, kind)]


class ADialect:
    """A provider's words without a cloud behind them: class ``alb``, a few native annotations."""

    name = "aws"
    controller = "ingress-provisioner.io/aws"
    prefixes = (ALB,)

    @property
    def annotations(self) -> tuple[Annotation[object], ...]:
        """One annotation of each kind that the translation treats differently."""
        both = frozenset({Place.INGRESS, Place.SERVICE})
        own = frozenset({Place.INGRESS})
        modes = {"instance": ModeWish.NODE_PORT, "ip": ModeWish.POD}
        schemes = {"internal": Scheme.INTERNAL, "internet-facing": Scheme.EXTERNAL}
        return (
            _native("target-type", settings_of.TARGET_MODE, choice(modes), both, Merge.OWN),
            _native("scheme", settings_of.SCHEME, choice(schemes), own, Merge.EXCLUSIVE),
            _native("group.name", settings_of.GROUP, group_name, own, Merge.OWN),
            _native("group.order", settings_of.GROUP_ORDER, integer(-1000, 1000), own, Merge.OWN),
            _native("tags", settings_of.TAGS, string_map, both, Merge.UNION),
            _native("subnets", settings_of.SUBNETS, strings, own, Merge.EXCLUSIVE),
            _native("inbound-cidrs", settings_of.INBOUND_CIDRS, cidrs, own, Merge.PER_PORT),
            _native("ssl-policy", settings_of.SSL_POLICY, text, own, Merge.PER_PORT),
            _native("listen-ports", settings_of.LISTEN_PORTS, listen_ports, own, Merge.UNION),
            _native("certificate-arn", settings_of.CERTIFICATES, strings, own, Merge.UNION),
            _native("actions.*", settings_of.ACTIONS, an_action, own, Merge.OWN),
            _native("conditions.*", Setting("conditions"), text, own, Merge.OWN),
            _native("use-regex", Setting("use-regex"), boolean, own, Merge.OWN),
            _native("waf", Setting("waf"), text, own, Merge.EXCLUSIVE),
            _native("mtls", Setting("mtls"), text, own, Merge.PER_PORT),
            _native("listener-attributes.*", LISTENER_ATTRIBUTES, string_map, own, Merge.UNION),
            _native("extra-tags", Setting("extra-tags"), string_map, own, Merge.UNION),
            _native("pool.*", Setting("pool"), text, own, Merge.EXCLUSIVE),
            _native("control-port.*", Setting("control-port"), text, both, Merge.OWN),
            _native("sticky", Setting("sticky"), boolean, both, Merge.OWN),
            _native("auth", Setting("auth"), text, both, Merge.RULE),
        )

    def inexpressible(self, setting: str, value: object) -> Inexpressible | None:
        """Return what this cloud cannot do: it can do all that can be said."""

    def infers_class(self, name: str | None) -> bool:
        """Tell whether files may use this class name without its object."""
        return name == "alb"

    parameter_kinds = frozenset({(PARAMETERS_GROUP, "IngressClassParams")})
    object_kinds: frozenset[tuple[str, str]] = frozenset()
    incumbent_controllers = frozenset({"ingress.k8s.aws/alb"})

    def incumbent_serves(self, *, annotation: str | None, class_name: str | None) -> bool:
        """Return False: the other controller goes by IngressClasses."""
        return False

    def incumbent_trace(self, ingress: Ingress) -> str:
        """Return the finalizer of the one product that it knows."""
        held = (name for name in ingress.meta.finalizers if name.startswith("theirs.example/"))
        return next((f"finalizer {name}" for name in held), "")

    def neighbour(self, *, controller: str, class_name: str) -> str:
        """Return the one product that it knows."""
        known = controller == "ingress.k8s.aws/alb" or class_name == "theirs"
        return "Their Controller" if known else ""

    def class_words(self, parameters: Parameters) -> ClassWords:
        """Return what test parameters state: their spec holds a ClassWords under ``words``."""
        found = parameters.spec.get("words")
        return found if isinstance(found, ClassWords) else ClassWords()

    def front_words(self, ingress: Ingress, values: Mapping[str, object]) -> FrontWords:
        """Return HTTPS where a certificate is named, HTTP where none is."""
        return certificates_or_http(values)

    def backend_words(
        self,
        values: Mapping[str, object],
        port: ServicePort,
        *,
        compatibility: Compatibility,
    ) -> BackendWords:
        """Return the incumbent's target mode: ``instance``, until someone says otherwise."""
        incumbent = compatibility is Compatibility.INCUMBENT
        return BackendWords(default_mode=TargetMode.NODE_PORT if incumbent else None)

    def node_impossible(self, node: Node) -> str:
        """Return why a node can never be a target."""
        fargate = node.meta.labels.get("eks.amazonaws.com/compute-type") == "fargate"
        return "it is a Fargate node" if fargate else ""

    def served(self, resource: ObservedResource, host: str) -> frozenset[Key]:
        """Return the Ingresses of a resource that is said to serve a host."""
        return frozenset(resource.ingresses if resource.spec.get("Host") == host else ())

    def named_class(self, name: str) -> ClassWords:
        """Return nothing: no class name says anything here."""
        return ClassWords()

    def backends_in(self, resources: Iterable[Resource | ObservedResource]) -> frozenset[BackendId]:
        """Return the backends in specs, each as ``<namespace>/<ingress>/<service>:<port>``."""
        said = (resource.spec.get("Backend") for resource in resources)
        texts = (text.split("/") for text in said if isinstance(text, str))
        return frozenset(
            BackendId(
                ingress=Key(namespace, name),
                service=Key(namespace, port.partition(":")[0]),
                port=port.partition(":")[2],
            )
            for namespace, name, port in texts
        )

    def fallback(
        self, intent: LoadBalancerIntent, present: Iterable[ObservedResource]
    ) -> Service | None:
        """Return nothing: a load balancer answers 404 by itself."""

    def by_host(
        self, host: str, options: Mapping[str, object]
    ) -> Mapping[str, Mapping[str, object]]:
        """Return the one host of a path: no option here adds any."""
        return {host: options}


LISTENER_ATTRIBUTES: Setting[Mapping[str, str]] = Setting("listener-attributes")


def an_action(raw: str) -> NamedAction:
    """Return an action from ``redirect``, a status code, or ``a:80=1,b:80=2``."""
    if raw == "redirect":
        return Redirect(status=302, host="other.example.com")
    if raw.isdigit():
        return FixedResponse(status=int(raw))
    return ForwardTo(
        services=tuple(
            ServiceWeight(
                service=(backend := a_backend(name)).service, port=backend.port, weight=int(weight)
            )
            for name, weight in string_map(raw).items()
        )
    )


def _native(
    suffix: str,
    setting: Setting[T],
    parse: Callable[[str], T],
    places: frozenset[Place],
    merge: Merge,
) -> Annotation[object]:
    return settings_of.annotation(
        ALB + suffix, setting, parse, places=places, merge=merge, type_name="", summary=""
    )


def an_intent(
    *objects: KubeObject,
    live: bool = False,
    settings: Settings | None = None,
    observed: Observed | None = None,
    refused: Mapping[Key, Diagnostic] | None = None,
) -> Intent:
    """Return what objects mean in the words of ``ADialect``."""
    return intents(
        a_snapshot(*objects, live=live),
        ADialect(),
        settings or some_settings(),
        observed=observed or Observed(),
        refused=refused or {},
    )


def something_of(ingress: str, group: str) -> Observed:
    """Return a cloud that holds one thing of an Ingress in a group."""
    address = f"aws:listener-rule/{group}/80/0123456789"
    resource = ObservedResource(
        kind="ListenerRule", address=address, group=group, ingresses=(Key.parse(ingress),)
    )
    return Observed(resources={address: resource})

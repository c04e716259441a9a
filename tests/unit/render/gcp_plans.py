"""Hand-built plans for Google Cloud: one of everything a renderer must show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from provisioner.model.change import Action, Call, FieldChange, Step, Wait, WaitFor
from provisioner.model.diagnostic import warning
from provisioner.model.kube import Key
from provisioner.model.plan import LoadBalancerPlan, Plan
from provisioner.model.resource import PlainInput, Ref, Resource, Unknown, freeze_spec
from tests.unit.render import plans

LINK = "selfLink"
PROJECT = "projects/example-shop"
ZONE = "europe-west1-b"
WEB = "gcp:backend-service/shop/web/web:80/pod"
CART = "gcp:backend-service/shop/web/cart:80/pod"
NOTHING = "gcp:backend-service/shared/nothing/global-external"
GROUP = f"gcp:network-endpoint-group/shop/web/web:80/pod/{ZONE}"
MAP = "gcp:url-map/shop/web/main"
PROXY = "gcp:target-https-proxy/shop/web/443"

ANSWER_404: Mapping[str, PlainInput] = {
    "faultInjectionPolicy": {"abort": {"httpStatus": 404, "percentage": 100}}
}


def mark(address: str, **more: object) -> str:
    """Return a description with our marks and whatever else stands in it."""
    words = {"owner": "shop/uid/default", "group": "shop/web", "resource": address}
    return json.dumps({**{f"ingress-provisioner.io/{k}": v for k, v in words.items()}, **more})


def service(address: str) -> Ref:
    """Return a reference to a backend service."""
    return Ref(address, LINK)


def rule(deed: PlainInput, *paths: str) -> PlainInput:
    """Return a path rule that leads to a service, or does what is given."""
    what: Mapping[str, PlainInput] = deed if isinstance(deed, Mapping) else {"service": deed}
    return {"paths": list(paths), **what}


def matcher(
    name: str, *rules: PlainInput, ingress: str = "shop/web", **more: PlainInput
) -> PlainInput:
    """Return a path matcher that answers 404 where no path matches."""
    return {
        "name": name,
        "description": json.dumps({"ingress-provisioner.io/ingress": ingress}),
        "defaultService": service(NOTHING),
        "defaultRouteAction": ANSWER_404,
        "pathRules": list(rules),
        **more,
    }


def host_rules(**matchers: str) -> PlainInput:
    """Return host rules by the name of the path matcher."""
    return [{"hosts": [host], "pathMatcher": name} for name, host in matchers.items()]


def shifted(first: int, second: int) -> PlainInput:
    """Return an action that splits traffic between two backend services."""
    split: PlainInput = [
        {"backendService": service(WEB), "weight": first},
        {"backendService": service(CART), "weight": second},
    ]
    return {"routeAction": {"weightedBackendServices": split}}


REDIRECT: PlainInput = {
    "urlRedirect": {"pathRedirect": "/new", "redirectResponseCode": "FOUND", "stripQuery": True}
}
REWRITE: PlainInput = {
    "service": service(WEB),
    "routeAction": {"urlRewrite": {"pathPrefixRewrite": "/"}},
}


def content() -> dict[str, PlainInput]:
    """Return the content of a URL map with one of everything."""
    return {
        "defaultService": service(NOTHING),
        "defaultRouteAction": ANSWER_404,
        "hostRules": host_rules(shop="shop.example.com", any="*.example.com"),
        "pathMatchers": [
            matcher(
                "shop",
                rule(service(WEB), "/"),
                rule(service(CART), "/cart", "/cart/*"),
                rule(shifted(90, 10), "/beta/*"),
                rule(REDIRECT, "/old"),
                rule(REWRITE, "/v1/*"),
            ),
            matcher("any", rule(service(WEB), "/*")),
        ],
    }


def step(action: Action, kind: str, address: str, **more: object) -> Step:
    """Return a step of load balancer shop/web."""
    return plans.step(action, kind, address, **more)


def created(kind: str, address: str, **fields: PlainInput) -> Step:
    """Return a creation with our marks."""
    whole = {"description": mark(address), "name": f"ipr-{kind.lower()}", **fields}
    return step(
        Action.CREATE,
        kind,
        address,
        name=f"ipr-{kind.lower()}",
        reason="does not exist",
        fields=tuple(plans.field(name, None, value) for name, value in sorted(whole.items())),
        calls=(call(f"{kind}.insert", address),),
    )


def call(operation: str, address: str, body: Mapping[str, PlainInput] | None = None) -> Call:
    """Return a call with a body."""
    parameters = freeze_spec({"scope": "global", "body": body or {}})
    return Call(service="compute", operation=operation, parameters=parameters, address=address)


def updated_map(before: Sequence[PlainInput], after: Sequence[PlainInput], **hosts: str) -> Step:
    """Return an update of path matchers; what else the map has is in the call alone."""
    body: dict[str, PlainInput] = {"hostRules": host_rules(**hosts), "pathMatchers": list(after)}
    return step(
        Action.UPDATE,
        "UrlMap",
        MAP,
        reason="pathMatchers differ",
        fields=(plans.field("pathMatchers", list(before), list(after)),),
        calls=(call("urlMaps.update", MAP, body),),
    )


def endpoint(number: int, machine: str = "gke-1") -> PlainInput:
    """Return an endpoint of a network endpoint group."""
    return {"instance": machine, "ipAddress": f"10.4.0.{number}", "port": 8080}


def backend_service() -> Step:
    """Return the creation of a backend service, with all that Google would fill in."""
    behind: PlainInput = {
        "group": Ref(GROUP, LINK),
        "balancingMode": "RATE",
        "maxRatePerEndpoint": 1,
        "capacityScaler": 1,
    }
    return created(
        "BackendService",
        WEB,
        affinityCookieTtlSec=0,
        backends=[behind],
        connectionDraining={"drainingTimeoutSec": 0},
        customRequestHeaders=[],
        enableCDN=False,
        healthChecks=[Ref("gcp:health-check/shop/web/web:80/pod", LINK)],
        iap={"enabled": False},
        loadBalancingScheme="EXTERNAL_MANAGED",
        protocol="HTTP",
        securityPolicy=f"{PROJECT}/global/securityPolicies/strict",
        timeoutSec=60,
    )


def endpoints(action: Action, before: PlainInput, after: PlainInput) -> Step:
    """Return a change of the endpoints in a group."""
    address = GROUP.replace("network-endpoint-group", "network-endpoints")
    return step(
        action,
        "NetworkEndpoints",
        address,
        title=f"pods of web:80 in {ZONE}",
        fields=(plans.field("networkEndpoints", before, after),),
    )


def taken_over() -> FieldChange:
    """Return how GKE's description gets our marks."""
    words = {"kubernetes.io/ingress-name": "shop/web"}
    address = "gcp:forwarding-rule/shop/web/80"
    return plans.field("description", json.dumps(words), mark(address, **words))


def machines(*names: str) -> PlainInput:
    """Return links of instances."""
    return [f"{PROJECT}/zones/{ZONE}/instances/{name}" for name in names]


def resource(kind: str, address: str, spec: Mapping[str, PlainInput]) -> Resource:
    """Return a desired resource with our marks."""
    return plans.resource(kind, address, {"description": mark(address), **spec})


def resources() -> tuple[Resource, ...]:
    """Return a small load balancer, from forwarding rule to endpoints."""
    rule_address = "gcp:forwarding-rule/shop/web/443"
    return (
        resource(
            "ForwardingRule",
            rule_address,
            {
                "loadBalancingScheme": "EXTERNAL_MANAGED",
                "portRange": "443-443",
                "target": Ref(PROXY, LINK),
            },
        ),
        resource("TargetHttpsProxy", PROXY, {"urlMap": Ref(MAP, LINK)}),
        resource("UrlMap", MAP, content()),
        resource("BackendService", WEB, {"backends": [{"group": Ref(GROUP, LINK)}]}),
        resource("BackendService", CART, {"backends": ()}),
        resource("NetworkEndpointGroup", GROUP, {"zone": ZONE}),
        plans.resource(
            "NetworkEndpoints",
            GROUP.replace("network-endpoint-group", "network-endpoints"),
            {
                "networkEndpointGroup": Ref(GROUP, LINK),
                "networkEndpoints": [endpoint(1), endpoint(2)],
            },
        ),
    )


def rich_plan() -> Plan:
    """Return a plan with one of everything."""
    front = plans.part(
        mode=plans.decision(),
        steps=(
            created(
                "NetworkEndpointGroup",
                GROUP,
                network=f"{PROJECT}/global/networks/default",
                subnetwork=f"{PROJECT}/regions/europe-west1/subnetworks/default",
                zone=ZONE,
            ),
            endpoints(Action.CREATE, None, [endpoint(n) for n in range(1, 13)]),
            backend_service(),
            created("UrlMap", MAP, **content()),
            created(
                "ForwardingRule",
                "gcp:forwarding-rule/shop/web/443",
                IPAddress=Ref("gcp:address/shop/web/main", "IPAddress"),
                portRange="443-443",
                target=Ref(PROXY, LINK),
            ),
        ),
        usages=(plans.usage("bytes-per-url-map", 60_000, 65_536),),
        resources=resources(),
    )
    shared = plans.shared(steps=shared_steps())
    remark = warning("PATH-UNREACHABLE", "Ingress shop/web", message="Path /b never matches.")
    return plans.plan(front, changing(), provider="gcp", shared=shared, diagnostics=(remark,))


def changing() -> LoadBalancerPlan:
    """Return a load balancer whose map, endpoints and marks change."""
    before = [matcher("shop", rule(service(WEB), "/"), rule(service(CART), "/cart", "/old"))]
    after = [matcher("shop", rule(service(WEB), "/", "/new"), rule(service(CART), "/cart"))]
    split = [matcher("shop", rule(shifted(1, 0), "/*"))]
    moved = [matcher("shop", rule(shifted(0, 1), "/*"))]
    steps = (
        updated_map(before, after, shop="shop.example.com"),
        updated_map(split, moved, shop="shop.example.com"),
        updated_map(
            after, [matcher("shop", *rules_of(after[0]), ingress="shop/cart")], shop="a.example.com"
        ),
        endpoints(Action.UPDATE, [endpoint(1), endpoint(9)], [endpoint(9), endpoint(10)]),
        step(
            Action.UPDATE,
            "ForwardingRule",
            "gcp:forwarding-rule/shop/web/80",
            reason="adopted",
            fields=(taken_over(),),
        ),
        step(
            Action.DELETE,
            "BackendService",
            CART,
            name="ipr-be-cart",
            reason="no rule uses it any more",
            wait=WaitFor(kind=Wait.DRAINED, on=(CART,)),
        ),
    )
    return plans.part(
        group="shop/cart", ingresses=(Key("shop", "cart"),), digest="sha256:cart", steps=steps
    )


def rules_of(found: PlainInput) -> Sequence[PlainInput]:
    """Return the path rules of a path matcher."""
    rules = found["pathRules"] if isinstance(found, Mapping) else ()
    return rules if isinstance(rules, list) else []


def shared_steps() -> tuple[Step, ...]:
    """Return changes of what load balancers share."""
    group = f"gcp:instance-group/shared/{ZONE}"
    return (
        step(
            Action.UPDATE,
            "Instances",
            group.replace("group", "members"),
            group="shared",
            fields=(plans.field("instances", machines("gke-1", "gke-2"), machines("gke-2")),),
        ),
        step(
            Action.UPDATE,
            "NamedPorts",
            group.replace("group", "ports"),
            group="shared",
            fields=(
                plans.field(
                    "namedPorts",
                    [{"name": "port30080", "port": 30080}],
                    [{"name": "port30080", "port": 30080}, {"name": "port30443", "port": 30443}],
                ),
            ),
        ),
        step(
            Action.CREATE,
            "Firewall",
            "gcp:firewall/shared/google",
            group="shared",
            name="ipr-fw",
            fields=(
                plans.field("allowed", None, [{"IPProtocol": "tcp", "ports": ["8080", "8443"]}]),
                plans.field("description", None, mark("gcp:firewall/shared/google")),
                plans.field("direction", None, "INGRESS"),
                plans.field("name", None, "ipr-fw"),
                plans.field("priority", None, 1000),
                plans.field("targetTags", None, Unknown("the tags of the nodes")),
            ),
        ),
    )

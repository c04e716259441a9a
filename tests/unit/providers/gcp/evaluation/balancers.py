"""Load balancers made of a few resources, and requests to ask them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from providers.gcp import addresses
from providers.gcp.addresses import Kind
from provisioner.core.requests import parse_request
from provisioner.model.kube import Key
from provisioner.model.resource import SHARED, PlainInput, Ref, Resource, freeze_spec
from provisioner.model.route import Request

GROUP = "edge"
WEB = Key("shop", "web")
SELF_LINK = "selfLink"
OWNED = json.dumps({"ingress-provisioner.io/ingress": "shop/web"})


def a_request(url: str = "http://shop.example.com/", *, headers: Sequence[str] = ()) -> Request:
    """Return a request as it is typed."""
    return parse_request(url, headers=headers)


def a_resource(kind: Kind, address: str, **spec: PlainInput) -> Resource:
    """Return a resource of the Ingress shop/web; what is addressed as shared is."""
    parts = addresses.parse(address).rest.split("/")
    group = parts[0] if parts[0] in (GROUP, SHARED) else "/".join(parts[:2])
    return Resource(
        kind=kind.value, address=address, group=group, ingresses=(WEB,), spec=freeze_spec(spec)
    )


def a_front(
    port: int = 80, *, name: str = addresses.MAIN, https: bool = False, region: str = ""
) -> tuple[Resource, Resource]:
    """Return a forwarding rule and its proxy, which leads to a URL map of the group."""
    proxy = addresses.target_proxy(GROUP, port, https=https)
    kind = Kind.TARGET_HTTPS_PROXY if https else Kind.TARGET_HTTP_PROXY
    place: dict[str, PlainInput] = {"region": region} if region else {}
    return (
        a_resource(
            Kind.FORWARDING_RULE,
            addresses.forwarding_rule(GROUP, port),
            portRange=f"{port}-{port}",
            target=Ref(proxy, SELF_LINK),
            **place,
        ),
        a_resource(kind, proxy, urlMap=Ref(addresses.url_map(GROUP, name), SELF_LINK)),
    )


def a_map(
    hosts: Mapping[str, Mapping[str, PlainInput]],
    *,
    name: str = addresses.MAIN,
    **default: PlainInput,
) -> Resource:
    """Return a URL map: host -> path matcher; without a default it answers 404."""
    return a_resource(
        Kind.URL_MAP,
        addresses.url_map(GROUP, name),
        hostRules=[{"hosts": [host], "pathMatcher": f"m{n}"} for n, host in enumerate(hosts)],
        pathMatchers=[
            {"name": f"m{n}", "description": OWNED, **(answer(404, default=True) | dict(matcher))}
            for n, matcher in enumerate(hosts.values())
        ],
        **(default or answer(404, default=True)),
    )


def answer(status: int, *, default: bool = False) -> dict[str, PlainInput]:
    """Return an answer of the load balancer's own."""
    action: PlainInput = {
        "faultInjectionPolicy": {"abort": {"httpStatus": status, "percentage": 100}}
    }
    nothing = Ref(addresses.nothing("global-external"), SELF_LINK)
    if default:
        return {"defaultService": nothing, "defaultRouteAction": action}
    return {"service": nothing, "routeAction": action}


def paths(**rules: PlainInput) -> dict[str, PlainInput]:
    """Return path rules: ``/cart`` is written ``_cart``, what is below it ``_cart_``."""
    return {"pathRules": [{"paths": [_path(name)], **_deed(deed)} for name, deed in rules.items()]}


def a_service(name: str = "web", **spec: PlainInput) -> Resource:
    """Return a backend service."""
    return a_resource(Kind.BACKEND_SERVICE, service_address(name), **spec)


def service_address(name: str = "web") -> str:
    """Return the address of a backend service."""
    return addresses.backend_service(GROUP, f"shop/web/{name}:80/pod")


def to(name: str = "web") -> Ref:
    """Return the reference to a backend service."""
    return Ref(service_address(name), SELF_LINK)


def _path(name: str) -> str:
    path = name.replace("_", "/")
    return f"{path}*" if path.endswith("/") else path


def _deed(deed: PlainInput) -> Mapping[str, PlainInput]:
    return deed if isinstance(deed, Mapping) else {"service": deed}

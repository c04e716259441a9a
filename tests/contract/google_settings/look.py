"""What a load balancer really is, told by plain REST."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from provisioner.model.resource import Json
from tests.contract.provider.gcp_things import Rest, Thing, path_of, things, words_of


class Project:
    """All that carries our mark, read once for many looks."""

    def __init__(self, rest: Rest) -> None:
        self.rest = rest
        self.things = list(things(rest))

    def of(self, collection: str, group: str) -> Iterator[Thing]:
        """Yield what a load balancer has of a collection."""
        return (t for t in self.things if (t.collection, t.group) == (collection, group))


class Look:
    """One load balancer by its mark, and one backend of it by its Service."""

    def __init__(self, project: Project, group: str, service: str) -> None:
        self.project = project
        self.group = group
        self.service = service

    def body(self, collection: str, prefix: str) -> Mapping[str, Any]:
        """Return the one resource whose address begins so; the group is put in for ``$group``."""
        start = prefix.replace("$group", self.group).replace("$service", self.service)
        (found,) = [
            thing.body
            for thing in self.project.of(collection, self.group)
            if thing.address.startswith(start)
        ]
        return found

    def backend(self) -> Mapping[str, Any]:
        """Return the backend service."""
        return self.body("backendServices", "gcp:backend-service/$group/$service:80/")

    def check(self) -> Mapping[str, Any]:
        """Return the health check of the backend service."""
        (link,) = self.backend()["healthChecks"]
        return self.project.rest.call("GET", path_of(link))

    def url_map(self) -> Mapping[str, Any]:
        """Return the URL map with the rules."""
        return self.body("urlMaps", "gcp:url-map/$group/main")

    def rules(self) -> list[Mapping[str, Any]]:
        """Return the forwarding rules, by port."""
        found = [thing.body for thing in self.project.of("forwardingRules", self.group)]
        return sorted(found, key=lambda each: int(each["portRange"].partition("-")[0]))

    def proxy(self) -> Mapping[str, Any]:
        """Return the proxy that speaks HTTPS."""
        return self.body("targetHttpsProxies", "gcp:target-https-proxy/$group/")


Probe = Callable[[Look], Json]
"""A look at one thing."""


def at(body: Mapping[str, Any], path: str) -> Json:
    """Return what stands at a dotted path, None where nothing does."""
    found: Any = body
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    kept: Json = None if found == [] else found  # Google leaves an empty list out
    return kept


def named(link: Json) -> Json:
    """Return the name that ends a link."""
    return link.rpartition("/")[2] if isinstance(link, str) else link


def service(*paths: str) -> Probe:
    """Look at fields of the backend service."""
    return lambda look: [at(look.backend(), path) for path in paths]


def switched(path: str) -> Probe:
    """Look whether a field of the backend service is true; Google leaves out some that are not."""
    return lambda look: at(look.backend(), path) is True


def check(*paths: str) -> Probe:
    """Look at fields of the health check."""
    return lambda look: [at(look.check(), path) for path in paths]


def capacity(field: str) -> Probe:
    """Look at a field of every way from the backend service to its pods, each value once."""
    return lambda look: sorted({each[field] for each in look.backend()["backends"]})


def policy(look: Look) -> Json:
    """Look at the Cloud Armor policy."""
    return named(look.backend().get("securityPolicy"))


def group_kinds(look: Look) -> Json:
    """Look at what kinds of groups the backend service leads to."""
    return [*sorted({str(each["group"]).split("/")[-2] for each in look.backend()["backends"]})]


def signing_keys(look: Look) -> Json:
    """Look at the names of the keys that sign URLs, and at what is recorded of their values."""
    body = look.backend()
    recorded = words_of(body).get("ingress-provisioner.io/signed-url-keys", {})
    names: list[Json] = body.get("cdnPolicy", {}).get("signedUrlKeyNames", [])
    return names if set(names) == set(recorded) else {"names": names, "recorded": [*recorded]}


def ports(look: Look) -> Json:
    """Look at the ports."""
    return [str(each["portRange"]) for each in look.rules()]


def address(look: Look) -> Json:
    """Look at the IP addresses in front: which reserved ones they are, "" for none."""
    by_ip = {each["address"]: each["name"] for each in look.project.rest.everything("addresses")}
    found = sorted({by_ip.get(each["IPAddress"], "") for each in look.rules()})
    return ["its own" if name.startswith("ipr-") else name for name in found]


def scheme(look: Look) -> Json:
    """Look at the kind of load balancer."""
    return [str(each["loadBalancingScheme"]) for each in look.rules()]


def certificates(look: Look) -> Json:
    """Look at the certificates, the default one first; those of ours by their hosts."""
    rest = look.project.rest
    found: list[Json] = []
    for link in look.proxy().get("sslCertificates", []):
        body = rest.call("GET", path_of(link))
        name = str(body["name"])
        found.append(name if name.startswith("own-") else [*body["subjectAlternativeNames"]])
    return found


def issued(look: Look) -> Json:
    """Look who issued the certificates, and for which hosts."""
    rest = look.project.rest
    links = look.proxy().get("sslCertificates", [])
    bodies = [rest.call("GET", path_of(link)) for link in links]
    return [[body["type"], at(body, "managed.domains")] for body in bodies]


def certificate_map(look: Look) -> Json:
    """Look at the certificate map."""
    return named(look.proxy().get("certificateMap"))


def ssl_policy(look: Look) -> Json:
    """Look at the SSL policy."""
    return named(look.proxy().get("sslPolicy"))


def redirects(look: Look) -> Json:
    """Look what the plain port answers: the status of its redirect, None where it has none."""
    rest = look.project.rest
    proxy = look.body("targetHttpProxies", "gcp:target-http-proxy/$group/")
    url_map = rest.call("GET", path_of(proxy["urlMap"]))
    found = url_map.get("defaultUrlRedirect", {})
    return [found.get("httpsRedirect"), found.get("redirectResponseCode")]


def action(look: Look) -> Mapping[str, Any]:
    """Return what the first path rule does."""
    (matcher,) = look.url_map()["pathMatchers"]
    first = matcher.get("pathRules") or [{"routeAction": matcher.get("defaultRouteAction", {})}]
    found: Mapping[str, Any] = first[0]
    return found


def weights(look: Look) -> Json:
    """Look at how the first path splits traffic, in percent of all."""
    found = action(look).get("routeAction", {}).get("weightedBackendServices", [])
    return [*sorted(int(each["weight"]) for each in found)]


def routing(path: str) -> Probe:
    """Look at a field of what the first path rule does."""
    return lambda look: at(action(look), f"routeAction.{path}")

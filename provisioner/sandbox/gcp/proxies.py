"""Target HTTP and HTTPS proxies: what connects a forwarding rule to a URL map."""

from __future__ import annotations

from provisioner.sandbox.cluster.documents import text, texts
from provisioner.sandbox.gcp.compute import Compute
from provisioner.sandbox.gcp.errors import RefusalError, invalid, limit_exceeded, required
from provisioner.sandbox.gcp.kinds import Change, Kind, Reference
from provisioner.sandbox.gcp.reach import at
from provisioner.sandbox.gcp.references import ScopeKind
from provisioner.sandbox.gcp.url_map_rules import https_redirects, url_map_problems
from provisioner.sandbox.gcp.url_maps import frontend_problems, schemes_of

_KEEP_ALIVE = (5, 1200)  # "httpKeepAliveTimeoutSec ... minimum 5 seconds, maximum 1200 seconds"


def prepare_http_proxy(change: Change) -> None:
    """Complete and check a target HTTP proxy."""
    if not text(change.document, "urlMap"):
        raise required("resource.urlMap")
    seconds = change.document.get("httpKeepAliveTimeoutSec")
    if isinstance(seconds, int) and not _KEEP_ALIVE[0] <= seconds <= _KEEP_ALIVE[1]:
        raise invalid("resource.httpKeepAliveTimeoutSec", seconds, "Must be from 5 to 1200.")
    _check_map(change)


def prepare_https_proxy(change: Change) -> None:
    """Complete and check a target HTTPS proxy."""
    prepare_http_proxy(change)
    certificates = texts(change.document, "sslCertificates")
    limit = change.compute.limits["certificates-per-target-https-proxy"]
    if len(certificates) > limit:
        raise limit_exceeded(
            "resource.sslCertificates", f"At most {limit} certificates are allowed."
        )
    if not certificates and not text(change.document, "certificateMap"):
        raise required("resource.sslCertificates")
    if len(set(certificates)) < len(certificates):
        raise invalid("resource.sslCertificates", certificates[0], "Duplicate certificates.")
    _check_redirects(change)
    change.default(quicOverride="NONE", tlsEarlyData="DISABLED")


def check_frontend(compute: Compute, scheme: str, target: str) -> None:
    """Refuse a forwarding rule of a scheme that the target's URL map does not fit."""
    proxy = at(compute, target)
    url_map = at(compute, text(proxy.document, "urlMap")) if proxy is not None else None
    if url_map is None:
        return
    frontends = frozenset({scheme})
    for problem in frontend_problems(compute, url_map.document, frontends):
        raise problem.error()
    schemes = schemes_of(compute, url_map.document, frontends)
    for problem in url_map_problems(url_map.document, schemes=schemes, limits=compute.limits):
        raise RefusalError(
            400, "invalid", f"The URL map '{url_map.ref.path}' is not valid: {problem.sentence}"
        )


def _check_map(change: Change) -> None:
    """Check a new URL map against the forwarding rules that lead here already."""
    compute = change.compute
    for rule in compute.resources("forwardingRules"):
        if text(rule.document, "target") == change.ref.url:
            scheme = text(rule.document, "loadBalancingScheme")
            url_map = at(compute, text(change.document, "urlMap"))
            assert url_map is not None, "linking has checked that it is there"
            for problem in frontend_problems(compute, url_map.document, frozenset({scheme})):
                raise problem.error()
            for problem in url_map_problems(
                url_map.document, schemes=frozenset({scheme}), limits=compute.limits
            ):
                raise problem.error()


def _check_redirects(change: Change) -> None:
    url_map = at(change.compute, text(change.document, "urlMap"))
    if url_map is not None and https_redirects(url_map.document):
        message = "httpsRedirect is not permitted for a URL map of a target HTTPS proxy."
        raise invalid("resource.urlMap", url_map.ref.url, message)


_URL_MAP = Reference(path=("urlMap",), collections=("urlMaps",))

TARGET_HTTP_PROXIES = Kind(
    collection="targetHttpProxies",
    schema="TargetHttpProxy",
    noun="target_http_proxy",
    scopes=frozenset({ScopeKind.GLOBAL, ScopeKind.REGION}),
    verbs=frozenset({"insert", "get", "list", "aggregatedList", "patch", "delete"}),
    references=(_URL_MAP,),
    prepare=prepare_http_proxy,
    fingerprint=True,
    guarded=frozenset({"patch"}),
)
TARGET_HTTPS_PROXIES = Kind(
    collection="targetHttpsProxies",
    schema="TargetHttpsProxy",
    noun="target_https_proxy",
    scopes=frozenset({ScopeKind.GLOBAL, ScopeKind.REGION}),
    verbs=frozenset({"insert", "get", "list", "aggregatedList", "patch", "delete"}),
    references=(
        _URL_MAP,
        Reference(path=("sslCertificates", "*"), collections=("sslCertificates",)),
        Reference(path=("sslPolicy",), collections=("sslPolicies",)),
    ),
    prepare=prepare_https_proxy,
    fingerprint=True,
    guarded=frozenset({"patch"}),
)

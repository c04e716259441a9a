"""Native annotations that are not built yet: known by name, and refused by name.

Most of them decide who may reach a service (authentication, web ACLs, conditions of a rule), and
one that was silently ignored would leave a door open. So each is a blocking error on the object
that carries it. Only values that ask for nothing ("none", "false") pass.
"""

from __future__ import annotations

from provisioner.core.annotations import annotation
from provisioner.core.values import refuse
from provisioner.model.annotation import Annotation, Merge, Place, Setting

PREFIX = "alb.ingress.kubernetes.io/"
"""The prefix of the native annotations."""

_BOTH = frozenset({Place.INGRESS, Place.SERVICE})


def _refused(suffix: str, capability: str, *harmless: str) -> Annotation[object]:
    setting: Setting[str] = Setting(suffix.removesuffix(".*"))
    return annotation(
        PREFIX + suffix,
        setting,
        refuse(f"{capability} (annotation {PREFIX}{suffix})", harmless=frozenset(harmless)),
        places=_BOTH,
        merge=Merge.OWN,
        type_name="-",
        summary=f"{capability}: refused by name until it is built.",
    )


_FALSE = ("0", "f", "F", "FALSE", "false", "False")

_NLB = "A network load balancer in front"
_AUTH = "Authentication at the load balancer"

NOT_BUILT: tuple[Annotation[object], ...] = (
    _refused("customer-owned-ipv4-pool", "A customer-owned IPv4 pool"),
    _refused("ipam-ipv4-pool-id", "An IPAM pool"),
    _refused("minimum-load-balancer-capacity", "Reserving capacity"),
    _refused("wafv2-acl-arn", "Associating a web ACL", "none", ""),
    _refused("wafv2-acl-name", "Associating a web ACL", "none", ""),
    _refused("waf-acl-id", "Associating a WAF Classic ACL", "none", ""),
    _refused("web-acl-id", "Associating a WAF Classic ACL", "none", ""),
    _refused("shield-advanced-protection", "Shield Advanced protection", *_FALSE),
    _refused("mutual-authentication", "Mutual TLS"),
    _refused("listener-attributes.*", "Listener attributes"),
    _refused("create-acm-cert", "Requesting certificates", *_FALSE),
    _refused("acm-pca-arn", "Requesting certificates of a private CA"),
    _refused("multi-cluster-target-group", "Target groups shared by several clusters", *_FALSE),
    _refused("target-control-port.*", "A target control port"),
    _refused("auth-type", _AUTH, "none"),
    _refused("auth-idp-cognito", _AUTH),
    _refused("auth-idp-oidc", _AUTH),
    _refused("auth-on-unauthenticated-request", _AUTH),
    _refused("auth-scope", _AUTH),
    _refused("auth-session-cookie", _AUTH),
    _refused("auth-session-timeout", _AUTH),
    _refused("jwt-validation", "Validation of JSON web tokens"),
    _refused("actions.*", "A custom action"),
    _refused("conditions.*", "A custom condition"),
    _refused("transforms.*", "A transform"),
    _refused("use-regex-path-match", "Paths as regular expressions", *_FALSE),
    _refused("enable-frontend-nlb", _NLB, *_FALSE),
    *(
        _refused(f"frontend-nlb-{part}", _NLB)
        for part in (
            "scheme",
            "subnets",
            "security-groups",
            "listener-port-mapping",
            "eip-allocations",
            "attributes",
            "tags",
            "healthcheck-port",
            "healthcheck-protocol",
            "healthcheck-path",
            "healthcheck-interval-seconds",
            "healthcheck-timeout-seconds",
            "healthcheck-healthy-threshold-count",
            "healthcheck-unhealthy-threshold-count",
            "healthcheck-success-codes",
        )
    ),
)
"""Native annotations that are known and refused, in the order of the reference page."""

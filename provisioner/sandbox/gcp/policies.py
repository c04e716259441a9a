"""SSL policies and Cloud Armor policies, as far as load balancers refer to them.

The features that an SSL policy's profile enables are not listed (``enabledFeatures`` is answered
for custom profiles only), and the rules of a Cloud Armor policy are kept but never evaluated.
"""

from __future__ import annotations

from provisioner.sandbox.cluster.documents import text, texts
from provisioner.sandbox.gcp.errors import invalid
from provisioner.sandbox.gcp.kinds import Change, Kind
from provisioner.sandbox.gcp.references import ScopeKind


def prepare_ssl_policy(change: Change) -> None:
    """Complete and check an SSL policy ("SSL policies overview")."""
    change.default(profile="COMPATIBLE", minTlsVersion="TLS_1_0")
    profile = text(change.document, "profile")
    features = texts(change.document, "customFeatures")
    if (profile == "CUSTOM") != bool(features):
        message = "customFeatures must be given for profile CUSTOM, and only then."
        raise invalid("resource.customFeatures", ", ".join(features), message)
    if text(change.document, "minTlsVersion") == "TLS_1_3" and profile != "RESTRICTED":
        raise invalid("resource.minTlsVersion", "TLS_1_3", "Only for profile RESTRICTED.")
    if features:
        change.put(enabledFeatures=list(features))


def prepare_security_policy(change: Change) -> None:
    """Complete a Cloud Armor policy; without rules it allows everything."""
    change.default(type="CLOUD_ARMOR")
    if not change.document.get("rules"):
        everything = {
            "kind": "compute#securityPolicyRule",
            "action": "allow",
            "description": "default rule",
            "priority": 2147483647,
            "preview": False,
            "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}},
        }
        change.put(rules=[everything])


SSL_POLICIES = Kind(
    collection="sslPolicies",
    schema="SslPolicy",
    noun="ssl_policy",
    scopes=frozenset({ScopeKind.GLOBAL, ScopeKind.REGION}),
    verbs=frozenset({"insert", "get", "list", "aggregatedList", "patch", "delete"}),
    prepare=prepare_ssl_policy,
    fingerprint=True,
    guarded=frozenset({"patch"}),
)
SECURITY_POLICIES = Kind(
    collection="securityPolicies",
    schema="SecurityPolicy",
    noun="security_policy",
    scopes=frozenset({ScopeKind.GLOBAL}),
    verbs=frozenset({"insert", "get", "list", "delete"}),
    prepare=prepare_security_policy,
    fingerprint=True,
)

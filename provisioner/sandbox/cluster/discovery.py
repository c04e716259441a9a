"""Discovery: which groups, versions and resources there are, in the legacy document per version.

The aggregated form is not offered; clients that ask for it fall back to this one by themselves.
"""

from __future__ import annotations

from provisioner.sandbox.cluster.documents import Document
from provisioner.sandbox.cluster.kinds import Kind, KindTable

_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_SUBRESOURCE_VERBS = ("get", "patch", "update")
_REVIEW_GROUP, _REVIEW_VERSION = "authorization.k8s.io", "v1"

#: Virtual resources: they can be created and are never stored.
REVIEWS = (
    "SelfSubjectAccessReview",
    "SelfSubjectRulesReview",
    "SubjectAccessReview",
)


def core_versions(address: str) -> Document:
    """Return ``/api``."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def groups(kinds: KindTable) -> Document:
    """Return ``/apis``."""
    found = [one for name in _group_names(kinds) if (one := group(kinds, name)) is not None]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": found}


def group(kinds: KindTable, name: str) -> Document | None:
    """Return ``/apis/<group>``, or None if nothing is served in it."""
    versions = list(dict.fromkeys(version for of, version in group_versions(kinds) if of == name))
    if not versions:
        return None
    spelled = [{"groupVersion": f"{name}/{one}", "version": one} for one in versions]
    return {
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": name,
        "versions": spelled,
        "preferredVersion": spelled[0],
    }


def resources(kinds: KindTable, group_name: str, version: str) -> Document | None:
    """Return ``/apis/<group>/<version>`` (``/api/v1``), or None if nothing is served there."""
    found: list[Document] = []
    for kind in kinds:
        if (kind.group, kind.version) == (group_name, version):
            found.extend(_entries(kind))
    if (group_name, version) == (_REVIEW_GROUP, _REVIEW_VERSION):
        found.extend(_review(kind_name) for kind_name in REVIEWS)
    if not found:
        return None
    spelled = f"{group_name}/{version}" if group_name else version
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": spelled,
        "resources": found,
    }


def group_versions(kinds: KindTable) -> list[tuple[str, str]]:
    """Return every (group, version) that is served, the core group included."""
    found = dict.fromkeys((kind.group, kind.version) for kind in kinds)
    return [*found, (_REVIEW_GROUP, _REVIEW_VERSION)]


def _group_names(kinds: KindTable) -> list[str]:
    return [name for name in dict.fromkeys(name for name, _ in group_versions(kinds)) if name]


def _entries(kind: Kind) -> list[Document]:
    entry: Document = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": list(_VERBS),
    }
    if kind.short_names:
        entry["shortNames"] = list(kind.short_names)
    if kind.categories:
        entry["categories"] = list(kind.categories)
    entries = [entry]
    if kind.has_status:
        entries.append(_subresource(kind, "status", kind=kind.kind))
    if kind.has_scale:
        scale = _subresource(kind, "scale", kind="Scale")
        entries.append({**scale, "group": "autoscaling", "version": "v1"})
    if kind.storage == "pods":
        binding = _subresource(kind, "binding", kind="Binding")
        entries.append({**binding, "verbs": ["create"]})
    return entries


def _subresource(parent: Kind, name: str, *, kind: str) -> Document:
    return {
        "name": f"{parent.plural}/{name}",
        "singularName": "",
        "namespaced": parent.namespaced,
        "kind": kind,
        "verbs": list(_SUBRESOURCE_VERBS),
    }


def _review(kind_name: str) -> Document:
    return {
        "name": f"{kind_name.lower()}s",
        "singularName": kind_name.lower(),
        "namespaced": False,
        "kind": kind_name,
        "verbs": ["create"],
    }

"""Calls about what takes connections: forwarding rules and target proxies.

The API changes them field by field, each with an operation of its own; a regional HTTPS proxy has
``patch`` instead of some of these. What of a forwarding rule cannot be changed (its IP address,
say) is changed by making it anew under its name; a reserved address stays meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from providers.gcp.changes.call_parts import after, call_to, insertion, name_of, spec_of
from providers.gcp.changes.places import is_regional
from provisioner.model.change import Call, Change
from provisioner.model.resource import freeze_spec

_PATCHED = frozenset({"allowGlobalAccess", "networkTier", "loadBalancingScheme"})
_SETTERS: Mapping[str, str] = MappingProxyType(
    {
        "urlMap": "setUrlMap",
        "sslCertificates": "setSslCertificates",
        "sslPolicy": "setSslPolicy",
        "certificateMap": "setCertificateMap",
        "quicOverride": "setQuicOverride",
    }
)
_REGIONAL_SETTERS = frozenset({"urlMap", "sslCertificates"})


def update_forwarding_rule(change: Change) -> Iterator[Call]:
    """Yield what a forwarding rule needs: another target, a patch, or to be made anew."""
    differs = after(change)
    if differs.keys() - _PATCHED - {"target"}:
        yield call_to(change, "delete", name_of(change))
        yield insertion(change, spec_of(change))
        return
    if "target" in differs:
        body = freeze_spec({"target": differs["target"]})
        yield call_to(change, "setTarget", name_of(change), body=body)
    patched = {field: value for field, value in differs.items() if field in _PATCHED}
    if patched:
        yield call_to(change, "patch", name_of(change), body=patched)


def update_proxy(change: Change) -> Iterator[Call]:
    """Yield one call for each thing that a proxy changes on its own.

    A certificate map takes the place of certificates without a moment in which there is neither.
    """
    differs = after(change)
    order = [field for field in _SETTERS if field in differs]
    if differs.get("certificateMap"):
        order.sort(key=lambda field: field != "certificateMap")
    for field in order:
        body = freeze_spec({field: differs[field]})
        if field == "sslCertificates" and differs[field] is None:
            body = freeze_spec({field: ()})
        own = field in _REGIONAL_SETTERS or not is_regional(spec_of(change))
        if not own:
            yield call_to(change, "patch", name_of(change), body=body)
        elif field == "quicOverride":
            yield call_to(change, _SETTERS[field], name_of(change), body=_quic(differs[field]))
        else:
            yield call_to(change, _SETTERS[field], name_of(change), body=body)


def _quic(wanted: object) -> Mapping[str, str]:
    """Return the override; having none is a value of its own."""
    return {"quicOverride": str(wanted) if wanted else "NONE"}

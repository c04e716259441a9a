"""What nobody decides for others: settings of the whole on a load balancer of several namespaces.

On Google one forwarding rule, one proxy and one certificate map serve everybody who shares a load
balancer. Whoever may create an Ingress in one namespace could move it to another IP address, put a
certificate map in front of everybody's certificates, or send everybody's requests to an HTTPS port
that is not there. So what is in force stays until every namespace that is served says the same, or
the class does; the one who asks is told. On a load balancer of one namespace, and on one that does
not exist yet, whoever comes first decides as always.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType

from providers.gcp import addresses
from providers.gcp.addresses import REDIRECT, Kind
from providers.gcp.desired.context import Context
from providers.gcp.routing.entries import ingresses
from providers.gcp.settings import (
    CERTIFICATE_MAP,
    FRONTEND_CONFIG,
    STATIC_ADDRESS,
    AddressName,
    frontend_config,
)
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.resource import ObservedResource, Ref

_IP = "IPAddress"
_CERTIFICATE_MAP = "certificateMap"


def agreed(context: Context) -> tuple[Context, tuple[Diagnostic, ...]]:
    """Return the load balancer without what only some of its namespaces ask of all of it."""
    refused = {name: why for name, why in _changes(context) if _others(context, name)}
    if not refused:
        return context, ()
    options = {k: v for k, v in context.intent.options.items() if k not in refused}
    intent = replace(context.intent, options=MappingProxyType(options))
    findings = tuple(
        finding for name, why in refused.items() for finding in _told(context, name, why)
    )
    return replace(context, request=replace(context.request, intent=intent)), findings


def _told(context: Context, setting: str, what: str) -> tuple[Diagnostic, ...]:
    others = ", ".join(_others(context, setting))
    return context.errors(
        "GROUP-CONFLICT",
        f"it would {what} for everybody on load balancer {context.group}, and the Ingresses of"
        f" namespace {others} do not ask for that; what is in force stays",
        hint="let an Ingress of every namespace on it say the same, or say it in the class",
        setting=setting,
    )


def _others(context: Context, setting: str) -> Sequence[str]:
    """Return the served namespaces that do not ask for it; where the class does, nobody is asked.

    An Ingress that is leaving has no say any more.
    """
    asking = {member.namespace for member in context.stating(setting)}
    leaving = set(context.intent.leaving)
    served = {
        key.namespace
        for each in _of(context, Kind.URL_MAP)
        for key in ingresses(each.spec)
        if key not in leaving
    }
    return sorted(served - asking) if asking else ()


def _changes(context: Context) -> Iterator[tuple[str, str]]:
    """Yield what is asked for and is not so: the setting, and what it would do."""
    if not context.exists:
        return
    options = context.intent.options
    if isinstance(options.get(STATIC_ADDRESS.name), AddressName) and _moves(context):
        yield STATIC_ADDRESS.name, "change the IP address"
    wanted = options.get(CERTIFICATE_MAP.name)
    proxies = _of(context, Kind.TARGET_HTTPS_PROXY)
    if isinstance(wanted, str) and any(not _has_map(proxy, wanted) for proxy in proxies):
        yield CERTIFICATE_MAP.name, "put a certificate map in the place of all certificates"
    config = frontend_config(options)
    if config.redirect is not None and config.redirect.enabled and not _redirects(context):
        yield FRONTEND_CONFIG.name, "redirect all requests over HTTP"
    elif config.ssl_policy is not None and any(
        not _has_policy(proxy, config.ssl_policy) for proxy in proxies
    ):
        yield FRONTEND_CONFIG.name, "change the SSL policy"


def _moves(context: Context) -> bool:
    """Tell whether the address that is named is another than the one in use."""
    named = context.intent.options.get(STATIC_ADDRESS.name)
    known = {
        each.address
        for each in context.facts.addresses.values()
        if each is not None and isinstance(named, AddressName) and each.name == named.name
    }
    now = {rule.outputs.get(_IP, "") for rule in _of(context, Kind.FORWARDING_RULE)}
    return bool(known) and not now <= known


def _has_map(proxy: ObservedResource, name: str) -> bool:
    return str(proxy.spec.get(_CERTIFICATE_MAP) or "").rpartition("/")[2] == name


def _has_policy(proxy: ObservedResource, name: str) -> bool:
    return str(proxy.spec.get("sslPolicy") or "").rpartition("/")[2] == name


def _redirects(context: Context) -> bool:
    """Tell whether every HTTP port redirects now."""
    there = addresses.url_map(context.group, REDIRECT, balancer=context.balancer)
    leads = [proxy.spec.get("urlMap") for proxy in _of(context, Kind.TARGET_HTTP_PROXY)]
    return all(isinstance(ref, Ref) and ref.address == there for ref in leads)


def _of(context: Context, kind: Kind) -> Sequence[ObservedResource]:
    return [each for each in context.observed if each.kind == kind]

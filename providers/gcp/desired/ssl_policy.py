"""The SSL policy of an HTTPS port: which TLS versions and ciphers clients may use.

A FrontendConfig names one for the load balancer. None means Google's default; GKE leaves whatever
is there where its object says nothing, and so does ``incumbent``.
"""

from __future__ import annotations

from dataclasses import dataclass

from providers.gcp import addresses
from providers.gcp.account import HERE, Source
from providers.gcp.desired.context import Context
from providers.gcp.desired.lookups import link, look_up, unread_hint
from providers.gcp.settings import FRONTEND_CONFIG, frontend_config
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import ListenerIntent
from provisioner.model.resource import ObservedResource, Unknown, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class SslPolicy:
    """The policy of a port: a link, or None for Google's default.

    ``serves`` is False for a port that does not exist yet and would start with weaker TLS than was
    asked for.
    """

    value: Value = None
    serves: bool = True
    diagnostics: tuple[Diagnostic, ...] = ()


def ssl_policy(context: Context, listener: ListenerIntent) -> SslPolicy:
    """Return the SSL policy of one HTTPS port."""
    name = frontend_config(context.intent.options).ssl_policy
    if name is None:
        stays = context.incumbent or context.holding
        return SslPolicy(value=_present(context, listener) if stays else None)
    return _named(context, listener, name) if name else SslPolicy()


def _named(context: Context, listener: ListenerIntent, name: str) -> SslPolicy:
    facts, regional = context.facts, context.variant.regional
    key = f"{HERE}/{name}" if regional else name
    lookup = look_up(key, facts.ssl_policies, facts, Source.SSL_POLICIES)
    if lookup.found is not None:
        return SslPolicy(value=lookup.found)
    if lookup.missing:
        where = f"in region {facts.region}" if regional else "among the global ones"
        proxy = _proxy(context, listener)
        then = "keeps what it has" if proxy is not None else "is not served without it"
        return SslPolicy(
            value=_present(context, listener),
            serves=proxy is not None,
            diagnostics=context.errors(
                "CLOUD-SSL-POLICY-MISSING",
                f"SSL policy {name} does not exist {where}; port {listener.port} {then}",
                hint=f"create it: gcloud compute ssl-policies create {name}",
                setting=FRONTEND_CONFIG.name,
            ),
        )
    region = context.region
    if not facts.project or isinstance(region, Unknown):
        return SslPolicy(value=Unknown(f"depends on SSL policy {name} of the project"))
    return SslPolicy(
        value=link(facts, "sslPolicies", name, region=region),
        diagnostics=context.warnings(
            "CLOUD-UNCHECKED",
            f"nobody may look whether SSL policy {name} exists",
            hint=unread_hint(Source.SSL_POLICIES),
            setting=FRONTEND_CONFIG.name,
        )
        if lookup.unchecked
        else (),
    )


def _present(context: Context, listener: ListenerIntent) -> Value:
    """Return the policy that the port has now."""
    proxy = _proxy(context, listener)
    return proxy.spec.get("sslPolicy") if proxy is not None else None


def _proxy(context: Context, listener: ListenerIntent) -> ObservedResource | None:
    """Return the proxy that the port has now."""
    address = addresses.target_proxy(
        context.group, listener.port, https=True, balancer=context.balancer
    )
    return context.at(address)

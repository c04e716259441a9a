"""Which ports send everybody to HTTPS, and with which status.

The portable ``ssl-redirect`` says so, and so does GKE's FrontendConfig (``redirectToHttps``), which
also names the status. While something of an Ingress that cannot be planned is kept, a port that
redirects now goes on: serving in plain text what was redirected would be the worse mistake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from providers.gcp import addresses
from providers.gcp.addresses import REDIRECT
from providers.gcp.desired.context import Context
from providers.gcp.settings import REDIRECT_STATUS, frontend_config
from providers.gcp.variant import Variant
from provisioner.model.intent import ListenerIntent, ListenerProtocol
from provisioner.model.resource import ObservedResource, Ref

PERMANENTLY = 301


def redirects(context: Context, listener: ListenerIntent) -> bool:
    """Tell whether a port redirects everything, so that it has no rules."""
    if listener.protocol is not ListenerProtocol.HTTP:
        return False
    said = frontend_config(context.intent.options).redirect
    refused = redirect_refused(context)
    if listener.redirect_to is not None or (said is not None and said.enabled and not refused):
        return True
    keeps = refused or (said is None and context.holding)
    return keeps and _redirects_now(context, listener.port)


def redirect_refused(context: Context) -> bool:
    """Tell whether GKE would not do what a FrontendConfig says: it redirects no internal one."""
    said = frontend_config(context.intent.options).redirect
    internal = context.variant is Variant.REGIONAL_INTERNAL
    return context.incumbent and internal and said is not None and said.enabled


def redirect_status(
    context: Context, listeners: Sequence[ListenerIntent], present: ObservedResource | None
) -> int:
    """Return the status of the redirect: what somebody says, else what is, else 301."""
    said = frontend_config(context.intent.options).redirect
    if said is not None and said.enabled:
        return said.status
    if any(listener.redirect_to is not None for listener in listeners) or present is None:
        return PERMANENTLY
    redirect = present.spec.get("defaultUrlRedirect")
    code = redirect.get("redirectResponseCode") if isinstance(redirect, Mapping) else None
    return REDIRECT_STATUS.get(str(code), PERMANENTLY)


def _redirects_now(context: Context, port: int) -> bool:
    proxy = context.at(
        addresses.target_proxy(context.group, port, https=False, balancer=context.balancer)
    )
    leads_to = proxy.spec.get("urlMap") if proxy is not None else None
    there = addresses.url_map(context.group, REDIRECT, balancer=context.balancer)
    return isinstance(leads_to, Ref) and leads_to.address == there

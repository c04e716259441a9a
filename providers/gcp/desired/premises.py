"""What must be true of a load balancer as a whole before anything of it is made.

Everything here is told by name, and only who asks for it is told. A load balancer that exists goes
on as it is: its rules and endpoints are still planned.
"""

from __future__ import annotations

from collections.abc import Iterator

from providers.gcp import incumbent
from providers.gcp.account import Source
from providers.gcp.desired.context import Context
from providers.gcp.desired.lookups import unread_hint
from providers.gcp.incumbent import Part
from providers.gcp.routing.redirects import redirect_refused
from providers.gcp.settings import FRONTEND_CONFIG, VARIANT
from provisioner.core.annotations import SCHEME
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.resource import Unknown


def obstacles(context: Context) -> tuple[Diagnostic, ...]:
    """Return what keeps a load balancer from being made, () where nothing does."""
    return (
        *_no_network(context),
        *_no_proxy_subnet(context),
        *_unnameable(context),
        *_redirected(context),
    )


def contradictions(context: Context) -> tuple[Diagnostic, ...]:
    """Return what was asked for and is not done, while everything else goes on."""
    return tuple(_other_scheme(context))


def remarks(context: Context) -> tuple[Diagnostic, ...]:
    """Return what nobody could check."""
    unread = Source.SUBNETWORKS.value in context.facts.unread
    if not context.variant.proxy_only_subnet or not unread:
        return ()
    return context.warnings(
        "CLOUD-UNCHECKED",
        "nobody may look whether the network has a proxy-only subnet, without which the load"
        " balancer cannot be made",
        hint=unread_hint(Source.SUBNETWORKS),
    )


def _no_network(context: Context) -> Iterator[Diagnostic]:
    if context.facts.network_problem:
        yield from context.errors(
            "CLOUD-NO-NETWORK",
            f"the network of the cluster cannot be told: {context.facts.network_problem}",
            hint="name it in the account file, or let the nodes be read",
        )


def _no_proxy_subnet(context: Context) -> Iterator[Diagnostic]:
    facts = context.facts
    if (
        not context.variant.proxy_only_subnet
        or context.offline
        or facts.network_problem
        or Source.SUBNETWORKS.value in facts.unread
        or any(each.proxy_only and each.region == facts.region for each in facts.subnetworks)
    ):
        return
    network = facts.network.rpartition("/")[2] or "of the cluster"
    yield from context.errors(
        "CLOUD-NO-PROXY-SUBNET",
        f"network {network} has no proxy-only subnet in region {facts.region}, which a"
        f" {context.variant} load balancer takes its addresses from",
        hint="create one: gcloud compute networks subnets create NAME"
        f" --purpose=REGIONAL_MANAGED_PROXY --role=ACTIVE --region={facts.region}"
        f" --network={network} --range=...",
        setting=VARIANT.name if context.stating(VARIANT.name) else SCHEME.name,
    )


def _unnameable(context: Context) -> Iterator[Diagnostic]:
    """Yield the error of an Ingress that GKE cannot name: it refuses a dot, and so does its copy.

    Under our own names a dot is fine.
    """
    theirs, uid = context.labels.theirs, context.labels.kube_system_uid
    if theirs is None:
        return
    known = "" if isinstance(uid, Unknown) else uid
    name = incumbent.frontend(Part.URL_MAP, theirs, kube_system_uid=known)
    if not incumbent.is_valid(name):
        yield from context.errors(
            "CLOUD-NAME",
            f"GKE's name for it would be {name}, which Google does not take",
            field="metadata.name",
            hint="take the dots out of the name of the Ingress, or use compatibility kubernetes",
        )


def _redirected(context: Context) -> Iterator[Diagnostic]:
    """Yield the error of an internal load balancer with a redirect, at which GKE stops.

    It makes no front then, and leaves one that exists as it is (``ensureRedirectURLMap``).
    """
    if redirect_refused(context):
        yield from context.errors(
            "OBJECT-UNSUPPORTED",
            "GKE redirects nobody to HTTPS at an internal load balancer (compatibility incumbent)",
            hint="take redirectToHttps out of the FrontendConfig, or use compatibility kubernetes",
            setting=FRONTEND_CONFIG.name,
        )


def _other_scheme(context: Context) -> Iterator[Diagnostic]:
    choice = context.choice
    if choice.contradicted:
        yield from context.errors(
            "CLOUD-VARIANT-SCHEME",
            f"{choice.wanted} is asked for, and the opposite by the scheme"
            f" {context.intent.scheme}; the load balancer is {choice.variant}",
            hint="keep one of the two",
            setting=SCHEME.name,
        )

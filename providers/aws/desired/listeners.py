"""Listeners: what each port speaks, which certificates it holds, and what it answers by default.

An HTTPS listener cannot exist without a certificate. Where none can be found for anyone, the
listener is not planned and its members are told; where it exists already, it keeps the certificate
it has. A member whose host has no certificate loses that host on that port, and nobody else does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from providers.aws import addresses, managed
from providers.aws.addresses import Kind
from providers.aws.desired import retain
from providers.aws.desired.certificates import choose_certificates
from providers.aws.desired.context import Context
from providers.aws.desired.listener_certificates import (
    listed_certificates,
    set_aside,
    with_present,
    without_certificate,
    without_missing,
)
from providers.aws.desired.listener_settings import ListenerSettings, listener_settings
from providers.aws.routing.actions import Destinations, actions
from providers.aws.routing.defaults import default_actions
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import (
    BackendId,
    ListenerIntent,
    ListenerProtocol,
    Quarantined,
    Redirect,
)
from provisioner.model.kube import Key
from provisioner.model.resource import (
    NO_SPEC,
    PlainInput,
    Ref,
    Resource,
    Value,
    freeze_spec,
)

_DEFAULT_BACKEND = "spec.defaultBackend"  # the field of a quarantined default backend

_NO_SETTINGS = ListenerSettings(spec=NO_SPEC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """One port as it can be served: the rules that are left, and its certificates.

    ``resources`` are certificates of ours that it uses, ``kept`` are last good rules that stand
    beside the planned ones. ``planned`` is False where the
    listener cannot exist.
    """

    listener: ListenerIntent
    planned: bool = True
    settings: ListenerSettings = _NO_SETTINGS
    certificates: tuple[Value, ...] = ()
    wanted_by: Mapping[str, frozenset[Key]] = field(default_factory=lambda: MappingProxyType({}))
    resources: tuple[Resource, ...] = ()
    kept: tuple[Resource, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()


def front(context: Context, listener: ListenerIntent) -> Front:
    """Return one port as it can be served."""
    settings = listener_settings(context, listener)
    if listener.protocol is ListenerProtocol.HTTP:
        kept = retain.kept_rules(context, listener.port)
        return Front(listener=listener, settings=settings, kept=kept)
    choice = choose_certificates(context, listener)
    certificates = with_present(context, listener, choice)
    problems = choice.diagnostics
    if not certificates and not choice.missing and not choice.held:
        problems += without_certificate(listener)
    return Front(
        listener=without_missing(listener, choice),
        planned=bool(certificates) and settings.possible,
        settings=settings,
        certificates=certificates,
        wanted_by=choice.wanted_by,
        resources=choice.resources,
        kept=retain.kept_rules(context, listener.port, hosts=choice.missing, members=choice.held),
        diagnostics=(*problems, *settings.diagnostics),
        quarantined=set_aside(listener, choice),
    )


def listener_resources(
    context: Context, this: Front, target_groups: Mapping[BackendId, str]
) -> tuple[Resource, ...]:
    """Return a listener and its certificates besides the default one."""
    listener = this.listener
    address = addresses.listener(context.group, listener.port)
    spec: dict[str, PlainInput] = {
        "LoadBalancerArn": Ref(context.address, "LoadBalancerArn"),
        "Protocol": listener.protocol.value,
        "Port": listener.port,
        "DefaultActions": _default_actions(context, listener, target_groups),
        "Tags": managed.marked(
            context.tags(address, role=str(listener.port), user=context.intent.tags),
            this.settings.managed,
        ),
        **this.settings.spec,
    }
    if listener.protocol is ListenerProtocol.HTTPS:
        spec["Certificates"] = [{"CertificateArn": this.certificates[0]}]
    resource = Resource(
        kind=Kind.LISTENER,
        address=address,
        group=context.group,
        ingresses=tuple(sorted(listener.members)),
        spec=freeze_spec(spec),
        title=f"{listener.protocol.value} on port {listener.port}",
    )
    further = listed_certificates(context, listener, this.certificates, wanted_by=this.wanted_by)
    return (*this.resources, resource, *further)


def is_redirect(context: Context, listener: ListenerIntent) -> bool:
    """Tell whether a port redirects everything, so that it has no rules."""
    return listener.redirect_to is not None or (
        listener.default_ingress is None
        and listener.protocol is ListenerProtocol.HTTP
        and retain.default_is_held(context, listener.port)
        and _present_default_is_redirect(context, listener.port)
    )


def _default_actions(
    context: Context, listener: ListenerIntent, target_groups: Mapping[BackendId, str]
) -> Value:
    """Return what answers when no rule matches: a redirect, a default backend, or 404."""
    if listener.redirect_to is not None:
        to_https = Redirect(status=301, protocol="HTTPS", port=str(listener.redirect_to))
        return actions(to_https, Destinations(own=target_groups))
    present = context.at(addresses.listener(context.group, listener.port))
    if present is not None and _default_stays(context, listener):
        return present.spec.get("DefaultActions")
    return default_actions(
        context.request,
        listener,
        target_groups=target_groups,
        foreign=context.facts.foreign_target_groups,
    )


def _default_stays(context: Context, listener: ListenerIntent) -> bool:
    """Tell whether a listener answers as it did: its default backend is held or quarantined."""
    if listener.default_ingress is None:
        return retain.default_is_held(context, listener.port)
    return any(
        entry.ingress == listener.default_ingress and entry.path == _DEFAULT_BACKEND
        for entry in context.intent.quarantined
    )


def _present_default_is_redirect(context: Context, port: int) -> bool:
    present = context.at(addresses.listener(context.group, port))
    actions = present.spec.get("DefaultActions") if present is not None else ()
    return isinstance(actions, tuple) and any(
        isinstance(action, Mapping) and action.get("Type") == "redirect" for action in actions
    )

"""Mutual TLS of a listener: whether clients must show a certificate, and who vouches for it.

This guards a door, so whatever is not clear leaves it as it is, or shut: a trust store that cannot
be found leaves an existing listener alone and keeps a new one from being opened without the check.

Taking the annotation away turns off what we turned on. The incumbent controller leaves it on for
good; so does ``incumbent`` compatibility, and says so. What a person switched on by hand is not
ours to switch off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from providers.aws import addresses, managed
from providers.aws.account import Source
from providers.aws.desired.context import Context, native_field
from providers.aws.desired.lookups import look_up, unread_hint
from providers.aws.managed import Managed
from providers.aws.settings import MUTUAL_TLS, MutualTls, MutualTlsMode
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.intent import ListenerIntent
from provisioner.model.resource import PlainInput, Value, freeze

FIELD = native_field(MUTUAL_TLS.name)
OFF: Mapping[str, PlainInput] = {"Mode": MutualTlsMode.OFF.value}
SPEC_FIELD = "MutualAuthentication"


@dataclass(frozen=True, slots=True, kw_only=True)
class MutualTlsChoice:
    """What a listener asks of clients; ``value`` None leaves it as AWS has it.

    ``ours`` says that the setting is ours to take back. ``possible`` is False where the listener
    must not be opened at all.
    """

    value: Value = None
    ours: bool = False
    possible: bool = True
    diagnostics: tuple[Diagnostic, ...] = ()


def choose_mutual_tls(context: Context, listener: ListenerIntent) -> MutualTlsChoice:
    """Return what an HTTPS listener asks of its clients."""
    wish = _wish(context, listener.port)
    if wish is None:
        return _without_wish(context, listener)
    if wish.mode is not MutualTlsMode.VERIFY:
        return MutualTlsChoice(value=freeze({"Mode": wish.mode.value}), ours=True)
    found = look_up(
        wish.trust_store, context.facts.trust_stores, context.facts, Source.TRUST_STORES
    )
    if found.value is None:
        return _without_store(context, listener, wish.trust_store, unread=found.unchecked)
    told = _unchecked(context, listener, wish.trust_store) if found.unchecked else ()
    return MutualTlsChoice(value=_verify(wish, found.value), ours=True, diagnostics=told)


def _verify(wish: MutualTls, trust_store: Value) -> Value:
    """Return the setting with every part said, as AWS answers it."""
    return freeze(
        {
            "Mode": wish.mode.value,
            "TrustStoreArn": trust_store,
            "IgnoreClientCertificateExpiry": bool(wish.ignore_expiry),
            "AdvertiseTrustStoreCaNames": "on" if wish.advertise_ca_names else "off",
        }
    )


def _wish(context: Context, port: int) -> MutualTls | None:
    """Return what is stated of a port; its members agree, or they would not be here."""
    stated = context.intent.options.get(f"{MUTUAL_TLS.name}:{port}")
    wishes = stated if isinstance(stated, tuple) else ()
    return next((w for w in wishes if isinstance(w, MutualTls) and w.port == port), None)


def _present(context: Context, port: int) -> tuple[Value, bool]:
    """Return what the listener asks now, and whether that is our doing."""
    listener = context.at(addresses.listener(context.group, port))
    if listener is None:
        return None, False
    ours = Managed.MUTUAL_TLS in managed.of_spec(listener.spec.get("Tags"))
    return listener.spec.get(SPEC_FIELD), ours


def _without_wish(context: Context, listener: ListenerIntent) -> MutualTlsChoice:
    present, ours = _present(context, listener.port)
    if not isinstance(present, Mapping) or present.get("Mode") == OFF["Mode"] or not ours:
        return MutualTlsChoice()
    if context.holding:
        return MutualTlsChoice(value=present, ours=True)
    if not context.incumbent:
        return MutualTlsChoice(value=freeze(OFF))
    left = context.warnings(
        "MUTUAL-TLS-STAYS-ON",
        f"port {listener.port} goes on asking clients for certificates ({present.get('Mode')}), "
        "although nothing asks for it any more: so does the incumbent controller",
        field=FIELD,
        hint=f'state {{"port": {listener.port}, "mode": "off"}} to turn it off',
        among=listener.members,
    )
    return MutualTlsChoice(value=present, ours=True, diagnostics=left)


def _without_store(
    context: Context, listener: ListenerIntent, name: str, *, unread: bool
) -> MutualTlsChoice:
    """Keep the door as it is: with the check it has, or shut where it is not there yet."""
    problem = f"nobody may look for trust store {name}" if unread else f"no trust store is {name}"
    exists = context.at(addresses.listener(context.group, listener.port)) is not None
    effect = "goes on as it is" if exists else "is not opened without it"
    told = context.errors(
        "MUTUAL-TLS-TRUST-STORE",
        f"{problem}; port {listener.port} {effect}",
        field=FIELD,
        setting=MUTUAL_TLS.name,
        among=listener.members,
        hint=unread_hint(Source.TRUST_STORES)
        if unread
        else "name a trust store of this account and Region, or its ARN",
    )
    present, ours = _present(context, listener.port)
    return MutualTlsChoice(value=present, ours=ours, possible=exists, diagnostics=told)


def _unchecked(context: Context, listener: ListenerIntent, name: str) -> tuple[Diagnostic, ...]:
    return context.warnings(
        "CLOUD-UNCHECKED",
        f"whether trust store {name} exists could not be checked",
        field=FIELD,
        setting=MUTUAL_TLS.name,
        among=listener.members,
        hint=unread_hint(Source.TRUST_STORES),
    )


def trust_stores(options: Mapping[str, object]) -> Iterator[str]:
    """Yield the trust stores that a load balancer's options name."""
    for name, value in options.items():
        if name.partition(":")[0] == MUTUAL_TLS.name and isinstance(value, tuple):
            for wish in value:
                if isinstance(wish, MutualTls) and wish.mode is MutualTlsMode.VERIFY:
                    yield wish.trust_store

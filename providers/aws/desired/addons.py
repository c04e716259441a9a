"""What stands beside a load balancer and guards it: web ACLs (WAFv2 and Classic) and Shield.

Each is a resource of its own, and there only while somebody states the setting. An annotation that
is taken away leaves what it set: whoever removes a line should not thereby remove a guard. The word
``none`` (``false`` for Shield) takes it away, and only that. So a resource says what the link is to
be, "no ACL" included.

What a link is now costs a call for each load balancer, so only those are looked at whose tags say
that we set one. The first time, AWS is told without being asked: associating twice does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.aws import addresses, managed
from providers.aws.account import Source
from providers.aws.addresses import Kind
from providers.aws.desired.context import Context, native_field
from providers.aws.desired.lookups import look_up, unread_hint
from providers.aws.managed import Managed
from providers.aws.settings import CLASSIC_WEB_ACL, SHIELD, WEB_ACL_ARN, WEB_ACL_NAME
from provisioner.core.keeping import as_resource
from provisioner.model.annotation import Setting
from provisioner.model.diagnostic import Diagnostic
from provisioner.model.resource import (
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    Value,
    freeze_spec,
)

NONE = "none"
"""What takes an ACL away."""

LOAD_BALANCER = "ResourceArn"
WEB_ACL, CLASSIC_ACL, ENABLED, PROTECTION = "WebACLArn", "WebACLId", "Enabled", "ProtectionId"

KINDS: Mapping[Managed, Kind] = {
    Managed.WEB_ACL: Kind.WEB_ACL_ASSOCIATION,
    Managed.CLASSIC_WEB_ACL: Kind.CLASSIC_WEB_ACL_ASSOCIATION,
    Managed.PROTECTION: Kind.PROTECTION,
}
_TITLES: Mapping[Kind, str] = {
    Kind.WEB_ACL_ASSOCIATION: "web ACL",
    Kind.CLASSIC_WEB_ACL_ASSOCIATION: "web ACL of WAF Classic",
    Kind.PROTECTION: "Shield Advanced protection",
}
_SAYS: Mapping[Kind, str] = {
    Kind.WEB_ACL_ASSOCIATION: WEB_ACL,
    Kind.CLASSIC_WEB_ACL_ASSOCIATION: CLASSIC_ACL,
    Kind.PROTECTION: ENABLED,
}
_WORD_FOR_NONE: Mapping[Kind, str] = {
    Kind.WEB_ACL_ASSOCIATION: NONE,
    Kind.CLASSIC_WEB_ACL_ASSOCIATION: NONE,
    Kind.PROTECTION: "false",
}
_READING: Mapping[Kind, str] = {
    Kind.WEB_ACL_ASSOCIATION: "wafv2:GetWebACLForResource",
    Kind.CLASSIC_WEB_ACL_ASSOCIATION: "waf-regional:GetWebACLForResource",
    Kind.PROTECTION: "shield:DescribeProtection",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOns:
    """The add-ons that are planned, and which the load balancer's tags name."""

    resources: tuple[Resource, ...] = ()
    managed: frozenset[Managed] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What somebody wants of one add-on: a value, or (None) that it cannot be told."""

    field: str
    value: Value
    settings: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    more: Mapping[str, PlainInput] | None = None


def addons(context: Context) -> AddOns:
    """Return what guards the load balancer."""
    wishes = {
        Managed.WEB_ACL: _web_acl(context),
        Managed.CLASSIC_WEB_ACL: _classic_web_acl(context),
        Managed.PROTECTION: _protection(context),
    }
    parts = [_part(context, each, wish) for each, wish in wishes.items()]
    return AddOns(
        resources=tuple(resource for part in parts for resource in part.resources),
        managed=frozenset(each for part in parts for each in part.managed),
        diagnostics=tuple(d for part in parts for d in part.diagnostics),
    )


def _part(context: Context, each: Managed, wish: _Wish | None) -> AddOns:
    """Return one add-on as wished, as it is, or not at all."""
    kind = KINDS[each]
    present = context.at(_address(context, kind))
    ours = each in _managed_now(context)
    if wish is None:
        return _unasked(context, each, present)
    if wish.value is None:
        kept = () if present is None else (as_resource(present),)
        return AddOns(
            resources=kept,
            managed=frozenset({each} if ours else ()),
            diagnostics=wish.diagnostics,
        )
    if ours and present is None:
        unseen = _unseen(context, kind, wish)
        return AddOns(managed=frozenset({each}), diagnostics=(*wish.diagnostics, *unseen))
    return AddOns(
        resources=(_resource(context, kind, wish),),
        managed=frozenset({each}),
        diagnostics=wish.diagnostics,
    )


def _unasked(context: Context, each: Managed, present: ObservedResource | None) -> AddOns:
    """Return what nobody asks for: as it is, and (unless somebody is held) no longer ours.

    A protection outlives its load balancer, so one that we made stays ours: it goes with it.
    """
    kept = () if present is None else (as_resource(present),)
    if context.holding:
        ours = each in _managed_now(context)
        return AddOns(resources=kept, managed=frozenset({each} if ours else ()))
    kind = KINDS[each]
    if present is None or not (present.spec.get(_SAYS[kind])):
        return AddOns(resources=kept)
    left = context.warnings(
        "ADD-ON-KEPT",
        f"nothing asks for the {_TITLES[kind]} of the load balancer any more; it stays as it is",
        hint=f"state {_WORD_FOR_NONE[kind]} in the annotation to take it away",
    )
    outlives = frozenset({each} & {Managed.PROTECTION} & _managed_now(context))
    return AddOns(resources=kept, managed=outlives, diagnostics=left)


def _managed_now(context: Context) -> frozenset[Managed]:
    existing = context.existing
    return managed.of_spec(existing.spec.get("Tags") if existing is not None else ())


def _address(context: Context, kind: Kind) -> str:
    return addresses.addon(kind, context.group)


def _resource(context: Context, kind: Kind, wish: _Wish) -> Resource:
    stating = {member for name in wish.settings for member in context.stating(name)}
    spec: dict[str, PlainInput] = {
        LOAD_BALANCER: Ref(context.address, "LoadBalancerArn"),
        wish.field: wish.value,
        **(wish.more or {}),
    }
    return Resource(
        kind=kind,
        address=_address(context, kind),
        group=context.group,
        ingresses=tuple(sorted(stating or context.members)),
        spec=freeze_spec(spec),
        title=_TITLES[kind] if wish.value else f"no {_TITLES[kind]}",
    )


def _unseen(context: Context, kind: Kind, wish: _Wish) -> tuple[Diagnostic, ...]:
    return context.warnings(
        "CLOUD-UNREAD",
        f"the {_TITLES[kind]} of the load balancer could not be read, so it stays as it is",
        field=native_field(wish.settings[0]),
        setting=wish.settings[0],
        hint=f"allow {_READING[kind]} in the IAM policy of these credentials",
    )


# -- web ACLs ------------------------------------------------------------------------------------


def _text(context: Context, setting: Setting[str]) -> str:
    value = context.intent.options.get(setting.name)
    return value if isinstance(value, str) else ""


def _web_acl(context: Context) -> _Wish | None:
    """Return the web ACL; a name, anybody's, makes all ARNs ignored, as the incumbent has it."""
    name, arn = _text(context, WEB_ACL_NAME), _text(context, WEB_ACL_ARN)
    said, setting = (name, WEB_ACL_NAME) if name else (arn, WEB_ACL_ARN)
    if not said:
        return None
    ignored = _ignored(context, name, arn) if name and arn else ()
    if said == NONE:
        return _Wish(field=WEB_ACL, value="", settings=(setting.name,), diagnostics=ignored)
    found = look_up(said, context.facts.web_acls, context.facts, Source.WEB_ACLS)
    if found.missing:
        findings = _no_acl(context, said, setting)
    elif found.unchecked:
        findings = _unchecked(context, said, setting, known=found.value is not None)
    else:
        findings = ()
    return _Wish(
        field=WEB_ACL,
        value=found.value,
        settings=(setting.name,),
        diagnostics=(*ignored, *findings),
    )


def _ignored(context: Context, name: str, arn: str) -> tuple[Diagnostic, ...]:
    return context.warnings(
        "WEB-ACL-ARN-IGNORED",
        f"{WEB_ACL_NAME.name} names {name}, so {arn} is ignored",
        field=native_field(WEB_ACL_ARN.name),
        setting=WEB_ACL_ARN.name,
        hint="keep one of the two annotations",
    )


def _no_acl(context: Context, said: str, setting: Setting[str]) -> tuple[Diagnostic, ...]:
    known = sorted(name for name, arn in context.facts.web_acls.items() if arn)
    return context.errors(
        "WEB-ACL-NOT-FOUND",
        f"the account has no regional web ACL {said} in {context.facts.region}",
        field=native_field(setting.name),
        setting=setting.name,
        hint=f"there is {', '.join(known)}"
        if known
        else "name a web ACL of scope REGIONAL in the load balancer's Region",
    )


def _unchecked(
    context: Context, said: str, setting: Setting[str], *, known: bool
) -> tuple[Diagnostic, ...]:
    effect = "could not be checked" if known else "cannot be told, so no web ACL is set"
    return context.warnings(
        "CLOUD-UNCHECKED",
        f"whether web ACL {said} exists {effect}",
        field=native_field(setting.name),
        setting=setting.name,
        hint=unread_hint(Source.WEB_ACLS),
    )


def _classic_web_acl(context: Context) -> _Wish | None:
    said = _text(context, CLASSIC_WEB_ACL)
    if not said:
        return None
    value = "" if said == NONE else said
    return _Wish(field=CLASSIC_ACL, value=value, settings=(CLASSIC_WEB_ACL.name,))


# -- Shield --------------------------------------------------------------------------------------


def _protection(context: Context) -> _Wish | None:
    """Return the protection; it takes a subscription, and its id to end one that is not ours."""
    wanted = context.intent.options.get(SHIELD.name)
    if not isinstance(wanted, bool):
        return None
    settings = (SHIELD.name,)
    if context.facts.shield_subscribed is False:
        findings = _not_subscribed(context) if wanted else ()
        return _Wish(field=ENABLED, value=None, settings=settings, diagnostics=findings)
    if Source.SUBSCRIPTION.value in context.facts.unread:
        findings = _subscription_unread(context)
        return _Wish(field=ENABLED, value=None, settings=settings, diagnostics=findings)
    return _Wish(
        field=ENABLED, value=wanted, settings=settings, more=None if wanted else _foreign(context)
    )


def _foreign(context: Context) -> Mapping[str, PlainInput] | None:
    """Return the id of a protection that somebody else made; of our own, reading tells it."""
    existing = context.existing
    if existing is None or context.at(_address(context, Kind.PROTECTION)) is not None:
        return None
    arn = existing.outputs.get("LoadBalancerArn", "")
    found = (context.facts.protections or {}).get(arn, "")
    return {PROTECTION: found} if found else None


def _not_subscribed(context: Context) -> tuple[Diagnostic, ...]:
    return context.warnings(
        "SHIELD-NOT-SUBSCRIBED",
        "the account has no subscription to Shield Advanced, so the load balancer is not protected "
        "by it",
        field=native_field(SHIELD.name),
        setting=SHIELD.name,
        hint="subscribe the account, or remove the annotation",
    )


def _subscription_unread(context: Context) -> tuple[Diagnostic, ...]:
    return context.warnings(
        "CLOUD-UNCHECKED",
        "whether the account has Shield Advanced could not be checked, so its protection stays as "
        "it is",
        field=native_field(SHIELD.name),
        setting=SHIELD.name,
        hint=unread_hint(Source.SUBSCRIPTION),
    )

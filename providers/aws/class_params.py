"""What an IngressClassParams says: settings that outrank the annotations of a whole class.

Read are the one of AWS Load Balancer Controller (``elbv2.k8s.aws``) and the one of EKS Auto Mode
(``eks.amazonaws.com``), which spells two fields in its own way ("Create an IngressClass to
configure an Application Load Balancer", Amazon EKS user guide). Each field becomes the setting that
its annotation feeds, in the same form, so whoever hears it need not know who said it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from providers.aws import settings as aws
from providers.aws.reading import attributes, words
from providers.aws.reading.backends import TARGET_TYPES
from providers.aws.reading.listeners import SSL_POLICY
from providers.aws.reading.load_balancer import ADDRESS_TYPES, SCHEMES
from provisioner.core import annotations as settings
from provisioner.core.values import choice, cidrs, group_name, port, quoted
from provisioner.model.annotation import AnnotationError, ClassWord, ClassWords, Setting
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.kube import Parameters
from provisioner.model.selector import LabelRequirement, LabelSelector

EKS_GROUP = "eks.amazonaws.com"

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_PROTOCOLS = ("HTTP", "HTTPS")
_WITHOUT_VALUES = frozenset({"Exists", "DoesNotExist"})
_LAST_PORT = 65535
_PREFIX_LISTS, _OLD_PREFIX_LISTS = "prefixListsIDs", "PrefixListsIDs"

T = TypeVar("T")
Reader = Callable[[object, str], tuple[ClassWord, ...]]


class _FieldError(AnnotationError):
    """A field that cannot be read; ``field`` is its path."""

    def __init__(self, field: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


def class_words(parameters: Parameters) -> ClassWords:
    """Return what an IngressClassParams says, and what is wrong with it."""
    spec = parameters.spec
    problems: list[Diagnostic] = []
    readers = _EKS_FIELDS if parameters.group == EKS_GROUP else _LBC_FIELDS
    found: dict[str, tuple[ClassWord, ...]] = {}
    namespaces: LabelSelector | None = None
    for name in sorted(spec):
        field = f"spec.{name}"
        try:
            if name == _SELECTOR:
                namespaces = _selector(spec[name], field)
            elif name in readers:
                found[name] = readers[name](spec[name], field) if spec[name] is not None else ()
            else:
                problems.append(_unknown(parameters, field, readers))
        except _FieldError as problem:
            problems.append(_wrong(parameters, problem))
    problems += _clashes(parameters)
    problems += _remarks(parameters)
    return ClassWords(
        words=tuple(w for name in found if name not in _OF_FIRST for w in found[name]),
        of_first=tuple(w for name in found if name in _OF_FIRST for w in found[name]),
        namespaces=namespaces,
        diagnostics=tuple(problems),
    )


def _subject(parameters: Parameters) -> str:
    return f"{parameters.kind} {parameters.meta.name}"


def _wrong(parameters: Parameters, problem: _FieldError) -> Diagnostic:
    return error(
        "CLASS-PARAMETERS-VALUE",
        _subject(parameters),
        message=f"{problem.field}: {problem}",
        field=problem.field,
        hint=problem.hint or "see the fields of IngressClassParams",
    )


def _unknown(parameters: Parameters, field: str, readers: Mapping[str, Reader]) -> Diagnostic:
    return warning(
        "CLASS-PARAMETERS-UNKNOWN",
        _subject(parameters),
        message=f"{field} is not known and has no effect",
        field=field,
        hint="known are " + ", ".join(sorted({*readers, _SELECTOR})),
    )


def _clashes(parameters: Parameters) -> list[Diagnostic]:
    """Return where a field is there in its new and its old spelling."""
    if _PREFIX_LISTS not in parameters.spec or _OLD_PREFIX_LISTS not in parameters.spec:
        return []
    problem = _FieldError(
        f"spec.{_OLD_PREFIX_LISTS}",
        f"it is an older spelling of {_PREFIX_LISTS}, which is there too",
        hint="keep one of the two",
    )
    return [_wrong(parameters, problem)]


def _remarks(parameters: Parameters) -> list[Diagnostic]:
    """Return what AWS Load Balancer Controller passes over in silence."""
    field = "spec.sslRedirectPort"
    said = parameters.spec.get("sslRedirectPort")
    if not isinstance(said, str) or not said or _redirect_port(said) is not None:
        return []
    return [
        warning(
            "CLASS-PARAMETERS-VALUE",
            _subject(parameters),
            message=f"{field}: {quoted(said)} is not a port, so it redirects nothing",
            field=field,
            hint='write the number of an HTTPS port in quotes, such as "443"',
        )
    ]


def _mapping(value: object, field: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _FieldError(field, "it is not an object")
    return value


def _list(value: object, field: str) -> list[tuple[str, object]]:
    """Return the items of a list, each with its path."""
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise _FieldError(field, "it is not a list")
    return [(f"{field}[{index}]", item) for index, item in enumerate(value)]


def _text(value: object, field: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _FieldError(field, "it is not text", hint="put it in quotes")
    return value


def _texts(value: object, field: str) -> tuple[str, ...]:
    return tuple(text for at, item in _list(value, field) if (text := _text(item, at)))


def _integer(value: object, field: str, *, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _FieldError(field, f"it is not a whole number from {low} to {high}")
    return value


def _parsed(parse: Callable[[str], T], text: str, field: str) -> T:
    try:
        return parse(text)
    except AnnotationError as problem:
        raise _FieldError(field, str(problem), hint=problem.hint) from None


def _pairs(value: object, field: str) -> Mapping[str, str]:
    """Return a list of ``{key, value}`` as a map."""
    found: dict[str, str] = {}
    for at, item in _list(value, field):
        pair = _mapping(item, at)
        key = _text(pair.get("key"), f"{at}.key")
        if not key:
            raise _FieldError(f"{at}.key", "it is missing", hint="write {key: ..., value: ...}")
        found[key] = _text(pair.get("value"), f"{at}.value")
    return MappingProxyType(found)


def _said(setting: Setting[T], value: T, field: str, *, suffix: str = "") -> tuple[ClassWord, ...]:
    """Return a word; an empty value says nothing."""
    if value in ("", (), MappingProxyType({})):
        return ()
    return (ClassWord(setting=setting.name, value=value, field=field, suffix=suffix),)


def _one(setting: Setting[T], parse: Callable[[str], T]) -> Reader:
    """Return the reader of a text field; an empty one says nothing."""

    def read(value: object, field: str) -> tuple[ClassWord, ...]:
        text = _text(value, field)
        return _said(setting, _parsed(parse, text, field), field) if text else ()

    return read


def _listed(setting: Setting[tuple[str, ...]], parse: Callable[[str], tuple[str, ...]]) -> Reader:
    """Return the reader of a list of texts, each of the kind that an annotation lists."""

    def read(value: object, field: str) -> tuple[ClassWord, ...]:
        found = _texts(value, field)
        return _said(setting, _parsed(parse, ",".join(found), field), field)

    return read


def _redirect_port(text: str) -> int | None:
    try:
        return port(text)
    except AnnotationError:
        return None


def _ssl_redirect(value: object, field: str) -> tuple[ClassWord, ...]:
    """Return the port; what is none turns the redirect off, annotations notwithstanding.

    So AWS Load Balancer Controller reads it (``buildSSLRedirectConfig``).
    """
    said = _text(value, field)
    return _said(settings.SSL_REDIRECT, _redirect_port(said) or 0, field) if said else ()


def _group(value: object, field: str) -> tuple[ClassWord, ...]:
    name = _text(_mapping(value, field).get("name"), f"{field}.name")
    at = f"{field}.name"
    return _said(settings.GROUP, _parsed(group_name, name, at), at) if name else ()


def _subnets(tags_of: Callable[[Mapping[str, object], str], tuple[ClassWord, ...]]) -> Reader:
    def read(value: object, field: str) -> tuple[ClassWord, ...]:
        said = _mapping(value, field)
        ids = _said(settings.SUBNETS, _texts(said.get("ids"), f"{field}.ids"), f"{field}.ids")
        tags = tags_of(said, field)
        if ids and tags:
            raise _FieldError(field, "it has both ids and tags", hint="keep one of the two")
        return ids or tags

    return read


def _tag_map(said: Mapping[str, object], field: str) -> tuple[ClassWord, ...]:
    at = f"{field}.tags"
    tags = _mapping(said.get("tags") or {}, at)
    found = {key: _texts(tags[key], f"{at}.{key}") for key in sorted(tags)}
    return _said(aws.SUBNET_TAGS, MappingProxyType(found), at)


def _tag_list(said: Mapping[str, object], field: str) -> tuple[ClassWord, ...]:
    at = f"{field}.matchTags"
    found: dict[str, tuple[str, ...]] = {}
    for place, item in _list(said.get("matchTags"), at):
        tag = _mapping(item, place)
        key = _text(tag.get("key"), f"{place}.key")
        found[key] = _texts(tag.get("values"), f"{place}.values")
    return _said(aws.SUBNET_TAGS, MappingProxyType(found), at)


def _tags(value: object, field: str) -> tuple[ClassWord, ...]:
    found = _pairs(value, field)
    for key, text in found.items():
        try:
            words.check_tag(key, text)
        except AnnotationError as problem:
            raise _FieldError(field, str(problem), hint=problem.hint) from None
    return _said(settings.TAGS, found, field)


def _attributes(value: object, field: str) -> tuple[ClassWord, ...]:
    found = _known(_pairs(value, field), attributes.LOAD_BALANCER, field)
    return _said(settings.LOAD_BALANCER_ATTRIBUTES, found, field)


def _known(found: Mapping[str, str], known: tuple[str, ...], field: str) -> Mapping[str, str]:
    try:
        attributes.check(found, known)
    except AnnotationError as problem:
        raise _FieldError(field, str(problem), hint=problem.hint) from None
    return found


def _listeners(value: object, field: str) -> tuple[ClassWord, ...]:
    found: list[ClassWord] = []
    for at, item in _list(value, field):
        said = _mapping(item, at)
        protocol = _text(said.get("protocol"), f"{at}.protocol")
        _parsed(choice({word: word for word in _PROTOCOLS}), protocol, f"{at}.protocol")
        number = _integer(said.get("port"), f"{at}.port", low=1, high=_LAST_PORT)
        place = f"{at}.listenerAttributes"
        pairs = _known(_pairs(said.get("listenerAttributes"), place), attributes.LISTENER, place)
        found += _said(aws.LISTENER_ATTRIBUTES, pairs, place, suffix=f"{protocol}-{number}")
    return tuple(found)


def _capacity(value: object, field: str) -> tuple[ClassWord, ...]:
    at = f"{field}.capacityUnits"
    units = _mapping(value, field).get("capacityUnits")
    if units is None:
        return ()
    return _said(aws.MINIMUM_CAPACITY, _integer(units, at, low=0, high=2**31 - 1), at)


def _ipam(value: object, field: str) -> tuple[ClassWord, ...]:
    at = f"{field}.ipv4IPAMPoolId"
    return _said(aws.IPAM_POOL, _text(_mapping(value, field).get("ipv4IPAMPoolId"), at), at)


def _selector(value: object, field: str) -> LabelSelector | None:
    if value is None:
        return None
    said = _mapping(value, field)
    labels = _mapping(said.get("matchLabels") or {}, f"{field}.matchLabels")
    return LabelSelector(
        match_labels=MappingProxyType(
            {key: _text(labels[key], f"{field}.matchLabels.{key}") for key in sorted(labels)}
        ),
        requirements=tuple(
            _requirement(item, at)
            for at, item in _list(said.get("matchExpressions"), f"{field}.matchExpressions")
        ),
    )


def _requirement(item: object, field: str) -> LabelRequirement:
    said = _mapping(item, field)
    operator = _text(said.get("operator"), f"{field}.operator")
    _parsed(choice({word: word for word in _OPERATORS}), operator, f"{field}.operator")
    key = _text(said.get("key"), f"{field}.key")
    if not key:
        raise _FieldError(f"{field}.key", "it is missing", hint="name a label")
    values = _texts(said.get("values"), f"{field}.values")
    if bool(values) is (operator in _WITHOUT_VALUES):
        needs = "takes no values" if values else "needs values"
        raise _FieldError(f"{field}.values", f"operator {operator} {needs}")
    return LabelRequirement(key=key, operator=operator, values=values)


_SELECTOR = "namespaceSelector"
_OF_FIRST = frozenset(
    {
        "ipamConfiguration",
        "listeners",
        "loadBalancerAttributes",
        "minimumLoadBalancerCapacity",
    }
)
"""Fields that AWS Load Balancer Controller takes from the first member of a group alone."""

_COMMON: Mapping[str, Reader] = MappingProxyType(
    {
        "group": _group,
        "inboundCIDRs": _listed(settings.INBOUND_CIDRS, cidrs),
        "ipAddressType": _one(
            settings.IP_ADDRESS_TYPE, choice({word: word for word in ADDRESS_TYPES})
        ),
        "ipamConfiguration": _ipam,
        "loadBalancerAttributes": _attributes,
        "loadBalancerName": _one(settings.LOAD_BALANCER_NAME, words.load_balancer_name),
        "minimumLoadBalancerCapacity": _capacity,
        _PREFIX_LISTS: _listed(settings.PREFIX_LISTS, words.prefix_lists),
        "scheme": _one(settings.SCHEME, choice(SCHEMES)),
        "sslPolicy": _one(settings.SSL_POLICY, SSL_POLICY),
        "sslRedirectPort": _ssl_redirect,
        "tags": _tags,
        "targetType": _one(settings.TARGET_MODE, choice(TARGET_TYPES)),
        "wafv2AclArn": _one(aws.WEB_ACL_ARN, words.web_acl_arn),
        "wafv2AclName": _one(aws.WEB_ACL_NAME, words.web_acl),
    }
)
_LBC_FIELDS: Mapping[str, Reader] = MappingProxyType(
    {
        **_COMMON,
        _OLD_PREFIX_LISTS: _listed(settings.PREFIX_LISTS, words.prefix_lists),
        "certificateArn": _listed(settings.CERTIFICATES, words.certificates),
        "listeners": _listeners,
        "subnets": _subnets(_tag_map),
    }
)
_EKS_FIELDS: Mapping[str, Reader] = MappingProxyType(
    {
        **_COMMON,
        "certificateARNs": _listed(settings.CERTIFICATES, words.certificates),
        "subnets": _subnets(_tag_list),
    }
)

"""Spell what Google answers exactly as we would have asked for it.

The diff compares specs field by field, so everything that Google adds or spells in another way is
taken out here and in ``shapes``, and nowhere else:

* links to resources of ours become the Refs that desired specs hold, addresses of ours likewise;
* descriptions are cut down to what we answer for;
* the place of a resource is a name (``region``, ``zone``), not a link;
* where a secret would be stands the fingerprint that we, or Google, keep of it.

Pure: answers in, specs out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from providers.gcp import marks, shapes
from providers.gcp.addresses import Kind
from providers.gcp.links import name_of, place_of
from providers.gcp.live.inventory import objects, text, texts
from providers.gcp.routing.canonical import canonical
from provisioner.model.resource import Fingerprint, PlainInput, Ref, Spec, freeze_spec
from provisioner.model.settings import ANNOTATION_PREFIX

Object: TypeAlias = Mapping[str, object]
Fields: TypeAlias = dict[str, PlainInput]

SIGNED_URL_KEYS = f"{ANNOTATION_PREFIX}signed-url-keys"
"""The word in which a backend service keeps the digests of its keys, which nobody reads back."""


class Refs:
    """The Refs of what we own, by link; and of addresses of ours, by scope and IP address."""

    def __init__(
        self, by_link: Mapping[str, Ref], by_address: Mapping[tuple[str, str], Ref | str]
    ) -> None:
        """Know Refs by link, and who has reserved which address: an address of ours, or its IP."""
        self._by_link = by_link
        self._by_address = by_address

    def of(self, link: str) -> Ref | str:
        """Return the Ref for a link of ours, the link itself where it is somebody else's."""
        return self._by_link.get(link, link)

    def of_address(self, scope: str, address: str) -> Ref | str | None:
        """Return what stands for an address in a scope, None where nobody has reserved it."""
        return self._by_address.get((scope, address))


def resource(kind: Kind, answer: Object, refs: Refs) -> Spec:
    """Return the spec of a resource that Google lists."""
    fields = _common(answer)
    if kind is Kind.URL_MAP:
        content = canonical(_plain_object(answer), refs.of)
        return freeze_spec({**fields, **content})
    for name in shapes.OWNED[kind] - fields.keys():
        if name in answer:
            fields[name] = _put_back(answer[name], refs)
    match kind:
        case Kind.ADDRESS:
            fields.pop("address", None)
        case Kind.FORWARDING_RULE:
            fields["IPAddress"] = _address(answer, refs)
        case Kind.SSL_CERTIFICATE:
            fields |= _certificate(answer)
        case Kind.BACKEND_SERVICE:
            fields |= _iap(answer)
        case _:
            pass
    return shapes.shaped(kind, fields)


def endpoints(group: Object, ref: Ref | str, answers: Iterable[Object]) -> Spec:
    """Return the spec of what is attached to a network endpoint group."""
    found: list[PlainInput] = [
        {
            name: _plain(endpoint[name])
            for name in ("instance", "ipAddress", "port")
            if name in endpoint
        }
        for endpoint in answers
    ]
    return shapes.shaped(
        Kind.NETWORK_ENDPOINTS,
        {
            "networkEndpointGroup": ref,
            "zone": name_of(text(group, "zone")),
            "networkEndpoints": found,
        },
    )


def instances(group: Object, ref: Ref | str, links: Iterable[str]) -> Spec:
    """Return the spec of the machines in an instance group."""
    return shapes.shaped(
        Kind.INSTANCES,
        {
            "instanceGroup": ref,
            "zone": name_of(text(group, "zone")),
            "instances": list(links),
        },
    )


def named_ports(group: Object, ref: Ref | str, ours: Iterable[str] | None) -> Spec:
    """Return the spec of our named ports of an instance group.

    Args:
        group: The instance group.
        ref: What stands for it in a spec.
        ours: Names of the ports that are ours, None where all that are named as ours are.
    """
    names = None if ours is None else frozenset(ours)
    found: list[PlainInput] = [
        {"name": text(port, "name"), "port": _plain(port.get("port"))}
        for port in objects(group.get("namedPorts"))
        if (_is_named_as_ours(port) if names is None else text(port, "name") in names)
    ]
    zone = name_of(text(group, "zone"))
    return shapes.shaped(
        Kind.NAMED_PORTS, {"instanceGroup": ref, "zone": zone, "namedPorts": found}
    )


def signed_url_keys(answer: Object, ref: Ref) -> dict[str, Spec]:
    """Return the specs of a backend service's signing keys, by their name."""
    digests = marks.read(text(answer, "description")).get(SIGNED_URL_KEYS)
    known = digests if isinstance(digests, Mapping) else {}
    policy = answer.get("cdnPolicy")
    names = texts(policy.get("signedUrlKeyNames")) if isinstance(policy, Mapping) else []
    place = _place(answer)
    return {
        name: shapes.shaped(
            Kind.SIGNED_URL_KEY,
            {
                **place,
                "backendService": ref,
                "keyName": name,
                "keyValue": Fingerprint(str(known.get(name, ""))),
            },
        )
        for name in names
    }


def _is_named_as_ours(port: Object) -> bool:
    return text(port, "name") == f"port{port.get('port')}"


def _common(answer: Object) -> Fields:
    """Return what every kind has: name, description, place."""
    return {
        "name": text(answer, "name"),
        "description": marks.managed(text(answer, "description")),
        **_place(answer),
    }


def _place(answer: Object) -> Fields:
    return {name: name_of(text(answer, name)) for name in ("region", "zone") if text(answer, name)}


def _address(answer: Object, refs: Refs) -> Ref | str | None:
    """Return what a forwarding rule says of its address; an ephemeral one is not said."""
    place = place_of(text(answer, "selfLink"))
    scope = place.scope if place is not None else ""
    return refs.of_address(scope, text(answer, "IPAddress"))


def _certificate(answer: Object) -> Fields:
    """Return the parts of a certificate; of one of our own Google answers half, so the mark says.

    The mark is one digest for both halves, or one for each.
    """
    if text(answer, "type") == "MANAGED":
        return {}
    digest = marks.read(text(answer, "description")).get(marks.DIGEST)
    halves = ("certificate", "privateKey")
    known = digest if isinstance(digest, Mapping) else dict.fromkeys(halves, digest or "")
    return {"selfManaged": {half: Fingerprint(str(known.get(half, ""))) for half in halves}}


def _iap(answer: Object) -> Fields:
    iap = answer.get("iap")
    if not isinstance(iap, Mapping):
        return {}
    part = _plain_object(iap)
    digest = part.pop("oauth2ClientSecretSha256", None)
    if isinstance(digest, str) and digest:
        part["oauth2ClientSecret"] = Fingerprint(digest)
    return {"iap": part}


def _put_back(value: object, refs: Refs) -> PlainInput:
    """Return a part of an answer with Refs in place of links to what is ours."""
    if isinstance(value, str):
        return refs.of(value)
    if isinstance(value, Mapping):
        return {str(key): _put_back(item, refs) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_put_back(item, refs) for item in value]
    return _plain(value)


def _plain_object(answer: Object) -> Fields:
    return {str(key): _plain(value) for key, value in answer.items()}


def _plain(value: object) -> PlainInput:
    """Return part of an answer as a plain value; what no spec holds becomes its text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value)

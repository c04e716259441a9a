"""Calls about certificates of ours: import them, import them again, request them, delete them.

A certificate that is imported under an ARN that exists replaces what was there, and every listener
that uses it serves the new one within moments; ACM takes no tags along then. Requests carry a
token, so that one whose answer was lost is not made twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from providers.aws.addresses import Kind
from providers.aws.changes.call_parts import call_to, tag_difference
from provisioner.model.change import Action, Call, Change
from provisioner.model.resource import PlainInput, Ref

_CONTENT = ("Certificate", "CertificateChain", "PrivateKey")
_TOKEN_LENGTH = 32
_ARN = "CertificateArn"


def own_certificate(change: Change) -> Iterator[Call]:
    """Yield the calls that carry out a change of a certificate of ours."""
    match change.action:
        case Action.CREATE | Action.REPLACE:
            yield _create(change)
        case Action.UPDATE:
            yield from _update(change)
        case Action.DELETE:
            known: dict[str, PlainInput] = {_ARN: Ref(change.address, _ARN)}
            yield call_to(change.address, Kind.CERTIFICATE, "DeleteCertificate", known)
        case Action.NOOP:
            return


def _create(change: Change) -> Call:
    spec: dict[str, PlainInput] = dict(change.desired.spec) if change.desired is not None else {}
    if "PrivateKey" in spec:
        return call_to(change.address, Kind.CERTIFICATE, "ImportCertificate", spec)
    token = sha256(change.address.encode()).hexdigest()[:_TOKEN_LENGTH]
    request = {**spec, "IdempotencyToken": token}
    return call_to(change.address, Kind.CERTIFICATE, "RequestCertificate", request)


def _update(change: Change) -> Iterator[Call]:
    spec = change.desired.spec if change.desired is not None else {}
    known: dict[str, PlainInput] = {_ARN: Ref(change.address, _ARN)}
    if any(field.path in _CONTENT for field in change.fields):
        content = {name: spec[name] for name in _CONTENT if name in spec}
        yield call_to(change.address, Kind.CERTIFICATE, "ImportCertificate", {**content, **known})
    added, removed = tag_difference(change)
    if added:
        tags = known | {"Tags": added}
        yield call_to(change.address, Kind.CERTIFICATE, "AddTagsToCertificate", tags)
    if removed:
        keys: list[PlainInput] = [{"Key": key} for key in removed]
        tags = known | {"Tags": keys}
        yield call_to(change.address, Kind.CERTIFICATE, "RemoveTagsFromCertificate", tags)

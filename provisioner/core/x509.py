"""What a load balancer must know of a certificate and its key, read from their PEM text.

Names, validity, and whether the key belongs to it: enough to say before any call what the cloud
would refuse, and to tell two certificates apart. RFC 5280 has the structures, RFC 7468 the text.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from provisioner.core.der import (
    BIT_STRING,
    OBJECT_ID,
    OCTET_STRING,
    SEQUENCE,
    DerError,
    Element,
    only,
)

_BLOCK = re.compile(
    r"-----BEGIN (?P<label>[A-Z0-9 ]+)-----\s*(?P<body>.*?)\s*-----END (?P=label)-----", re.DOTALL
)
_CERTIFICATE_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})
_ENCRYPTED = "ENCRYPTED PRIVATE KEY"
_HEADER = "Proc-Type:"  # of an encrypted key in the older form
_SUBJECT_ALTERNATIVE_NAME = bytes.fromhex("551d11")  # 2.5.29.17
_COMMON_NAME = bytes.fromhex("550403")  # 2.5.4.3
_RSA = bytes.fromhex("2a864886f70d010101")  # 1.2.840.113549.1.1.1
_ELLIPTIC = bytes.fromhex("2a8648ce3d0201")  # 1.2.840.10045.2.1
_DNS_NAME = 0x82  # [2] of GeneralName
_VERSION = 0xA0  # [0] of TBSCertificate
_EXTENSIONS = 0xA3  # [3] of TBSCertificate
_PUBLIC_KEY = 0xA1  # [1] of ECPrivateKey
_UTC_TIME = 0x17
_CURVES: Mapping[int, int] = MappingProxyType({65: 256, 97: 384, 133: 521})
_CENTURY = 50  # RFC 5280: two-digit years from 50 on are of the twentieth century


class PemError(ValueError):
    """Text that holds no certificate or key that can be read; never quotes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class X509:
    """A certificate. Times are RFC 3339 in UTC; ``pem`` is its text in the usual lines.

    ``key_algorithm`` says kind and size of the key (``RSA_2048``, ``EC_256``).
    """

    pem: str
    der: bytes
    names: tuple[str, ...]
    not_before: str
    not_after: str
    public_key: bytes
    key_algorithm: str
    signs_itself: bool


def certificates(text: str) -> tuple[X509, ...]:
    """Return the certificates of a PEM text in their order.

    Raises:
        PemError: There is none, or one cannot be read.
    """
    found = [
        _certificate(_decoded(block["body"]))
        for block in _BLOCK.finditer(text)
        if block["label"] in _CERTIFICATE_LABELS
    ]
    if not found:
        raise PemError("it holds no PEM certificate")
    return tuple(found)


def key_of(text: str) -> tuple[str, bytes]:
    """Return a private key as PEM and the public key that goes with it (b"" where it tells none).

    Raises:
        PemError: There is no key, it is encrypted, or it cannot be read.
    """
    blocks = [b for b in _BLOCK.finditer(text) if b["label"].endswith("PRIVATE KEY")]
    if not blocks:
        raise PemError("it holds no PEM private key")
    label, body = blocks[0]["label"], blocks[0]["body"]
    if label == _ENCRYPTED or _HEADER in body:
        raise PemError("the private key is encrypted")
    der = _decoded(body)
    try:
        return _pem(label, der), _public_part(der)
    except (DerError, IndexError):
        raise PemError("the private key cannot be read") from None


def digest_of(chain: Sequence[X509]) -> str:
    """Return the hash that stands for a certificate and those that signed it.

    The order of the latter, and roots among them, say nothing: clients bring their own roots, and
    a cloud may leave them out.
    """
    first, *others = chain
    signers = sorted({c.der for c in others if not c.signs_itself})
    return hashlib.sha256(b"".join((first.der, *signers))).hexdigest()


def parts_of(chain: Sequence[X509]) -> tuple[str, ...]:
    """Return the hash of a certificate, then those of its signers but for roots, sorted.

    A cloud may add to the chain that it was given, so it is by these that one tells what it has.
    """
    first, *others = chain
    signers = {hashlib.sha256(c.der).hexdigest() for c in others if not c.signs_itself}
    return (hashlib.sha256(first.der).hexdigest(), *sorted(signers))


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        raise PemError("it is not PEM: its body is not base64") from None


def _pem(label: str, der: bytes) -> str:
    body = base64.b64encode(der).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))


def _certificate(der: bytes) -> X509:
    try:
        fields = only(der, SEQUENCE).children()[0].children()
        if fields[0].tag == _VERSION:
            fields = fields[1:]
        _, _, issuer, validity, subject, key, *rest = fields
        start, end = validity.children()
        return X509(
            pem=_pem("CERTIFICATE", der),
            der=der,
            names=_names(subject, rest),
            not_before=_moment(start),
            not_after=_moment(end),
            public_key=_public_key(key),
            key_algorithm=_algorithm(key),
            signs_itself=issuer.whole == subject.whole,
        )
    except (DerError, ValueError, IndexError):
        raise PemError("the certificate cannot be read") from None


def _names(subject: Element, rest: Sequence[Element]) -> tuple[str, ...]:
    """Return the host names, in lower case; the common name only where there are no others."""
    found = [name for field in rest if field.tag == _EXTENSIONS for name in _dns_names(field)]
    return tuple(sorted(set(found or _common_names(subject))))


def _dns_names(field: Element) -> list[str]:
    extensions = field.children()[0].children()
    for extension in extensions:
        name, *_, value = extension.children()
        if name.content == _SUBJECT_ALTERNATIVE_NAME and value.tag == OCTET_STRING:
            listed = only(value.content, SEQUENCE).children()
            return [n.content.decode("ascii").lower() for n in listed if n.tag == _DNS_NAME]
    return []


def _common_names(subject: Element) -> list[str]:
    pairs = [pair.children() for group in subject.children() for pair in group.children()]
    return [
        value.content.decode("utf-8", "replace").lower()
        for name, value in pairs
        if name.content == _COMMON_NAME
    ]


def _moment(field: Element) -> str:
    text = field.content.decode("ascii")
    if field.tag == _UTC_TIME:
        text = ("20" if int(text[:2]) < _CENTURY else "19") + text
    if not re.fullmatch(r"\d{14}Z", text):
        raise DerError("a time in it cannot be read")
    date, time = text[:8], text[8:14]
    return f"{date[:4]}-{date[4:6]}-{date[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}Z"  # RFC 3339


def _public_key(info: Element) -> bytes:
    """Return what tells a public key from others: an RSA modulus, or the bits of any other key."""
    algorithm, bits = info.children()
    content = bits.content[1:]  # the first byte counts unused bits
    if algorithm.children()[0].content == _RSA:
        return _integer(only(content, SEQUENCE).children()[0])
    return content


def _algorithm(info: Element) -> str:
    kind = info.children()[0].children()[0].content
    public = _public_key(info)
    if kind == _RSA:
        return f"RSA_{int.from_bytes(public, 'big').bit_length()}"
    # A point is one byte and two coordinates; P-521 fills its 66 bytes not quite.
    return f"EC_{_CURVES.get(len(public), 0)}" if kind == _ELLIPTIC else kind.hex()


def _public_part(der: bytes) -> bytes:
    """Return the public key that a private one (PKCS #1, PKCS #8 or SEC 1) belongs to."""
    fields = only(der, SEQUENCE).children()
    if fields[1].tag == SEQUENCE:  # PKCS #8: version, algorithm, the key proper
        kind = fields[1].children()[0]
        known = kind.tag == OBJECT_ID and kind.content in {_RSA, _ELLIPTIC}
        return _public_part(fields[2].content) if known else b""
    if fields[1].tag == OCTET_STRING:  # SEC 1: version, key, parameters, public key
        public = next((f for f in fields if f.tag == _PUBLIC_KEY), None)
        return only(public.content, BIT_STRING).content[1:] if public is not None else b""
    return _integer(fields[1])  # PKCS #1: version, modulus, exponents


def _integer(field: Element) -> bytes:
    return field.content.lstrip(b"\x00")

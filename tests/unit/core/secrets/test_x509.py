"""Promises about reading certificates and keys: held against a real cryptography library."""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from cryptography import x509 as real
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from provisioner.core.der import DerError, elements
from provisioner.core.x509 import PemError, certificates, digest_of, key_of
from tests.unit.core.secrets.pems import Issued, PrivateKey, a_pair, an_ec_key, an_rsa_key, key_text

PAIR = a_pair("shop.example.com", "*.Example.com", "shop.example.com")
FORMS = [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8]


def test_names_and_times_are_those_that_the_certificate_states() -> None:
    """Alternative names in lower case, each once; both ends of the validity in UTC."""
    (found,) = certificates(a_pair("b.example.com", "*.A.example.com", days=100).certificate)

    assert found.names == ("*.a.example.com", "b.example.com")
    assert found.not_before == "2026-10-22T00:00:00Z"
    assert found.not_after == "2027-01-30T00:00:00Z"


def test_a_common_name_counts_only_where_there_are_no_alternative_names() -> None:
    """Clients ignore it as soon as there is an alternative name (RFC 6125)."""
    (alone,) = certificates(a_pair(common_name="Old.example.com").certificate)
    (beside,) = certificates(a_pair("new.example.com", common_name="old.example.com").certificate)

    assert alone.names == ("old.example.com",)
    assert beside.names == ("new.example.com",)


@pytest.mark.parametrize("year", [1999, 2049, 2050, 2120])
def test_both_forms_of_a_time_are_read(year: int) -> None:
    """Two-digit years up to 2049, four-digit ones from 2050 on (RFC 5280, 4.1.2.5)."""
    start = datetime(year - 1, 12, 1, 1, 2, 3, tzinfo=UTC)

    (found,) = certificates(a_pair("a.example.com", start=start, days=60).certificate)

    assert found.not_after == f"{year}-01-30T01:02:03Z"


@pytest.mark.parametrize("key", [an_rsa_key(), an_ec_key()], ids=["rsa", "ec"])
@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_recognised_as_the_certificates_own(key: PrivateKey, form: PrivateFormat) -> None:
    """PKCS #1, SEC 1 and PKCS #8 alike; another key of the same kind is told apart."""
    (certificate,) = certificates(a_pair("a.example.com", key=key).certificate)
    stranger = an_ec_key() if certificate.public_key[0] == 4 else an_rsa_key()

    own, other = key_of(key_text(key, form=form)), key_of(key_text(stranger, form=form))

    assert own[1] == certificate.public_key
    assert other[1] != certificate.public_key
    assert own[0] == key_text(key, form=form)


@pytest.mark.parametrize("form", FORMS)
def test_an_encrypted_key_is_refused_by_name(form: PrivateFormat) -> None:
    """No cloud takes one, and nobody would be there to type the password."""
    text = key_text(an_rsa_key(), form=form, password=b"secret")

    with pytest.raises(PemError, match="encrypted"):
        key_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----",
        PAIR.key,
    ],
)
def test_what_is_no_certificate_is_refused_without_quoting_it(text: str) -> None:
    """A message never shows content of a Secret."""
    with pytest.raises(PemError) as caught:
        certificates(text)

    assert "-----" not in str(caught.value)


@pytest.mark.parametrize("text", ["", PAIR.certificate, PAIR.key.replace("M", "", 1)])
def test_what_is_no_key_is_refused_without_quoting_it(text: str) -> None:
    """Least of all a private key."""
    with pytest.raises(PemError) as caught:
        key_of(text)

    assert all(line not in str(caught.value) for line in text.split("\n") if line)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_end_in_one_kind_of_error(data: bytes) -> None:
    """Whatever a Secret holds, reading it ends in a sentence."""
    body = base64.b64encode(data).decode()
    for label, read in (("CERTIFICATE", certificates), ("PRIVATE KEY", key_of)):
        try:
            read(f"-----BEGIN {label}-----\n{body}\n-----END {label}-----")
        except PemError:
            continue


@given(st.integers(min_value=0, max_value=600), st.integers(min_value=0, max_value=255))
def test_a_damaged_certificate_ends_in_one_kind_of_error(place: int, byte: int) -> None:
    """One wrong byte anywhere is a sentence, or a certificate that says something else."""
    (sound,) = certificates(PAIR.certificate)
    damaged = bytearray(sound.der)
    damaged[place % len(damaged)] = byte
    body = base64.b64encode(bytes(damaged)).decode()
    with suppress(PemError):
        certificates(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----")


@given(st.integers(min_value=0, max_value=600))
def test_elements_never_reach_beyond_the_data(cut: int) -> None:
    """Something that is cut off is an error, not a shorter element."""
    (sound,) = certificates(PAIR.certificate)
    data = sound.der[: cut % len(sound.der)]
    try:
        found = list(elements(data))
    except DerError:
        return
    assert b"".join(element.whole for element in found) == data


def test_a_chain_keeps_its_order_and_loses_comments() -> None:
    """Tools write who is who between the blocks."""
    leaf, signer = a_pair("a.example.com", issuer="ca"), a_pair(common_name="ca", issuer="root")
    text = f"# leaf\r\n{leaf.certificate}\nsubject=ca\n{signer.certificate}"

    found = certificates(text.replace("\n", "\r\n"))

    assert [c.pem for c in found] == [leaf.certificate, signer.certificate]


def _digest(*texts: Issued) -> str:
    return digest_of(certificates("".join(each.certificate for each in texts)))


def test_a_digest_tells_certificates_and_their_signers_apart_and_no_more() -> None:
    """Another leaf or intermediate is another digest; the order, and a root, are not."""
    leaf = a_pair("a.example.com", issuer="one")
    one, two = a_pair(common_name="one", issuer="two"), a_pair(common_name="two", issuer="root")
    root = a_pair(common_name="root")

    whole = _digest(leaf, one, two)

    assert whole == _digest(leaf, two, one) == _digest(leaf, one, two, root)
    assert whole not in {_digest(leaf), _digest(leaf, one), _digest(one, two, leaf)}


def test_extensions_before_the_names_are_passed_over() -> None:
    """A critical extension has one element more than others."""
    pair = a_pair(
        "a.example.com", extra=[real.BasicConstraints(ca=False, path_length=None)]
    ).certificate

    assert certificates(pair)[0].names == ("a.example.com",)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (an_rsa_key(), "RSA_2048"),
        (an_ec_key(), "EC_256"),
        (ec.generate_private_key(ec.SECP384R1()), "EC_384"),
        (ec.generate_private_key(ec.SECP521R1()), "EC_521"),
    ],
)
def test_kind_and_size_of_a_key_are_told(key: PrivateKey, expected: str) -> None:
    """ACM takes a new certificate under an old ARN only with a key of the same kind and size."""
    (found,) = certificates(a_pair("a.example.com", key=key).certificate)

    assert found.key_algorithm == expected

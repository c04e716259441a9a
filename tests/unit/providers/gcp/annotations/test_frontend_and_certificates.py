"""What FrontendConfigs and ManagedCertificates promise beyond their single fields."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from providers.gcp.reading.frontend_config import FrontendConfigName, frontend_config
from providers.gcp.reading.managed_certificate import (
    ManagedCertificateNames,
    managed_certificate,
)
from providers.gcp.settings import (
    FrontendConfig,
    HttpsRedirect,
    ManagedCertificate,
    ManagedCertificates,
)
from providers.gcp.settings import frontend_config as frontend_of
from providers.gcp.settings import managed_certificates as certificates_of
from provisioner.core.object_error import ObjectError
from tests.unit.providers.gcp.annotations.cases import an_object


def front(spec: Mapping[str, object]) -> FrontendConfig:
    """Return what a FrontendConfig ``shop/front`` says."""
    return frontend_config(an_object("FrontendConfig", "shop/front", spec))


def certificate(
    spec: Mapping[str, object], status: Mapping[str, object] | None = None
) -> ManagedCertificate:
    """Return what a ManagedCertificate ``shop/cert`` says."""
    found, _ = managed_certificate(
        an_object("ManagedCertificate", "shop/cert", spec, status=status)
    )
    return found


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("MOVED_PERMANENTLY_DEFAULT", 301),
        ("FOUND", 302),
        ("SEE_OTHER", 303),
        ("TEMPORARY_REDIRECT", 307),
        ("PERMANENT_REDIRECT", 308),
    ],
)
def test_a_redirect_has_the_status_of_its_name(code: str, status: int) -> None:
    """The names are those of the Compute API."""
    redirect = front({"redirectToHttps": {"enabled": True, "responseCodeName": code}}).redirect

    assert redirect == HttpsRedirect(enabled=True, code=code)
    assert redirect.status == status


@pytest.mark.parametrize("said", [{}, {"responseCodeName": ""}, {"responseCodeName": None}])
def test_a_redirect_is_permanent_where_nothing_else_is_said(said: Mapping[str, object]) -> None:
    """MOVED_PERMANENTLY_DEFAULT is the default."""
    redirect = front({"redirectToHttps": {"enabled": True, **said}}).redirect

    assert redirect is not None
    assert redirect.status == 301


def test_an_empty_policy_is_not_the_same_as_none() -> None:
    """An empty name takes the policy away; without the field it is nobody's word."""
    assert front({"sslPolicy": ""}).ssl_policy == ""
    assert front({}).ssl_policy is None


def test_a_frontend_config_that_does_not_exist_says_nothing() -> None:
    """GKE goes on without it; who else is strict about it does not come here."""
    assert FrontendConfigName(name="front").filled({}) is None


def test_a_load_balancer_without_a_frontend_config_has_one_that_says_nothing() -> None:
    """Whoever expresses the front need not ask whether there is one."""
    said = front({"sslPolicy": "modern"})

    assert frontend_of({}) == FrontendConfig()
    assert frontend_of({"frontend-config": said}) is said


def test_certificates_come_in_written_order_with_what_became_of_them() -> None:
    """The status says which Compute certificate GKE had issued."""
    found = {
        "new": an_object("ManagedCertificate", "shop/new", {"domains": ["new.example.com"]}),
        "old": an_object(
            "ManagedCertificate",
            "shop/old",
            {"domains": ["old.example.com"]},
            status={"certificateName": "mcrt-1", "certificateStatus": "Active"},
        ),
    }

    filled = ManagedCertificateNames(names=("old", "new")).filled(found)

    assert filled == ManagedCertificates(
        certificates=(
            ManagedCertificate(
                name="old",
                domains=("old.example.com",),
                certificate_name="mcrt-1",
                status="Active",
            ),
            ManagedCertificate(name="new", domains=("new.example.com",)),
        )
    )
    assert certificates_of({"managed-certificates": filled}) == filled.certificates
    assert certificates_of({}) == ()


def test_a_certificate_that_is_not_there_is_passed_over() -> None:
    """Core has told that it is missing; what the others say still counts."""
    found = {"new": an_object("ManagedCertificate", "shop/new", {"domains": ["new.example.com"]})}

    filled = ManagedCertificateNames(names=("gone", "new")).filled(found)

    assert [one.name for one in filled.certificates] == ["new"]


@pytest.mark.parametrize(
    ("domains", "field"),
    [
        ([], "spec.domains"),
        ([f"{i}.example.com" for i in range(101)], "spec.domains"),
        (["a" * 60 + ".example.com"], "spec.domains[0]"),
        (["a.example.com", "*.example.com"], "spec.domains[1]"),
    ],
)
def test_an_order_that_cannot_be_carried_out_is_refused(domains: list[str], field: str) -> None:
    """No wildcards, at most 100 domains, the first of at most 64 bytes."""
    with pytest.raises(ObjectError) as caught:
        certificate({"domains": domains})

    assert caught.value.field == field
    assert caught.value.hint


def test_an_order_that_went_wrong_later_does_not_take_the_certificate_away() -> None:
    """What was issued serves on, whatever the object says since."""
    source = an_object(
        "ManagedCertificate",
        "shop/cert",
        {"domains": ["*.example.com"]},
        status={"certificateName": "mcrt-1"},
    )

    found, remarks = managed_certificate(source)

    assert found.certificate_name == "mcrt-1"
    assert [remark.field for remark in remarks] == ["spec.domains[0]"]


def test_a_hundred_domains_and_a_name_of_64_bytes_fit() -> None:
    """The limits themselves are still good."""
    first = "a" * 52 + ".example.com"
    domains = [first, *(f"{i}.example.com" for i in range(99))]

    assert len(first.encode()) == 64
    assert len(certificate({"domains": domains}).domains) == 100


@pytest.mark.parametrize("status", [{"certificateName": 7}, {"certificateName": None}, {}])
def test_a_status_without_a_name_is_no_certificate(status: Mapping[str, object]) -> None:
    """Nobody's word is taken for a certificate but GKE's."""
    assert certificate({"domains": ["a.example.com"]}, status).certificate_name == ""

"""Promises of the one function that says no."""

from __future__ import annotations

from provisioner.core.report import unsupported
from provisioner.model.diagnostic import Severity


def test_what_is_not_supported_blocks() -> None:
    """Strict by default: an error that names the field, never a silent drop."""
    found = unsupported("Rewriting paths", "Ingress shop/web", field="f")

    assert found.blocking
    assert found.message == "Rewriting paths is not supported"
    assert found.field == "f"
    assert found.hint


def test_a_stated_fallback_makes_it_a_warning() -> None:
    """Who says what happens instead may go on."""
    found = unsupported("Rewriting paths", "Ingress shop/web", fallback="paths stay as they are")

    assert found.severity is Severity.WARNING
    assert not found.blocking
    assert found.message == "Rewriting paths is not supported; paths stay as they are"

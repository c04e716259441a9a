"""Label selectors as kubectl spells them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from provisioner.kube.selectors import parse_selector
from provisioner.model.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("app=web", {"app": "web"}, True),
        ("app==web", {"app": "api"}, False),
        ("app!=web", {}, True),
        ("app!=web", {"app": "web"}, False),
        ("a=1,b=2", {"a": "1", "b": "2"}, True),
        ("a=1,b=2", {"a": "1"}, False),
        ("env in (dev, test)", {"env": "test"}, True),
        ("env in (dev, test)", {}, False),
        ("env notin (dev),a=1", {"a": "1"}, True),
        ("example.com/team", {"example.com/team": ""}, True),
        ("!canary", {"canary": "yes"}, False),
        ("a=", {"a": ""}, True),
    ],
)
def test_a_selector_selects_as_kubectl_does(
    text: str, labels: Mapping[str, str], *, expected: bool
) -> None:
    """Equality, sets and presence (Kubernetes documentation, Labels and Selectors)."""
    assert parse_selector(text).matches(labels) is expected


@pytest.mark.parametrize("text", ["", "a=1,", "a b", "in (x)", "a in x", "=x"])
def test_what_is_no_selector_is_refused(text: str) -> None:
    """An empty selector would own everything, so it is refused like a malformed one."""
    with pytest.raises(ConfigError, match="not a label selector"):
        parse_selector(text)

"""Paths that an ALB cannot express, or that can never match: who hears of it, and what stays."""

from __future__ import annotations

import pytest

from provisioner.model.diagnostic import Severity
from provisioner.model.intent import (
    Forward,
    PathType,
    WeightedBackend,
)
from provisioner.model.kube import Key
from tests.unit.providers.aws.rules.building import (
    EXACT,
    OTHER,
    PREFIX,
    a_backend_id,
    a_listener,
    a_path,
    codes,
    conditions_of,
    express,
    seen,
    titles,
)


@pytest.mark.parametrize("path_type", [EXACT, PREFIX])
@pytest.mark.parametrize("path", ["/a*", "/a?b"])
def test_wildcards_in_exact_and_prefix_paths_quarantine_that_path(
    path_type: PathType, path: str
) -> None:
    """An ALB would read them as wildcards; the path is refused, its neighbours go on."""
    result = express(a_listener(a_path(path=path, path_type=path_type), a_path(path="/ok")))

    assert codes(result.diagnostics) == ["PATH-WILDCARD"]
    assert result.diagnostics[0].ingress == Key("shop", "web")
    assert result.quarantined[0].path == "spec.rules[0].http.paths[0]"
    assert [title.split(" ")[1] for title in titles(result)] == ["/ok"]


@pytest.mark.parametrize("path", ["/" + "a" * 128, "/caf\u00e9", "/a b"])
def test_values_that_aws_does_not_take_are_refused(path: str) -> None:
    """128 visible ASCII characters, as the user guide says."""
    result = express(a_listener(a_path(path=path, path_type=EXACT)))

    assert codes(result.diagnostics) == ["PATH-VALUE"]
    assert result.resources == ()


def test_a_held_path_keeps_its_last_good_rule_at_its_place() -> None:
    """Whatever is wrong with it now, it goes on doing what it did."""
    before = express(a_listener(a_path(path="/a"), a_path(path="/a/b", service="old")))
    listener = a_listener(a_path(path="/a"), a_path(path="/a/b", service="new", held=True))

    result = express(listener, observed=[seen(rule) for rule in before.resources])

    assert result.resources[0].spec == before.resources[0].spec
    assert titles(result)[0].endswith("-> old:80")


def test_a_held_path_does_not_keep_the_rule_of_another_ingress() -> None:
    """A path that somebody else programmed is not this Ingress's last good state."""
    before = express(a_listener(a_path(path="/a", ingress="a/other")))
    listener = a_listener(a_path(path="/a", ingress="b/mine", held=True))

    result = express(listener, observed=[seen(rule) for rule in before.resources])

    assert titles(result) == ["shop.example.com /a (Prefix) -> 503"]


def test_a_path_that_an_earlier_one_takes_is_named() -> None:
    """ImplementationSpecific paths come last: what a Prefix takes, they never see."""
    listener = a_listener(a_path(path="/api"), a_path(path="/api/*.json", path_type=OTHER))

    result = express(listener)

    assert codes(result.diagnostics) == ["PATH-UNREACHABLE"]
    assert result.diagnostics[0].severity is Severity.WARNING
    assert "/api (Prefix) of shop/web" in result.diagnostics[0].message
    assert len(result.resources) == 2


def test_paths_of_other_hosts_hide_nothing() -> None:
    """Host first: another host's rules never see the request."""
    listener = a_listener(
        a_path("a.example.com", "/"), a_path("b.example.com", "/x", path_type=OTHER)
    )

    assert express(listener).diagnostics == ()


def _header(*values: str) -> dict[str, object]:
    config = {"HttpHeaderName": "x-test", "Values": tuple(values)}
    return {"conditions": ({"Field": "http-header", "HttpHeaderConfig": config},)}


def test_a_rule_with_too_many_values_becomes_several() -> None:
    """Values are alternatives, so dealing them out over rules with one action changes nothing."""
    options = _header("1", "2", "3", "4")

    result = express(a_listener(a_path(path="/a", options=options)))

    headers = [value for r in result.resources for value in conditions_of(r)["http-header"]]
    assert [len(conditions_of(r)["http-header"]) for r in result.resources] == [2, 2]
    assert headers == ["1", "2", "3", "4"]
    assert len({resource.address for resource in result.resources}) == 2


def test_five_values_in_one_condition_are_not_split() -> None:
    """The account's number rules, in any distribution over the conditions."""
    result = express(a_listener(a_path("", "", OTHER, options=_header("1", "2", "3", "4", "5"))))

    assert len(result.resources) == 1


def test_the_accounts_own_numbers_allow_more() -> None:
    """A limit that was raised holds nobody back."""
    account = {"condition-values-per-alb-rule": 10, "match-evaluations-per-alb-rule": 10}

    result = express(
        a_listener(a_path(path="/a", options=_header("1", "2", "3", "4"))), account=account
    )

    assert len(result.resources) == 1


def test_too_many_wildcards_in_one_value_are_refused() -> None:
    """They cannot be dealt out over rules."""
    result = express(a_listener(a_path(path="/*/*/*/*/*/*", path_type=OTHER)))

    assert codes(result.diagnostics) == ["PATH-CONDITIONS"]


def _split(*services: str) -> Forward:
    return Forward(
        backends=tuple(
            WeightedBackend(backend=a_backend_id(service), weight=1) for service in services
        )
    )


def test_more_than_five_ways_are_refused() -> None:
    """An action takes five target groups."""
    result = express(a_listener(a_path(action=_split(*"abcdef"))))

    assert codes(result.diagnostics) == ["BACKEND-SPLIT"]


def test_replacing_a_backend_of_a_five_way_split_is_refused_by_name() -> None:
    """The new one needs a place while the old one still serves; the split stays as it is."""
    before = express(a_listener(a_path(action=_split(*"abcde"))))

    result = express(
        a_listener(a_path(action=_split(*"abcdx"))), observed=[seen(r) for r in before.resources]
    )

    assert codes(result.diagnostics) == ["BACKEND-SWITCH"]
    assert result.resources[0].spec == before.resources[0].spec

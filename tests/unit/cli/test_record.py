"""Requests recorded in plans, and made again from them."""

from __future__ import annotations

import pytest

from provisioner.cli.options import Request
from provisioner.cli.record import recorded, replayed
from provisioner.model.errors import ConfigError

FULL = Request(
    files=("a.yaml", "b,c.yaml"),
    no_cluster=True,
    prune=True,
    cluster_name="prod",
    region="eu-west-1",
    classes=("alb", "public"),
    compatibility="incumbent",
    tags=("a=1", "b=x,y"),
    node_growth=1.5,
    pods_routable=False,
    drain_seconds=0.0,
    settle_seconds=0.0,
)


def test_a_recorded_request_comes_back_as_it_was() -> None:
    """``apply plan.json`` plans with exactly the options that ``plan`` had."""
    assert replayed(recorded(FULL)) == FULL


def test_defaults_are_not_recorded() -> None:
    """A plan's inputs say what was chosen, not all that could have been."""
    assert recorded(Request()) == ()


def test_options_are_recorded_under_their_own_names() -> None:
    """A reader of the JSON finds the names that the command line has."""
    names = [name for name, _ in recorded(FULL)]

    assert {"filename", "class", "tag", "no-cluster", "cluster-name"} <= set(names)
    assert names == sorted(names)


def test_where_the_plan_was_made_is_not_recorded() -> None:
    """A kubeconfig path of a build machine means nothing elsewhere."""
    assert recorded(Request(kubeconfig="/home/x/.kube/config", context="x", account="a")) == ()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("no-such", "1", "no-such"),
        ("kubeconfig", "x", "kubeconfig"),
        ("prune", "maybe", "prune"),
        ("prune", "1", "prune"),
        ("class", '"alb"', "class"),
        ("class", "[1]", "class"),
        ("node-growth", "true", "node-growth"),
        ("drain-seconds", '"x"', "drain-seconds"),
        ("pods-routable", "3", "pods-routable"),
    ],
)
def test_an_edited_option_is_refused_by_name(name: str, value: str, words: str) -> None:
    """A plan file that somebody edited gives a message with the option's name."""
    with pytest.raises(ConfigError, match=words):
        replayed(((name, value),))

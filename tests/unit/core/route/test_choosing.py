"""Which load balancer a request is for, and what happens where that is not clear."""

from __future__ import annotations

import pytest

from provisioner.core.keeping import as_resource
from provisioner.core.requests import parse_request
from provisioner.core.route import answer
from provisioner.model.errors import ConfigError
from provisioner.model.resource import ObservedResource, freeze_spec
from provisioner.model.route import (
    Action,
    ActionType,
    Answer,
    Check,
    Reply,
    RoutedBackend,
    Tried,
    Verdict,
)

REQUEST = parse_request("http://shop.example.com/cart")


def a_reply(
    group: str, *, knows_host: bool = False, takes: bool = False, listens: bool = True
) -> Reply:
    """Return a reply: by a rule (``takes``), by the default, or none at all."""
    if not listens:
        return Reply(group=group, ports=("https:443",), knows_host=knows_host)
    check = Check(what="host", wanted="x", found="y", verdict=Verdict.NO)
    tried = [Tried(listener="l", rule="r1", priority=1, checks=(check,))]
    tried.append(
        Tried(listener="l", rule="r2", priority=2, title="cart") if takes else Tried(listener="l")
    )
    kind = ActionType.FORWARD if takes else ActionType.FIXED_RESPONSE
    return Reply(
        group=group,
        listener="l",
        ports=("http:80",),
        knows_host=knows_host,
        tried=tuple(tried),
        action=Action(type=kind, status_code=None if takes else 404),
        backends=(RoutedBackend(service="shop/web", port=80),) if takes else (),
    )


def chosen(*replies: Reply, group: str = "", own_name: str = "") -> Answer:
    return answer(
        REQUEST,
        replies,
        group=group,
        addresses_of=lambda name: ("shop.example.com",) if name == own_name else (),
    )


def test_the_only_one_with_rules_for_the_host_is_meant() -> None:
    """Even where its rules do not take this request and another's would."""
    found = chosen(a_reply("a", knows_host=True), a_reply("b", takes=True))

    assert found.reply.group == "a"
    assert "rules for host shop.example.com" in found.because


def test_of_several_with_the_host_the_one_whose_rule_takes_the_request() -> None:
    """The others are named, so that nobody is surprised."""
    found = chosen(a_reply("a", knows_host=True), a_reply("b", knows_host=True, takes=True))

    assert found.reply.group == "b"
    assert found.notes == (
        "load balancer a knows this host too: none of its rules takes this request",
    )


def test_where_nobody_has_the_host_a_rule_for_any_host_counts() -> None:
    """Rules without a host take requests for every name."""
    found = chosen(a_reply("a"), a_reply("b", takes=True))

    assert found.reply.group == "b"


def test_the_only_load_balancer_on_the_port_answers() -> None:
    """There is no other that could."""
    found = chosen(a_reply("a"), a_reply("b", listens=False))

    assert found.reply.group == "a"
    assert "listens on port 80" in found.because


def test_where_all_would_say_the_same_one_of_them_says_it() -> None:
    """A host that nobody knows gets 404, whichever load balancer it ends at."""
    found = chosen(a_reply("a"), a_reply("b"))

    assert found.action.status_code == 404
    assert "alike" in found.because


def test_two_that_would_both_take_it_are_not_chosen_between() -> None:
    """DNS decides; the user can say what it decided."""
    replies = [a_reply(name, knows_host=True, takes=True) for name in ("a", "b")]

    with pytest.raises(ConfigError, match="could mean 2 load balancers: a, b") as raised:
        chosen(*replies)
    assert "--group" in raised.value.hint
    assert chosen(*replies, group="b").reply.group == "b"


def test_of_many_that_could_be_meant_some_are_named() -> None:
    """A message stays readable in a large cluster."""
    replies = [a_reply(f"g{number}", knows_host=True, takes=True) for number in range(8)]

    with pytest.raises(ConfigError, match="could mean 8 load balancers: g0, g1, g2, g3, g4 and 3"):
        chosen(*replies)


def test_a_neighbours_rule_is_noted_where_its_own_name_chose_the_load_balancer() -> None:
    """Whoever asks one of two should know that the other would take it too."""
    replies = [a_reply(name, knows_host=True, takes=True) for name in ("a", "b")]

    assert chosen(*replies, own_name="b").notes == (
        "load balancer a knows this host too: its rule cart takes it",
    )


def test_a_load_balancers_own_name_in_the_url_settles_it() -> None:
    """As with curl to the DNS name and the host in a header."""
    replies = [a_reply(name, knows_host=True, takes=True) for name in ("a", "b")]

    assert chosen(*replies, own_name="b").reply.group == "b"


def test_a_group_that_is_not_there_is_said_with_those_that_are() -> None:
    """A typing error must not look like a 404."""
    with pytest.raises(ConfigError, match="no load balancer c") as raised:
        chosen(a_reply("a"), a_reply("b"), group="c")

    assert raised.value.hint == "there are a, b"


@pytest.mark.parametrize("group", ["", "a"])
def test_a_port_that_nobody_listens_on_is_said_with_those_that_are(group: str) -> None:
    """No rule is ever tried then."""
    with pytest.raises(ConfigError, match="load balancer a does not listen on http:80") as raised:
        chosen(a_reply("a", knows_host=True, listens=False), a_reply("b"), group=group)

    assert raised.value.hint == "listening: a on https:443"


def test_no_load_balancer_at_all_is_said() -> None:
    """That is no 404 either: nobody would answer."""
    with pytest.raises(ConfigError, match="there is no load balancer"):
        chosen()


def test_what_exists_is_asked_like_what_is_planned() -> None:
    """Every field that evaluation looks at is carried over."""
    seen = ObservedResource(
        kind="ListenerRule",
        address="aws:listener-rule/shop/web/80/1",
        group="shop/web",
        spec=freeze_spec({"Priority": 3}),
        title="cart",
        order=3,
    )

    resource = as_resource(seen)

    assert (resource.kind, resource.address, resource.group) == (
        seen.kind,
        seen.address,
        seen.group,
    )
    assert (resource.spec, resource.title) == (seen.spec, seen.title)

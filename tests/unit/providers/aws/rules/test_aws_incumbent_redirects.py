"""Rules that redirects make pointless: AWS Load Balancer Controller's two optimisations, literally.

Its known mistakes are reproduced under ``incumbent`` alone, and never without a word.
"""

from __future__ import annotations

import pytest

from provisioner.model.intent import ListenerIntent, PathRule, PathType, Redirect
from provisioner.model.kube import Key
from tests.unit.providers.aws.rules.building import (
    EXACT,
    OTHER,
    a_backend_id,
    a_listener,
    a_path,
    codes,
    express,
    group_address,
    incumbent,
    titles,
)


def a_redirect(
    host: str = "a.example.com",
    path: str = "/a",
    path_type: PathType = EXACT,
    *,
    to: Redirect,
    options: dict[str, object] | None = None,
    ingress: str = "shop/web",
) -> PathRule:
    """Return a path that redirects."""
    return a_path(host, path, path_type, action=to, options=options, ingress=ingress)


def on(port: int, *paths: PathRule) -> ListenerIntent:
    """Return a listener whose paths stand as they are given."""
    placed = [
        a_path(
            p.host,
            p.path,
            p.path_type,
            ingress=str(p.ingress),
            place=(n, 0),
            action=p.action,
            options=p.options,
        )
        for n, p in enumerate(paths)
    ]
    return a_listener(*placed, port=port)


@pytest.mark.parametrize(
    "to",
    [
        Redirect(protocol="HTTPS", port="443"),
        Redirect(),
        Redirect(host="#{host}", path="/#{path}", port="#{port}", query="#{query}"),
        Redirect(protocol="#{protocol}", host="a.example.com", path="/a"),
    ],
)
def test_a_redirect_to_itself_is_left_out_with_a_warning(to: Redirect) -> None:
    """Every part is absent, its own placeholder, or what the rule asks for anyway."""
    result = incumbent(on(443, a_redirect(to=to)))

    assert result.resources == ()
    assert codes(result.diagnostics) == ["PATH-REDIRECT-LOOP"]
    assert result.diagnostics[0].ingress == Key("shop", "web")
    assert result.diagnostics[0].field == "spec.rules[0].http.paths[0]"


@pytest.mark.parametrize(
    "to",
    [
        Redirect(port="444"),
        Redirect(protocol="HTTP"),
        Redirect(host="b.example.com"),
        Redirect(path="/b"),
        Redirect(query="x=1"),
    ],
)
def test_a_redirect_elsewhere_stays(to: Redirect) -> None:
    """One part that differs leads somewhere."""
    assert len(incumbent(on(443, a_redirect(to=to))).resources) == 1


def test_the_same_redirect_stays_on_the_other_port() -> None:
    """The classic ``actions.ssl-redirect``: a rule on port 80, none on port 443."""
    to = Redirect(protocol="HTTPS", port="443")

    assert len(incumbent(on(80, a_redirect(to=to))).resources) == 1
    assert incumbent(on(443, a_redirect(to=to))).resources == ()


def test_regular_expressions_of_paths_are_never_loops() -> None:
    """Of those nobody can tell."""
    options: dict[str, object] = {"use-regex-path-match": True}

    result = incumbent(
        on(443, a_redirect(path="/x", path_type=OTHER, to=Redirect(), options=options))
    )

    assert len(result.resources) == 1


def test_a_loop_for_one_of_several_hosts_is_one_to_the_incumbent_alone() -> None:
    """It asks whether the aim is among the hosts, our own reading whether it is all of them."""
    extra = {"Field": "host-header", "HostHeaderConfig": {"Values": ("b.example.com",)}}
    path = a_redirect(to=Redirect(host="b.example.com"), options={"conditions": (extra,)})

    assert codes(incumbent(on(443, path)).diagnostics) == ["PATH-REDIRECT-LOOP"]
    assert len(express(on(443, path)).resources) == 1


def test_our_own_reading_leaves_out_what_is_nothing_but_a_loop() -> None:
    """A rule that sends every request back to itself serves nobody."""
    result = express(on(443, a_redirect(to=Redirect(protocol="HTTPS", port="443"))))

    assert result.resources == ()
    assert codes(result.diagnostics) == ["PATH-REDIRECT-LOOP"]


ELSEWHERE = Redirect(host="other.example.com")


@pytest.mark.parametrize(
    ("redirect", "later", "hidden"),
    [
        (("", "/*"), ("a.example.com", "/x"), True),
        (("", ""), ("a.example.com", "/x"), True),
        (("a.example.com", "/*"), ("a.example.com", "/x"), True),
        (("a.example.com", ""), ("a.example.com", "/x"), True),
        (("a.example.com", "/x"), ("a.example.com", "/x"), True),
        (("a.example.com", "/*"), ("b.example.com", "/x"), False),
        (("a.example.com", "/*"), ("", "/x"), False),
        (("*.example.com", "/*"), ("a.example.com", "/x"), False),
        (("*.example.com", "/*"), ("*.example.com", "/x"), True),
        (("", "/x/*"), ("", "/x/y"), False),
        (("", "/x"), ("", ""), False),
    ],
)
def test_rules_behind_a_wider_redirect_are_left_out(
    redirect: tuple[str, str], later: tuple[str, str], *, hidden: bool
) -> None:
    """Hosts and paths are compared as texts; only ``/*`` and nothing at all take everything."""
    paths = [a_redirect(*redirect, OTHER, to=ELSEWHERE), a_path(*later, OTHER, ingress="z/late")]

    result = incumbent(on(80, *paths))

    assert len(result.resources) == (1 if hidden else 2)
    found = [d.code for d in result.diagnostics if d.code != "PATH-UNREACHABLE"]
    assert found == (["PATH-REDIRECT-HIDES"] if hidden else [])


def test_what_hides_a_rule_is_named_to_its_author() -> None:
    """A silent loss with the incumbent; here its author learns what and why."""
    paths = [a_redirect("", "/*", OTHER, to=ELSEWHERE), a_path(path="/x", ingress="z/late")]

    [found] = incumbent(on(80, *paths)).diagnostics

    assert found.ingress == Key("z", "late")
    assert found.field == "spec.rules[1].http.paths[0]"
    assert "behind the redirect of * /* (ImplementationSpecific) of shop/web" in found.message


def test_a_redirect_that_asks_for_more_hides_nothing() -> None:
    """Any other condition makes it narrower than it looks."""
    method = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ("GET",)}}
    redirect = a_redirect("", "/*", OTHER, to=ELSEWHERE, options={"conditions": (method,)})

    assert len(incumbent(on(80, redirect, a_path(path="/x"))).resources) == 2


def test_forwards_and_fixed_responses_hide_nothing() -> None:
    """Only redirects are optimised; dead rules behind others keep their places."""
    result = incumbent(on(80, a_path("", "/*", OTHER), a_path(path="/x")))

    assert len(result.resources) == 2


def test_a_redirect_that_was_left_out_hides_nothing() -> None:
    """The loop goes first, then what is kept is compared."""
    loop = a_redirect("", "/*", OTHER, to=Redirect(protocol="HTTPS", port="443"))

    result = incumbent(on(443, loop, a_path(path="/x")))

    assert [title.split(" ")[1] for title in titles(result)] == ["/x"]


def test_a_redirect_for_a_host_pattern_hides_every_host_in_the_incumbents_reading_alone() -> None:
    """Its comparison sees no plain host there and takes that for any host."""
    pattern = {"Field": "host-header", "HostHeaderConfig": {"RegexValues": ("^a[0-9]$",)}}
    redirect = a_redirect("", "/*", OTHER, to=ELSEWHERE, options={"conditions": (pattern,)})
    listener = on(80, redirect, a_path("shop.example.com", "/x", ingress="z/late"))

    theirs, ours = incumbent(listener), express(listener)

    assert [d.code for d in theirs.diagnostics] == ["PATH-REDIRECT-HIDES"]
    assert "takes for everything" in theirs.diagnostics[0].message
    assert len(theirs.resources) == 1
    assert "PATH-REDIRECT-HIDES" not in codes(ours.diagnostics)
    assert any(title.startswith("shop.example.com /x") for title in titles(ours))


def test_target_groups_of_rules_that_are_left_out_stay() -> None:
    """They were made when the rule was, and nobody takes them away again."""
    listener = on(
        80, a_redirect("", "/*", OTHER, to=ELSEWHERE), a_path(path="/x", service="hidden")
    )

    theirs, ours = incumbent(listener), express(listener)

    assert theirs.target_groups == (group_address(a_backend_id("hidden")),)
    assert ours.target_groups == ()

"""``provisioner route`` against an account: what exists decides, not what the files say."""

from __future__ import annotations

import msgspec

from provisioner import wiring
from provisioner.render.route_wire import RouteWire
from tests.contract.provider.commands import files_alone, in_process
from tests.contract.provider.desk import IDENTITY, Desk
from tests.contract.provider.manifests import Route, ingress

HOST = "shop.example.com"


def account(desk: Desk) -> list[str]:
    """Return the options that ask a desk's account, and no cluster."""
    return [
        *("--provider", desk.cloud.name, "--endpoint-url", desk.cloud.url),
        *("--cluster-name", IDENTITY.cluster_name, "--cluster-uid", IDENTITY.cluster_uid),
        "--no-cluster",
    ]


def document(desk: Desk, *arguments: str) -> RouteWire:
    done = in_process(desk, "route", "-o", "json", *arguments)
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout, type=RouteWire)


def test_what_exists_is_asked_as_what_was_planned(desk: Desk) -> None:
    """After apply both worlds give the same answer, targets included."""
    desk.furnish("web", "cart")
    desk.put(ingress("web", Route(host=HOST), Route(host=HOST, path="/cart", service="cart")))
    desk.converge()
    url = f"http://{HOST}/cart/1"

    planned = document(desk, url, *files_alone(desk))
    existing = document(desk, url, *account(desk))

    assert existing.matched == planned.matched
    assert existing.action == planned.action
    assert existing.backends == planned.backends
    (backend,) = existing.backends
    assert backend.service == "shop/cart"
    assert backend.targets is not None
    assert len(backend.targets) == 2


def test_files_that_are_not_applied_change_nothing_that_exists(desk: Desk) -> None:
    """Without -f the new path is not there yet; with -f it is."""
    desk.furnish("web", "cart")
    desk.put(ingress("web", Route(host=HOST)))
    desk.converge()
    desk.put(ingress("web", Route(host=HOST), Route(host=HOST, path="/cart", service="cart")))
    url = f"http://{HOST}/cart"

    planned = in_process(desk, "route", url, *files_alone(desk))
    existing = in_process(desk, "route", url, *account(desk))

    assert "shop/cart port 80" in planned.stdout
    assert "shop/web port 80" in existing.stdout
    assert "what exists now" in existing.stdout


def test_a_load_balancers_own_name_chooses_it(desk: Desk) -> None:
    """As one asks with curl before DNS is moved: its name in the URL, the host in a header."""
    desk.put(ingress("web", Route(host=HOST)), ingress("other", Route(host=HOST)))
    desk.converge()
    provider = wiring.load_provider(desk.cloud.name)
    (name,) = provider.status_addresses("shop/other", desk.plan().outputs)

    unclear = in_process(desk, "route", f"http://{HOST}/", *account(desk))
    by_group = document(desk, f"http://{HOST}/", "--group", "shop/other", *account(desk))
    by_name = document(desk, f"http://{name}/", "--header", f"Host: {HOST}", *account(desk))

    assert unclear.returncode == 1
    assert "could mean 2 load balancers: shop/other, shop/web" in unclear.stderr
    assert (
        by_group.matched.listener == f"{desk.cloud.name}:{desk.cloud.words.entrance}/shop/other/80"
    )
    assert by_name.matched == by_group.matched


def test_a_cluster_that_owns_nothing_is_told_so(desk: Desk) -> None:
    """Nobody would answer, and the command says why it cannot."""
    done = in_process(desk, "route", f"http://{HOST}/", *account(desk))

    assert done.returncode == 1
    assert "there is no load balancer" in done.stderr


def test_asking_writes_nothing(desk: Desk) -> None:
    """Neither world is changed by a question."""
    desk.put(ingress("web", Route(host=HOST)))
    desk.converge()
    desk.cloud.forget_calls()

    document(desk, f"http://{HOST}/", *account(desk))
    document(desk, f"http://{HOST}/", *files_alone(desk))

    assert not desk.cloud.mutating()

"""Promises of addresses, names and marks: how a resource is recognised, by people and by us."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.aws import addresses, marks, names
from providers.aws.addresses import Kind
from provisioner.core.address_text import AddressError
from provisioner.model.intent import BackendId
from provisioner.model.kube import Key
from provisioner.model.resource import Value
from provisioner.model.settings import Identity

OURS = Identity(cluster_name="prod", cluster_uid="3b0c", instance="default")
BACKEND = BackendId(ingress=Key("shop", "web"), service=Key("shop", "cart"), port="80")
TAG_VALUE = re.compile(r"[A-Za-z0-9+\-=._:/@]{1,256}")
AWS_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?")

kube_names = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?", fullmatch=True)
tag_texts = st.text(alphabet="abcXYZ019 +-=.:/@_", min_size=1, max_size=128)


def test_an_implicit_group_says_whose_target_group_it_is() -> None:
    """The group already names the Ingress, so the id leaves it out (logical addresses)."""
    tgid = addresses.target_group_id(BACKEND, "pod", explicit=False)

    assert addresses.target_group("shop/web", tgid) == "aws:target-group/shop/web/cart:80/pod"


def test_members_of_an_explicit_group_have_target_groups_of_their_own() -> None:
    """Several Ingresses may use one Service in a group; each has its own target group there."""
    tgid = addresses.target_group_id(BACKEND, "node-port", explicit=True)

    assert addresses.target_group("edge", tgid, generation=2) == (
        "aws:target-group/edge/shop/web/cart:80/node-port@2"
    )


@pytest.mark.parametrize(
    ("address", "kind", "group", "identity", "generation"),
    [
        (addresses.load_balancer("shop/web"), Kind.LOAD_BALANCER, "shop/web", "", 1),
        (addresses.load_balancer("edge", generation=3), Kind.LOAD_BALANCER, "edge", "", 3),
        (addresses.listener("edge", 443), Kind.LISTENER, "edge", "443", 1),
        (
            addresses.backend_rule("sg-1", 80, 90),
            Kind.SECURITY_GROUP_RULE,
            "shared",
            "sg-1/80-90",
            1,
        ),
        (
            addresses.frontend_rule("shop/web", 80),
            Kind.SECURITY_GROUP_RULE,
            "shop/web",
            "frontend/80",
            1,
        ),
        (
            addresses.target_group("shop/web", "cart:80/pod", generation=2),
            Kind.TARGET_GROUP,
            "shop/web",
            "cart:80/pod",
            2,
        ),
        (
            addresses.targets("edge", "shop/web/cart:80/pod"),
            Kind.TARGETS,
            "edge",
            "shop/web/cart:80/pod",
            1,
        ),
    ],
)
def test_an_address_can_be_taken_apart(
    address: str, kind: Kind, group: str, identity: str, generation: int
) -> None:
    """Kind, group and generation can be read back from what a person sees in a plan."""
    parsed = addresses.parse(address)

    assert (parsed.kind, parsed.group, parsed.id, parsed.generation) == (
        kind,
        group,
        identity,
        generation,
    )


@pytest.mark.parametrize("text", ["", "aws:", "gcp:url-map/x", "aws:nonsense/x", "aws:listener"])
def test_foreign_text_is_no_address(text: str) -> None:
    """A tag that somebody else wrote is refused, not misread."""
    with pytest.raises(AddressError):
        addresses.parse(text)


@given(namespace=kube_names, name=kube_names, port=st.text(min_size=1, max_size=300))
def test_every_address_is_a_tag_value(namespace: str, name: str, port: str) -> None:
    """An address is stored in a tag: at most 256 characters of the alphabet all services take."""
    backend = BackendId(ingress=Key(namespace, name), service=Key(namespace, name), port=port)
    tgid = addresses.target_group_id(backend, "pod", explicit=True)

    for generation in (1, 12):
        address = addresses.target_group(f"{namespace}/{name}", tgid, generation=generation)
        assert TAG_VALUE.fullmatch(address)
        assert addresses.parse(address).generation == generation
        assert addresses.target_group_of(addresses.targets_of(address)) == address


@given(st.lists(st.text(max_size=300), min_size=2, max_size=2, unique=True))
def test_a_cut_address_still_tells_two_things_apart(ports: list[str]) -> None:
    """Cutting and cleaning never make two addresses equal."""
    first, second = (addresses.target_group("edge", f"shop/web/{port}/pod") for port in ports)

    assert first != second


def test_of_several_generations_the_newest_is_the_load_balancer() -> None:
    """While a load balancer is being replaced both exist; a group of a longer name is another."""
    known = [
        addresses.load_balancer("edge"),
        addresses.load_balancer("edge", generation=10),
        addresses.load_balancer("edge", generation=9),
        addresses.load_balancer("edge2", generation=11),
    ]

    assert addresses.newest_load_balancer("edge", known) == "aws:load-balancer/edge@10"


@given(namespace=kube_names, name=kube_names, cluster=st.text(max_size=100))
def test_names_are_what_aws_takes(namespace: str, name: str, cluster: str) -> None:
    """Load balancers and target groups: at most 32 letters, digits and inner hyphens."""
    identity = replace(OURS, cluster_name=cluster)
    backend = BackendId(ingress=Key(namespace, name), service=Key(namespace, name), port="80")

    for made in (
        names.load_balancer(identity, f"{namespace}/{name}", explicit=False),
        names.load_balancer(identity, name[:63], explicit=True),
        names.target_group(identity, "edge", backend, mode="pod", protocol="HTTP", version="HTTP1"),
        names.frontend_security_group(identity, f"{namespace}/{name}", explicit=False),
    ):
        assert AWS_NAME.fullmatch(made)
        assert made.startswith("ipr-")


def test_a_name_is_readable_and_stable() -> None:
    """People find a load balancer in the console by namespace and name; the hash never moves."""
    name = names.load_balancer(OURS, "team-shop/frontend-web", explicit=False)

    assert name == "ipr-teamshop-frontend-16213eb313"


@pytest.mark.parametrize(
    "other",
    [
        replace(OURS, cluster_name="stage"),
        replace(OURS, cluster_uid="ffff"),
        replace(OURS, instance="canary"),
    ],
)
def test_two_clusters_never_share_a_name(other: Identity) -> None:
    """Clusters of one name in one account differ by UID, installations by instance (LBC#2501)."""
    mine = names.load_balancer(OURS, "shop/web", explicit=False)

    assert names.load_balancer(other, "shop/web", explicit=False) != mine
    assert names.backend_security_group(other) != names.backend_security_group(OURS)


def test_whatever_is_immutable_is_part_of_a_target_groups_name() -> None:
    """The old and the new target group exist side by side during a switch: names must differ."""
    made = {
        names.target_group(
            OURS,
            "edge",
            BACKEND,
            mode=mode,
            protocol=protocol,
            version=version,
            generation=generation,
        )
        for mode in ("pod", "node-port")
        for protocol in ("HTTP", "HTTPS")
        for version in ("HTTP1", "GRPC")
        for generation in (1, 2)
    }

    assert len(made) == 16


def as_tags(value: Value) -> dict[str, str]:
    """Return a spec's tags as a mapping, checked against what AWS takes."""
    found = marks.written(value)
    assert len(found) <= 50
    assert all(len(key) <= 128 and len(text) <= 256 for key, text in found.items())
    return found


@given(namespace=kube_names, name=kube_names)
def test_marks_read_back_whatever_their_length(namespace: str, name: str) -> None:
    """Namespace and name reach 317 characters, a tag holds 256: nothing is lost."""
    key = Key(namespace, name)
    tags = as_tags(marks.tags(OURS, group=str(key), address="aws:listener/edge/80", ingress=key))

    assert marks.ingress_of(tags) == key
    assert marks.group_of(tags) == str(key)
    assert marks.address_of(tags) == "aws:listener/edge/80"
    assert marks.is_ours(tags, OURS)


@given(user=st.dictionaries(tag_texts, tag_texts, max_size=20), foreign=tag_texts)
def test_foreign_tags_do_not_exist_for_us(user: dict[str, str], foreign: str) -> None:
    """What we set reads back exactly; a tag that others added is neither compared nor removed."""
    spec = marks.tags(OURS, group="edge", address="aws:listener/edge/80", user=user)
    on_aws = {**as_tags(spec)}

    on_aws.setdefault(foreign, "theirs")

    assert foreign in user or foreign not in marks.written(marks.managed(on_aws))
    assert marks.managed(as_tags(spec)) == spec


def test_a_tag_that_is_no_longer_wanted_is_a_difference() -> None:
    """tag-keys remembers what we set, so a removed user tag can be told from a foreign one."""
    old = marks.tags(OURS, group="edge", address="x", user={"team": "shop", "cost": "1"})
    new = marks.tags(OURS, group="edge", address="x", user={"team": "shop"})

    assert marks.managed(marks.written(old)) == old != new


def test_a_user_tag_cannot_forge_a_mark() -> None:
    """Ownership decides what may be deleted; nobody sets it through an annotation."""
    user = {marks.OWNER: "somebody", "ingress-provisioner.io/ingress": "a/b"}
    tags = as_tags(marks.tags(OURS, group="edge", address="x", user=user))

    assert marks.is_ours(tags, OURS)
    assert marks.ingress_of(tags) is None


def test_the_mark_of_another_installation_is_not_ours() -> None:
    """Two clusters of one name never touch each other's resources (LBC#2501)."""
    theirs = as_tags(marks.tags(replace(OURS, cluster_uid="ffff"), group="edge", address="x"))

    assert not marks.is_ours(theirs, OURS)

"""Marks: what a description says of a resource, and what of it is ours."""

from __future__ import annotations

import json

from providers.gcp import addresses, marks
from provisioner.model.kube import Key
from provisioner.model.settings import Identity

US = Identity(cluster_name="prod", cluster_uid="f3a1c1d2")
URL_MAP = addresses.url_map("shop/web")


def a_description(**further: str) -> str:
    """Return a description of ours, with further words of our prefix."""
    more = {f"ingress-provisioner.io/{key}": value for key, value in further.items()}
    return marks.description(
        US, group="shop/web", address=URL_MAP, ingress=Key("shop", "web"), more=more
    )


def test_a_description_tells_owner_group_address_and_ingress() -> None:
    """A restarted controller recognises everything from these words alone."""
    found = a_description()

    assert marks.is_ours(found, US)
    assert marks.group_of(found) == "shop/web"
    assert marks.address_of(found) == URL_MAP
    assert marks.ingress_of(found) == Key("shop", "web")


def test_a_description_is_one_line_of_json_with_sorted_keys() -> None:
    """Equal words are equal texts, so an unchanged description is no change."""
    found = a_description(digest="x")

    assert "\n" not in found
    assert list(json.loads(found)) == sorted(json.loads(found))
    assert found == a_description(digest="x")


def test_another_installation_is_not_us() -> None:
    """Two clusters of one name never meet: the kube-system UID is part of the owner."""
    other = Identity(cluster_name="prod", cluster_uid="other")

    assert not marks.is_ours(a_description(), other)


def test_texts_of_others_say_nothing_of_us() -> None:
    """Prose, broken JSON and JSON that is no object are somebody's text."""
    for text in ("", "made by hand", "{", "[1]", '"x"', "null"):
        assert marks.owner_of(text) == ""
        assert marks.ingress_of(text) is None
        assert marks.managed(text) == ""


def test_words_of_others_survive_an_update() -> None:
    """What other tools wrote into the JSON is neither compared nor removed."""
    theirs = json.dumps({"kubernetes.io/service-name": "shop/web", "x": [1, {"y": None}]})
    present = marks.merged(theirs, a_description())

    later = marks.merged(present, a_description(digest="new"))

    assert json.loads(later) | json.loads(theirs) == json.loads(later)
    assert marks.managed(present) == a_description()
    assert marks.digest_of(later) == "new"


def test_prose_of_others_survives_an_update() -> None:
    """A person's note goes on under ``text``."""
    later = marks.merged("do not touch", a_description())

    assert json.loads(later)["text"] == "do not touch"
    assert marks.is_ours(later, US)
    assert marks.merged(later, a_description(digest="x")) != later


def test_a_word_that_we_no_longer_set_goes_away() -> None:
    """Under ``incumbent`` GKE's words are ours to set, and ours to take away again."""
    with_theirs = marks.description(
        US, group="shop/web", address=URL_MAP, foreign={"kubernetes.io/ingress-name": "shop/web"}
    )

    assert "kubernetes.io/ingress-name" in json.loads(marks.managed(with_theirs))
    assert "kubernetes.io/ingress-name" not in json.loads(
        marks.merged(with_theirs, a_description())
    )


def test_the_longest_mark_fits_into_a_description() -> None:
    """Compute takes 2,048 characters: long names of everything leave room for more."""
    whole = Key("n" * 63, "i" * 253)
    owner = Identity(cluster_name="c" * 100, cluster_uid="u" * 36, instance="x" * 40)
    address = addresses.backend_service(str(whole), f"{'s' * 63}:{'p' * 15}/node-port")

    found = marks.description(owner, group=str(whole), address=address, ingress=whole)

    assert len(found) <= marks.LONGEST / 1.4

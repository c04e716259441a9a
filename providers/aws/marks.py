"""Marks: the tags that say what is ours, what it is for, and which other tags we set.

A resource is ours if, and only if, its owner tag is ours; nothing else (a name, a description,
the tags of another controller) makes it so. The same tags let a restarted controller recognise
every resource and the Ingress it came from, which is why nothing has to be stored elsewhere.

People, cost reports and other tools tag resources too. Those tags are neither compared nor
removed: ``tag-keys`` lists the keys that we set besides the marks, and an observed tag that is
neither a mark nor listed there does not exist for us. Priorities and counts never go into tags,
or every inserted rule would re-tag all later ones (LBC#4064).

A tag value holds 256 characters. What may be longer (the namespace and name of an Ingress reach
317) continues in the keys ``...-2``, ``...-3``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from provisioner.core.address_text import LONGEST, digest10
from provisioner.model.kube import NO_STRINGS, Key
from provisioner.model.resource import Value, freeze
from provisioner.model.settings import ANNOTATION_PREFIX, Identity

OWNER = f"{ANNOTATION_PREFIX}owner"
GROUP = f"{ANNOTATION_PREFIX}group"
RESOURCE = f"{ANNOTATION_PREFIX}resource"
INGRESS = f"{ANNOTATION_PREFIX}ingress"
TAG_KEYS = f"{ANNOTATION_PREFIX}tag-keys"

# What a tag key may hold that would break a list of words: spaces, and our own escape character.
_BREAKING = re.compile(r"[\s=]")
_CUT = LONGEST - 11  # leaves room for a dash and ten digits


def tags(
    identity: Identity,
    *,
    group: str,
    address: str,
    ingress: Key | None = None,
    user: Mapping[str, str] = NO_STRINGS,
) -> Value:
    """Return the ``Tags`` of a spec: the marks and the users' own tags, sorted by key.

    A mark always wins over a user's tag of the same key.
    """
    marks = {OWNER: identity.owner, RESOURCE: address, **_chunks(GROUP, group)}
    if ingress is not None:
        marks |= _chunks(INGRESS, str(ingress))
    own = {key: value for key, value in user.items() if not key.startswith(ANNOTATION_PREFIX)}
    if own:
        marks |= _numbered(TAG_KEYS, _lines(sorted(_word(key) for key in own)))
    return _spec({**own, **marks})


def mapping(pairs: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return AWS's list of ``{"Key", "Value"}`` as a mapping."""
    return {pair["Key"]: pair.get("Value", "") for pair in pairs}


def managed(observed: Mapping[str, str]) -> Value:
    """Return the ``Tags`` of an observed spec: our marks, and the keys that we once set."""
    ours = set(" ".join(_continued(observed, TAG_KEYS)).split())
    return _spec(
        {
            key: value
            for key, value in observed.items()
            if key.startswith(ANNOTATION_PREFIX) or _word(key) in ours
        }
    )


def written(spec: Value) -> dict[str, str]:
    """Return a spec's ``Tags`` as a mapping, marks included."""
    entries = [e for e in spec if isinstance(e, Mapping)] if isinstance(spec, tuple) else []
    return {str(entry["Key"]): str(entry["Value"]) for entry in entries}


def is_ours(observed: Mapping[str, str], identity: Identity) -> bool:
    """Tell whether these are the tags of a resource that this installation owns."""
    return observed.get(OWNER) == identity.owner


def group_of(observed: Mapping[str, str]) -> str:
    """Return the group that these tags name, "" where they name none."""
    return "".join(_continued(observed, GROUP))


def address_of(observed: Mapping[str, str]) -> str:
    """Return the address that these tags name, "" where they name none."""
    return observed.get(RESOURCE, "")


def ingress_of(observed: Mapping[str, str]) -> Key | None:
    """Return the Ingress that these tags name."""
    text = "".join(_continued(observed, INGRESS))
    return Key.parse(text) if text else None


def _spec(values: Mapping[str, str]) -> Value:
    return freeze([{"Key": key, "Value": values[key]} for key in sorted(values)])


def _chunks(key: str, text: str) -> dict[str, str]:
    pieces = [text[start : start + LONGEST] for start in range(0, len(text), LONGEST)]
    return _numbered(key, pieces)


def _numbered(key: str, values: Iterable[str]) -> dict[str, str]:
    return {key if n == 1 else f"{key}-{n}": value for n, value in enumerate(values, start=1)}


def _continued(observed: Mapping[str, str], key: str) -> Iterable[str]:
    number = 1
    name = key
    while name in observed:
        yield observed[name]
        number += 1
        name = f"{key}-{number}"


def _lines(words: Iterable[str]) -> list[str]:
    """Return the words joined by spaces, in as few lines of a tag's length as they need."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + 1 + len(word) <= LONGEST:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines


def _word(key: str) -> str:
    """Return a tag key as one word; it is compared, never turned back into a key."""
    word = _BREAKING.sub(lambda found: f"={ord(found[0]):02X}", key)
    return word if len(word) <= LONGEST else f"{word[:_CUT]}-{digest10(word)}"

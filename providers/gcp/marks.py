"""Marks: the description that says what is ours, what it is for, and which words of it we set.

A resource is ours if, and only if, the owner in its description is ours; nothing else (a name, a
label, the description of another controller) makes it so. The same words let a restarted controller
recognise every resource and the Ingress it came from, which is why nothing has to be stored
elsewhere. Labels would not do: URL maps, backend services and proxies have none.

A description is one line of JSON. Other tools write theirs in the same way (GKE names the Ingress
or the Service), so an object may hold words of several: ``keys`` lists the foreign words that we
set, every other foreign word is neither compared nor removed. Text that is no JSON object is kept
under ``text``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias, Union

from provisioner.model.kube import Key
from provisioner.model.settings import ANNOTATION_PREFIX, Identity

Word: TypeAlias = Union[str, int, bool, "Sequence[Word]", "Mapping[str, Word]", None]

OWNER = f"{ANNOTATION_PREFIX}owner"
GROUP = f"{ANNOTATION_PREFIX}group"
RESOURCE = f"{ANNOTATION_PREFIX}resource"
INGRESS = f"{ANNOTATION_PREFIX}ingress"
KEYS = f"{ANNOTATION_PREFIX}keys"
DIGEST = f"{ANNOTATION_PREFIX}digest"

LONGEST = 2048
"""How many characters the Compute API takes in a description."""

NOTHING: Mapping[str, Word] = MappingProxyType({})

_TEXT = "text"


def description(
    identity: Identity,
    *,
    group: str,
    address: str,
    ingress: Key | None = None,
    more: Mapping[str, Word] = NOTHING,
    foreign: Mapping[str, Word] = NOTHING,
) -> str:
    """Return the ``description`` of a resource of ours.

    Args:
        identity: Who we are.
        group: The load balancer it belongs to, or ``shared``.
        address: Its logical address.
        ingress: The Ingress that it is for, where that is one.
        more: Further words of ours, by their whole key (``DIGEST``).
        foreign: Words of another controller that it must bear as well.
    """
    words: dict[str, Word] = {OWNER: identity.owner, GROUP: group, RESOURCE: address, **more}
    if ingress is not None:
        words[INGRESS] = str(ingress)
    if foreign:
        words[KEYS] = sorted(foreign)
    return text({**foreign, **words})


def text(words: Mapping[str, Word]) -> str:
    """Return words as the one line that equal words share, "" for none."""
    return json.dumps(words, sort_keys=True, separators=(",", ":")) if words else ""


def read(found: str) -> Mapping[str, Word]:
    """Return the words of a description; one that is no JSON object has none."""
    try:
        words = json.loads(found)
    except ValueError:
        return NOTHING
    return words if isinstance(words, dict) else NOTHING


def managed(found: str) -> str:
    """Return what of a description we answer for: our own words, and the foreign ones we set."""
    words = read(found)
    keys = words.get(KEYS)
    ours = frozenset(str(key) for key in keys) if isinstance(keys, list) else frozenset[str]()
    return text(
        {k: word for k, word in words.items() if k.startswith(ANNOTATION_PREFIX) or k in ours}
    )


def merged(present: str, wanted: str) -> str:
    """Return the wanted description with everything in the present one that is not ours."""
    words = read(present)
    if present and not words:
        return text({_TEXT: present, **read(wanted)})
    ours = read(managed(present))
    others = {key: word for key, word in words.items() if key not in ours}
    return text({**others, **read(wanted)})


def owner_of(found: str) -> str:
    """Return whose a resource is, "" where its description says nothing of it."""
    return _text_of(found, OWNER)


def is_ours(found: str, identity: Identity) -> bool:
    """Tell whether this is the description of a resource that this installation owns."""
    return owner_of(found) == identity.owner


def group_of(found: str) -> str:
    """Return the group that a description names, "" where it names none."""
    return _text_of(found, GROUP)


def address_of(found: str) -> str:
    """Return the address that a description names, "" where it names none."""
    return _text_of(found, RESOURCE)


def digest_of(found: str) -> str:
    """Return the digest of a secret part of the resource, "" where none is recorded."""
    return _text_of(found, DIGEST)


def ingress_of(found: str) -> Key | None:
    """Return the Ingress that a description names."""
    name = _text_of(found, INGRESS)
    return Key.parse(name) if name else None


def _text_of(found: str, key: str) -> str:
    word = read(found).get(key)
    return word if isinstance(word, str) else ""

"""Descriptions that hold our marks: one line of JSON, of which a reader wants the rest.

Google Cloud has no tags on most kinds, so what a resource is for stands in its ``description``
beside the words of others (GKE names an Ingress or a Service there). Our words are bookkeeping and
follow from the plan; they are summed up, as marks among tags are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, TypeAlias, Union

from provisioner.model.resource import Value
from provisioner.render import phrases

FIELD: Final = "description"

_Word: TypeAlias = Union[str, int, float, bool, "list[_Word]", "dict[str, _Word]", None]
_TEXT: Final = "text"  # where a description that is no JSON is kept beside our words


def is_marked(value: Value) -> bool:
    """Tell whether a value is a description with marks of ours."""
    return isinstance(value, str) and bool(_ours(_words(value)))


def foreign(value: Value) -> Mapping[str, str]:
    """Return the words of a description that are not ours, each as text."""
    words = _words(value) if isinstance(value, str) else {}
    return {key: _text(word) for key, word in words.items() if not phrases.is_mark(key)}


def marks_added(before: Value, after: Value) -> int:
    """Return how many marks of ours a description gets that had none of them."""
    old = _words(before) if isinstance(before, str) else {}
    new = _words(after) if isinstance(after, str) else {}
    return len(_ours(new).keys() - old.keys())


def marks_changed(before: Value, after: Value) -> tuple[str, ...]:
    """Return the marks whose content changes, without their prefix."""
    old = _ours(_words(before)) if isinstance(before, str) else {}
    new = _ours(_words(after)) if isinstance(after, str) else {}
    changed = (key for key in old if key not in new or old[key] != new[key])
    return tuple(sorted(key.partition("/")[2] for key in changed))


def _ours(words: Mapping[str, _Word]) -> dict[str, _Word]:
    return {key: word for key, word in words.items() if phrases.is_mark(key)}


def _words(text: str) -> dict[str, _Word]:
    try:
        words: _Word = json.loads(text)
    except ValueError:
        words = None
    if isinstance(words, dict):
        return words
    return {_TEXT: text} if text else {}


def _text(word: _Word) -> str:
    return word if isinstance(word, str) else json.dumps(word, sort_keys=True)

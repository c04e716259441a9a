"""Read YAML or JSON text into documents, within bounds that no file can break.

The usual road (yaml.CSafeLoader) has three holes: 30,000 nested brackets in a 60 KB file crash
the whole process, nine lines of aliases expand to a billion nodes, and of two equal keys the last
one silently wins. So values are built here from the parser's *events*, which is safe, costs one
pass, and sees depth, aliases and duplicate keys as they pass by.

Scalars mean what YAML 1.1 says, as they do to kubectl; how one was written can be looked up
afterwards (``Spellings``), because a hint should quote the file and not our reading of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeAlias, Union

import yaml
from yaml import events as ev

MAX_DEPTH: Final = 64
MAX_NODES: Final = 5_000_000
"""Nodes with every alias counted as what it stands for; 40,000 objects have about 1.5 million."""

Value: TypeAlias = Union[bool, int, float, str, date, "list[Value]", "dict[Value, Value]", None]

_LOADER: Final = getattr(yaml, "CLoader", yaml.Loader)
_TAG: Final = "tag:yaml.org,2002:"
_MERGE: Final = "<<"
_JSON_SPACE: Final = " \t\r\n"


class UnreadableError(Exception):
    """The text cannot be read; ``line`` and ``column`` count from 1, and 0 means unknown."""

    def __init__(self, message: str, *, line: int = 0, column: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.column, self.hint = message, line, column, hint


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key that a mapping holds twice.

    ``path`` is the way to it (``spec.rules[0].host``); of JSON only the key itself is known, and
    ``line`` is 0.
    """

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its number in the file (from 1), its value, and keys given twice."""

    number: int
    value: Value
    duplicates: tuple[Duplicate, ...] = ()


def decode_text(raw: bytes) -> str:
    """Return the text of a file: UTF-8, with or without a byte order mark, or marked UTF-16."""
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as err:
        line = raw.count(b"\n", 0, err.start) + 1
        raise UnreadableError(
            f"The file is not {encoding[:6].upper().rstrip('-')} text.",
            line=line,
            hint="Save it as UTF-8.",
        ) from err


def read_documents(text: str, *, is_json: bool = False) -> list[Document]:
    """Return the documents of a text.

    Args:
        text: YAML, or JSON documents one after another.
        is_json: The name of the file promises JSON, so YAML is not tried as well.

    Raises:
        UnreadableError: The text is malformed or out of bounds.
    """
    if is_json or text.lstrip()[:1] in {"{", "["}:
        try:
            return list(_json_documents(text))
        except json.JSONDecodeError as err:
            if is_json:
                raise UnreadableError(
                    f"This is not JSON: {err.msg}.", line=err.lineno, column=err.colno
                ) from err
        except RecursionError as err:
            raise _too_deep(0) from err
    try:
        return _yaml_documents(text)
    except UnreadableError as err:
        if "{{" in text:
            err.hint = "It looks like a Helm template: render it first (helm template)."
        raise


def _too_deep(line: int) -> UnreadableError:
    return UnreadableError(f"Nested deeper than {MAX_DEPTH} levels.", line=line)


def _json_documents(text: str) -> Iterator[Document]:
    duplicates: list[Duplicate] = []

    def pairs(items: list[tuple[str, Value]]) -> dict[Value, Value]:
        built: dict[Value, Value] = {}
        for key, value in items:
            if key in built:
                duplicates.append(Duplicate(key, 0))
            built[key] = value
        return built

    decoder = json.JSONDecoder(object_pairs_hook=pairs)
    number, position = 0, 0
    while (position := _skip_space(text, position)) < len(text):
        value, position = decoder.raw_decode(text, position)
        number += 1
        yield Document(number, value, tuple(duplicates))
        duplicates.clear()


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in _JSON_SPACE:
        position += 1
    return position


def _yaml_documents(text: str) -> list[Document]:
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as err:
        raise _malformed(err, text) from err
    except yaml.YAMLError as err:
        raise UnreadableError(f"This is not YAML: {err}.".replace("\n", " ")) from err
    return builder.documents


def _malformed(err: yaml.MarkedYAMLError, text: str) -> UnreadableError:
    mark = err.problem_mark or err.context_mark
    lines = text.split("\n")
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    tabbed = "\t" in line[: len(line) - len(line.lstrip())]
    what = ", ".join(str(part) for part in (err.context, err.problem) if part)
    return UnreadableError(
        f"This is not YAML: {what}.",
        hint="YAML is indented with spaces, not with tabs." if tabbed else "",
        line=mark.line + 1 if mark else 0,
        column=mark.column + 1 if mark else 0,
    )


_NO_KEY: Final = object()
_MERGE_KEY: Final = object()


@dataclass(slots=True)
class _Frame:
    """A list or mapping under construction; ``size`` counts its nodes, aliases expanded."""

    value: list[Value] | dict[Value, Value]
    anchor: str | None
    key: object = _NO_KEY
    size: int = 1
    merges: list[Value] = field(default_factory=list)


def _step(frame: _Frame) -> str:
    return f"[{len(frame.value)}]" if isinstance(frame.value, list) else f".{frame.key}"


class _Builder:
    """Builds documents from parser events."""

    def __init__(self) -> None:
        self.documents: list[Document] = []
        self._scalars = _Scalars()
        self._total = 0
        self._reset()

    def _reset(self) -> None:
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Value, int]] = {}
        self._duplicates: list[Duplicate] = []
        self._root: Value = None

    def take(self, event: ev.Event) -> None:
        """Take the next event."""
        match event:
            case ev.ScalarEvent():
                self._scalar(event)
            case ev.MappingStartEvent():
                self._open({}, event)
            case ev.SequenceStartEvent():
                self._open([], event)
            case ev.MappingEndEvent() | ev.SequenceEndEvent():
                self._close(event)
            case ev.AliasEvent():
                self._alias(event)
            case ev.DocumentEndEvent():
                number = len(self.documents) + 1
                self.documents.append(Document(number, self._root, tuple(self._duplicates)))
                self._reset()
            case _:
                pass  # start of a stream or document, end of the stream

    def _scalar(self, event: ev.ScalarEvent) -> None:
        value = self._scalars.value(event)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        self._add(value, 1, event)

    def _open(self, value: list[Value] | dict[Value, Value], event: ev.NodeEvent) -> None:
        tag = getattr(event, "tag", None)
        if tag not in {None, "!", f"{_TAG}map", f"{_TAG}seq"}:
            raise _foreign_tag(str(tag), event)
        if len(self._stack) == MAX_DEPTH:
            raise _too_deep(_line(event))
        self._stack.append(_Frame(value, event.anchor))

    def _close(self, event: ev.Event) -> None:
        frame = self._stack.pop()
        if isinstance(frame.value, dict) and frame.merges:
            _merge(frame.value, frame.merges, event)
        if frame.anchor:
            self._anchors[frame.anchor] = (frame.value, frame.size)
        self._add(frame.value, frame.size, event)

    def _alias(self, event: ev.AliasEvent) -> None:
        found = self._anchors.get(event.anchor or "")
        if found is None:
            raise UnreadableError(
                f"Alias *{event.anchor} has no finished anchor before it.", line=_line(event)
            )
        self._add(*found, event)

    def _add(self, value: Value, size: int, event: ev.Event) -> None:
        """Put a finished value where it belongs: into the open list or mapping, or at the root."""
        if not self._stack:
            self._root = value
            self._count(size, event)
            return
        frame = self._stack[-1]
        frame.size += size
        if frame.size > MAX_NODES:
            self._count(frame.size, event)
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif frame.key is _NO_KEY:
            self._key(frame, value, event)
        else:
            key, frame.key = frame.key, _NO_KEY
            if key is _MERGE_KEY:
                frame.merges.append(value)
            else:
                frame.value[key] = value  # type: ignore[index]  # _key let only scalars pass

    def _key(self, frame: _Frame, key: Value, event: ev.Event) -> None:
        if isinstance(key, list | dict):
            raise UnreadableError("A key must be a plain word.", line=_line(event))
        merge = key == _MERGE and isinstance(event, ev.ScalarEvent) and event.implicit[0]
        if not merge and isinstance(frame.value, dict) and key in frame.value:
            path = "".join(_step(above) for above in self._stack[:-1]) + f".{key}"
            self._duplicates.append(Duplicate(path.lstrip("."), _line(event)))
        frame.key = _MERGE_KEY if merge else key

    def _count(self, size: int, event: ev.Event) -> None:
        self._total += size
        if self._total > MAX_NODES:
            raise UnreadableError(
                f"More than {MAX_NODES:,} values once every alias is expanded.",
                line=_line(event),
                hint="Split the file, or write the repetition out.",
            )


def _merge(target: dict[Value, Value], merges: Sequence[Value], event: ev.Event) -> None:
    """Apply ``<<``: what a mapping says itself wins, then the mappings in their order."""
    for merge in merges:
        for source in merge if isinstance(merge, list) else [merge]:
            if not isinstance(source, dict):
                raise UnreadableError("<< needs a mapping.", line=_line(event))
            for key, value in source.items():
                target.setdefault(key, value)


def _line(event: ev.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 0


def _foreign_tag(tag: str, event: ev.Event) -> UnreadableError:
    return UnreadableError(
        f"The YAML tag {tag} means nothing to Kubernetes.",
        line=_line(event),
        hint="Remove the tag.",
    )


class _Scalars:
    """Resolves scalars as YAML 1.1 does, each distinct text once."""

    def __init__(self) -> None:
        self._plain: dict[str, Value] = {}
        self._constructor = yaml.constructor.SafeConstructor()

    def value(self, event: ev.ScalarEvent) -> Value:
        """Return what a scalar means."""
        text, tag = event.value, event.tag
        if tag is None or tag == "!":
            if not event.implicit[0] or tag == "!":
                return text
            if text not in self._plain:
                self._plain[text] = self._resolved(text)
            return self._plain[text]
        if tag == f"{_TAG}str":
            return text
        if tag in {_TAG + name for name in ("int", "float", "bool", "null", "timestamp")}:
            return self._constructed(tag, text)
        raise _foreign_tag(tag, event)

    def _resolved(self, text: str) -> Value:
        resolvers = yaml.SafeLoader.yaml_implicit_resolvers.get(text[:1], ())
        for tag, pattern in resolvers:
            if pattern.match(text):
                return self._constructed(tag, text)
        return text

    def _constructed(self, tag: str, text: str) -> Value:
        """Return the value of a tagged scalar, its text where it is out of range (13th month)."""
        node = yaml.ScalarNode(tag, text)
        try:
            match tag.removeprefix(_TAG):
                case "null":
                    return None
                case "bool":
                    return bool(self._constructor.construct_yaml_bool(node))
                case "int":
                    return int(self._constructor.construct_yaml_int(node))
                case "float":
                    return float(self._constructor.construct_yaml_float(node))
                case "timestamp":
                    return self._date(node)
                case _:
                    return text
        except (ValueError, KeyError, AttributeError, OverflowError):
            return text

    def _date(self, node: yaml.ScalarNode) -> date:
        found = self._constructor.construct_yaml_timestamp(node)
        if not isinstance(found, date):
            raise ValueError(node.value)  # noqa: TRY004 - out of range, as the caller knows it
        return found


class Spellings:
    """How scalars of a YAML text were written; parses the text again, so ask only in need."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._roots: list[yaml.Node | None] | None = None

    def of(self, document: int, path: Sequence[str]) -> str | None:
        """Return the source text of the scalar at a path, None where it cannot be found."""
        if self._roots is None:
            self._roots = self._composed()
        node = self._roots[document - 1] if document <= len(self._roots) else None
        for step in path:
            node = _child(node, step)
        return node.value if isinstance(node, yaml.ScalarNode) else None

    def _composed(self) -> list[yaml.Node | None]:
        try:
            return list(yaml.compose_all(self._text, Loader=_LOADER))
        except yaml.YAMLError:  # JSON that YAML does not read
            return []


def _child(node: yaml.Node | None, step: str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode):
        items: list[yaml.Node] = node.value
        return items[int(step)] if step.isdecimal() else None
    if isinstance(node, yaml.MappingNode):
        pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
        for key, value in pairs:
            if isinstance(key, yaml.ScalarNode) and key.value == step:
                return value
    return None

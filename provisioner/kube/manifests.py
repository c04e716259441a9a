"""Read the manifests that people keep in git into a snapshot.

One bad document hides no other: what is wrong becomes a diagnostic that names the file, the
object and the field, and everything else is still read. Kinds that say nothing about load
balancers are passed over without a word, because ``-f`` is usually a whole application.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import BinaryIO, Final

from provisioner.kube import documents, files, shape
from provisioner.kube.decode import KubeObject, decode
from provisioner.kube.gather import Gathered
from provisioner.kube.kinds import (
    INGRESS,
    MANIFEST_KINDS,
    NAMESPACE,
    SERVICE,
    KindInfo,
    manifest_kind,
)
from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.kube import Key, Service
from provisioner.model.snapshot import Snapshot

MALFORMED: Final = "MANIFEST-MALFORMED"
NOT_AN_OBJECT: Final = "MANIFEST-NOT-AN-OBJECT"
NO_NAME: Final = "MANIFEST-NO-NAME"
BAD_NAME: Final = "MANIFEST-BAD-NAME"
DUPLICATE_KEY: Final = "MANIFEST-DUPLICATE-KEY"
DUPLICATE_OBJECT: Final = "MANIFEST-DUPLICATE-OBJECT"

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")  # RFC 1123 subdomain
_SERVER_FIELDS: Final = frozenset(
    {"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"}
)
_KIND_NAMES: Final = frozenset(info.api_kind for info in MANIFEST_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """What files say, and which files those were: (name, hex SHA-256), in reading order."""

    snapshot: Snapshot
    inputs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """One object inside a document. ``path`` leads to it: empty, or ``("items", "3")``."""

    raw: Mapping[str, object]
    kind: KindInfo
    place: str
    path: shape.Path = ()
    duplicates: tuple[documents.Duplicate, ...] = ()


def read_manifests(
    paths: Sequence[str | os.PathLike[str]],
    *,
    stdin: BinaryIO | None = None,
    default_namespace: str = "default",
    whole: bool = False,
) -> Manifests:
    """Return everything that these files, folders and ``-`` (standard input) say.

    Args:
        paths: As the user gave them.
        stdin: Where ``-`` is read from.
        default_namespace: For namespaced objects that name none.
        whole: The files are all there is of a cluster, so the uids in them are believed.
    """
    reading = _Reading(default_namespace, whole=whole)
    for item in files.read_files(paths, stdin):
        if isinstance(item, Diagnostic):
            reading.diagnostics.append(item)
        else:
            reading.file(item)
    return Manifests(snapshot=reading.snapshot(), inputs=tuple(reading.inputs))


class _Reading:
    """One run over the files: what was found so far and where."""

    def __init__(self, default_namespace: str, *, whole: bool = False) -> None:
        self._namespace = default_namespace
        self._foreign = _SERVER_FIELDS - {"uid"} if whole else _SERVER_FIELDS
        self._gathered = Gathered()
        self._sources: dict[str, str] = {}
        self._places: dict[tuple[str, Key], str] = {}
        self._services: dict[Key, Service] = {}
        self.inputs: list[tuple[str, str]] = []
        self.diagnostics: list[Diagnostic] = []

    def snapshot(self) -> Snapshot:
        """Return what was read."""
        return self._gathered.snapshot(
            live=False, complete=False, sources=self._sources, diagnostics=self.diagnostics
        )

    def file(self, file: files.FileContent) -> None:
        """Read one file; if it cannot be read as a whole, none of it counts."""
        self.inputs.append((file.name, file.sha256))
        try:
            text = documents.decode_text(file.content)
            found = documents.read_documents(text, is_json=file.name.endswith(".json"))
        except documents.UnreadableError as err:
            self.diagnostics.append(_malformed(file.name, err))
            return
        if all(document.value is None for document in found):
            self.diagnostics.append(_empty(file.name))
        spellings = documents.Spellings(text)
        for document in found:
            self._document(file.name, document, spellings)

    def _document(
        self, name: str, document: documents.Document, spellings: documents.Spellings
    ) -> None:
        place = f"{name}, document {document.number}"
        for item in _objects(document.value, name=name, place=place):
            if isinstance(item, Diagnostic):
                self.diagnostics.append(item)
                continue
            prefix = "".join(f"items[{index}]." for index in item.path[1::2])
            twice = tuple(d for d in document.duplicates if _concerns(d, prefix))
            self._object(item, twice, spelled=partial(_spelled, spellings, document.number, item))

    def _object(
        self,
        item: _Found,
        duplicates: tuple[documents.Duplicate, ...],
        *,
        spelled: shape.Spelling,
    ) -> None:
        kind = item.kind.api_kind
        raw = self._as_applied(item)
        key = shape.key_of(raw)
        problems = _identity_problems(kind, raw, item.place)
        problems += tuple(_duplicate_key(kind, key, entry) for entry in duplicates)
        decoded: KubeObject | None = None
        if not problems:
            problems = self._place(item.kind, key, item.place)
        if not _blocks(problems):
            result = decode(item.kind.kind, raw, spelled=spelled)
            decoded, problems = result.object, (*problems, *result.problems)
        if isinstance(decoded, Service):
            decoded = self._together(decoded)
        if decoded is not None:
            self._gathered.add(decoded)
        self.diagnostics.extend(_named(problem, item) for problem in problems)

    def _together(self, service: Service) -> Service:
        """Return a Service with the annotations of an earlier copy of it that says the same.

        One part of an application brings the Service along, another one annotates a copy of it;
        whichever is applied last, neither part means to take back what only the other one says.
        """
        earlier = self._services.get(service.key)
        if earlier is not None and replace(earlier, meta=service.meta) == service:
            both = MappingProxyType({**earlier.meta.annotations, **service.meta.annotations})
            service = replace(service, meta=replace(service.meta, annotations=both))
        self._services[service.key] = service
        return service

    def _place(self, kind: KindInfo, key: Key, place: str) -> tuple[Diagnostic, ...]:
        """Remember where an object was read, and say if it was read before.

        Of a Namespace nothing is said: each part of an application likes to bring it along.
        """
        first = self._places.setdefault((kind.kind, key), place)
        if first == place or kind is not INGRESS:
            self._sources[f"{kind.api_kind} {key}"] = place
        if first == place or kind is NAMESPACE:
            return ()
        return (_duplicate_object(kind.api_kind, key, first=first, second=place),)

    def _as_applied(self, item: _Found) -> Mapping[str, object]:
        """Return the object as ``kubectl apply`` would send it: namespaced, not the server's."""
        metadata = item.raw.get("metadata")
        if not isinstance(metadata, dict):
            return item.raw
        mine = {name: metadata[name] for name in metadata if name not in self._foreign}
        if not item.kind.namespaced:
            mine.pop("namespace", None)
        elif not mine.get("namespace"):
            mine["namespace"] = self._namespace
        deleted = mine.get("deletionTimestamp")
        if isinstance(deleted, date):
            mine["deletionTimestamp"] = deleted.isoformat()
        return {**item.raw, "metadata": mine}


def _objects(
    value: object,
    *,
    name: str,
    place: str,
    path: shape.Path = (),
    given: tuple[str, str] = ("", ""),
) -> Iterator[_Found | Diagnostic]:
    """Yield the objects of a document that we read; lists are opened.

    ``given`` are the apiVersion and kind that the items of a typed list need not repeat.
    """
    if value is None:
        return
    if not isinstance(value, dict):
        yield error(
            NOT_AN_OBJECT,
            files.file_subject(name),
            field=place.removeprefix(f"{name}, "),
            message="This is no Kubernetes object: a mapping with apiVersion and kind is expected.",
        )
        return
    api_version, kind = value.get("apiVersion", given[0]), value.get("kind", given[1])
    if not isinstance(api_version, str) or not isinstance(kind, str) or not (api_version and kind):
        yield from _unidentified(value, name=name, place=place)
    elif kind.endswith("List") and isinstance(value.get("items"), list):
        item_given = (api_version, kind.removesuffix("List")) if kind != "List" else ("", "")
        for index, item in enumerate(value["items"]):
            yield from _objects(
                item,
                name=name,
                place=f"{place}, item {index + 1}",
                path=(*path, "items", str(index)),
                given=item_given,
            )
    elif info := manifest_kind(api_version, kind):
        yield _Found(raw={**value, "apiVersion": api_version}, kind=info, place=place, path=path)


def _unidentified(value: Mapping[object, object], *, name: str, place: str) -> Iterator[Diagnostic]:
    """Yield what to say about a mapping without apiVersion or kind.

    With neither, it is some other file (Helm values, a kustomization): a warning. With one of
    them, an object was meant.
    """
    api_version, kind = value.get("apiVersion"), value.get("kind")
    where = place.removeprefix(f"{name}, ")
    if not api_version and not kind:
        yield warning(
            NOT_AN_OBJECT,
            files.file_subject(name),
            field=where,
            message="This is no Kubernetes object (it has neither apiVersion nor kind); ignored.",
        )
    elif not kind or kind in _KIND_NAMES or not isinstance(kind, str):
        lacking = "apiVersion" if kind and isinstance(kind, str) else "kind"
        yield error(
            NOT_AN_OBJECT,
            files.file_subject(name),
            field=where,
            message=f"The object has no {lacking}.",
            hint=f"Add {lacking}.",
        )


def _named(problem: Diagnostic, item: _Found) -> Diagnostic:
    """Return the diagnostic with a place in it, where the object has no usable name."""
    if problem.subject != shape.subject_of(item.kind.api_kind, Key("", "")):
        return problem
    return replace(problem, subject=f"{item.kind.api_kind} in {item.place}")


def _identity_problems(kind: str, raw: Mapping[str, object], place: str) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the object's name; a name that is no text is left to decoding."""
    metadata = raw.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if metadata is not None and not isinstance(metadata, dict):
        return ()
    if name is None or name == "":
        return (
            error(
                NO_NAME,
                f"{kind} in {place}",
                field="metadata.name",
                message="The object has no name.",
                hint="Add metadata.name.",
            ),
        )
    key = shape.key_of(raw)
    for part, text in (("name", key.name), ("namespace", key.namespace)):
        if text and not _NAME.fullmatch(text):
            return (
                shape.finding(
                    BAD_NAME,
                    kind,
                    key,
                    field=f"metadata.{part}",
                    message=f"{text!a} is not a name that Kubernetes accepts.",
                    hint="Lower case letters, digits, '-' and '.', at most 253 of them.",
                ),
            )
    return ()


def _concerns(duplicate: documents.Duplicate, prefix: str) -> bool:
    """Tell whether a key given twice lies in the item with this prefix (unknown: in each)."""
    return duplicate.line == 0 or duplicate.path.startswith(prefix)


def _spelled(
    spellings: documents.Spellings, number: int, item: _Found, path: shape.Path
) -> str | None:
    return spellings.of(number, (*item.path, *path))


def _duplicate_key(kind: str, key: Key, entry: documents.Duplicate) -> Diagnostic:
    where = f" (again in line {entry.line})" if entry.line else ""
    return shape.finding(
        DUPLICATE_KEY,
        kind,
        key,
        field=re.sub(r"^(items\[\d+\]\.)+", "", entry.path),
        message=f"The key is given twice{where}; only one of the two would count.",
        hint="Keep one of them.",
    )


def _duplicate_object(kind: str, key: Key, *, first: str, second: str) -> Diagnostic:
    """Return what to say about an object given twice.

    ``kubectl apply`` lets the later one win, and published manifests rely on that for Services
    (a base and a variant of it in one folder). Of an Ingress two versions are a mistake.
    """
    counts = "the later one counts"
    if kind == SERVICE.kind:
        counts += ", with the annotations of both where they are otherwise equal"
    if kind == INGRESS.kind:
        return shape.finding(
            DUPLICATE_OBJECT,
            kind,
            key,
            hint="Keep one of them.",
            message=f"The Ingress is given twice: in {first} and in {second}.",
        )
    return warning(
        DUPLICATE_OBJECT,
        shape.subject_of(kind, key),
        hint="Keep one of them.",
        message=f"The object is given twice, in {first} and in {second}; {counts}.",
    )


def _blocks(problems: Iterable[Diagnostic]) -> bool:
    return any(problem.blocking for problem in problems)


def _malformed(name: str, err: documents.UnreadableError) -> Diagnostic:
    column = f", column {err.column}" if err.column else ""
    return error(
        MALFORMED,
        files.file_subject(name),
        message=err.message,
        hint=err.hint,
        field=f"line {err.line}{column}" if err.line else "",
    )


def _empty(name: str) -> Diagnostic:
    """Return the remark on a file without objects; a pipe without any means its source failed."""
    if name == files.STDIN:
        return error(
            files.EMPTY,
            files.file_subject(name),
            message="There is nothing to read.",
            hint="Check the command on the left of the pipe.",
        )
    return warning(files.EMPTY, files.file_subject(name), message="The file holds no objects.")

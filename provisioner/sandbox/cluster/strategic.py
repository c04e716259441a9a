"""Strategic merge patch: lists merged by key, and the ``$`` directives that kubectl sends.

Which list merges by which key is written on the Go types (``patchMergeKey``). The table below
holds those of the kinds that this server knows; a list that is not in it is replaced whole, which
is also what kube-apiserver does with an untagged list. See the Kubernetes contributor page
"Strategic Merge Patch" for the directives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from provisioner.sandbox.cluster.documents import Document, dig

#: Merge keys by the name of the list's field. Several keys: the first that the elements carry
#: (``ports`` of a Service merge by ``port``, those of a container by ``containerPort``).
MERGE_KEYS: Mapping[str, tuple[str, ...]] = {
    "addresses": ("type",),
    "conditions": ("type",),
    "containers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "podIPs": ("ip",),
    "ports": ("port", "containerPort"),
    "secrets": ("name",),
    "topologySpreadConstraints": ("topologyKey",),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
}

#: Lists of plain values that are merged as sets.
MERGED_SETS = frozenset({"finalizers"})

#: EndpointSlice and Ingress use these names for lists that are replaced whole.
_ATOMIC_PARENTS = frozenset({"ingress"})

_PATCH = "$patch"
_RETAIN_KEYS = "$retainKeys"
_DELETE_PRIMITIVE = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"


def strategic_merge(document: Document, patch: Document) -> Document:
    """Return the document with a strategic merge patch (or an applied configuration) merged in."""
    if patch.get(_PATCH) == "replace":
        return {key: _plain(value) for key, value in patch.items() if key != _PATCH}
    if patch.get(_PATCH) == "delete":
        return {}
    result = dict(document)
    _retain(result, patch)
    for key, value in patch.items():
        if not key.startswith("$"):
            _merge_field(result, key, value)
    _delete_primitives(result, patch)
    _set_order(result, patch)
    return result


def merge_key(field: str, elements: Sequence[object]) -> str:
    """Return the key by which a list merges, or an empty string if it is replaced whole."""
    mappings = [element for element in elements if isinstance(element, dict)]
    for key in MERGE_KEYS.get(field, ()):
        if any(key in element for element in mappings):
            return key
    return ""


def _merge_field(result: Document, key: str, value: object) -> None:
    present = result.get(key)
    if value is None:
        result.pop(key, None)
    elif isinstance(value, dict):
        result[key] = strategic_merge(present if isinstance(present, dict) else {}, value)
    elif isinstance(value, list):
        result[key] = _merged_list(key, present if isinstance(present, list) else [], value)
    else:
        result[key] = value


def _merged_list(field: str, present: list[object], patch: list[object]) -> list[object]:
    if field in MERGED_SETS:
        return present + [value for value in patch if value not in present]
    key = merge_key(field, patch + present)
    if not key or field in _ATOMIC_PARENTS:
        return [_plain(value) for value in patch]
    if any(dig(element, _PATCH) == "replace" for element in patch):
        return [_plain(value) for value in patch if not _is_bare_directive(value)]
    return _merged_by_key(key, present, patch)


def _merged_by_key(key: str, present: list[object], patch: list[object]) -> list[object]:
    result = list(present)
    for element in patch:
        if not isinstance(element, dict):
            continue
        place = next((i for i, old in enumerate(result) if _same(old, element, key)), None)
        if element.get(_PATCH) == "delete":
            result = [old for old in result if not _same(old, element, key)]
        elif place is None:
            result.append(_plain(element))
        else:
            old = result[place]
            result[place] = strategic_merge(old if isinstance(old, dict) else {}, element)
    return result


def _same(old: object, element: Document, key: str) -> bool:
    if dig(old, key) != element.get(key):
        return False
    # Two protocols may share a port; the API server itself merges those by port alone and is
    # known to mix them up (kubernetes#105610), so the protocol decides where both sides state it.
    mine, theirs = dig(old, "protocol"), element.get("protocol")
    return mine is None or theirs is None or mine == theirs


def _is_bare_directive(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {_PATCH}


def _retain(result: Document, patch: Document) -> None:
    retained = patch.get(_RETAIN_KEYS)
    if isinstance(retained, list):
        for key in [key for key in result if key not in retained]:
            del result[key]


def _delete_primitives(result: Document, patch: Document) -> None:
    for directive, gone in patch.items():
        if directive.startswith(_DELETE_PRIMITIVE) and isinstance(gone, list):
            field = directive.removeprefix(_DELETE_PRIMITIVE)
            present = result.get(field)
            if isinstance(present, list):
                result[field] = [value for value in present if value not in gone]


def _set_order(result: Document, patch: Document) -> None:
    for directive, wanted in patch.items():
        if directive.startswith(_ORDER) and isinstance(wanted, list):
            field = directive.removeprefix(_ORDER)
            present = result.get(field)
            if isinstance(present, list):
                result[field] = _ordered(field, present, wanted)


def _ordered(field: str, present: list[object], wanted: list[object]) -> list[object]:
    key = merge_key(field, present)

    def place(element: object) -> int:
        mark = dig(element, key) if key else element
        marks = [dig(one, key) if key else one for one in wanted]
        return marks.index(mark) if mark in marks else len(marks)

    return sorted(present, key=place)


def _plain(value: object) -> object:
    """Return a value that a patch adds, without the directives inside it and without nulls."""
    if isinstance(value, dict):
        return {
            key: _plain(inner)
            for key, inner in value.items()
            if not key.startswith("$") and inner is not None
        }
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value

"""``transforms.${name}``: how requests for Service ``${name}`` are rewritten on their way.

One rewrite of the URL and one of the host per rule ("Transforms for listener rules", Elastic Load
Balancing user guide).
"""

from __future__ import annotations

from provisioner.core.json_values import JsonObject, json_objects
from provisioner.core.values import quoted
from provisioner.model.annotation import AnnotationError
from provisioner.model.resource import Spec, freeze_spec

_CONFIGS = {
    "url-rewrite": "urlRewriteConfig",
    "host-header-rewrite": "hostHeaderRewriteConfig",
}
_TYPES = ", ".join(_CONFIGS)
_LONGEST = 1024
_HINT = (
    'write [{"type": "url-rewrite", "urlRewriteConfig": {"rewrites": [{"regex": "^/api/(.*)$",'
    ' "replace": "/$1"}]}}]'
)


def transforms(raw: str) -> tuple[Spec, ...]:
    """Return the transforms of a JSON list, in AWS's own form and in written order."""
    items = json_objects(raw)
    kinds = [_type(item) for item in items]
    for kind in _CONFIGS:
        if kinds.count(kind) > 1:
            raise AnnotationError(
                f"several transforms are of type {kind}, a rule holds one", hint="keep one"
            )
    return tuple(_transform(item, kind) for item, kind in zip(items, kinds, strict=True))


def _type(item: JsonObject) -> str:
    kind = item.text("type") or ""
    if kind not in _CONFIGS:
        raise AnnotationError(
            f"{item.where}: type {quoted(kind)} is not one of {_TYPES}",
            hint=f"write one of {_TYPES}",
        )
    return kind


def _transform(item: JsonObject, kind: str) -> Spec:
    name = _CONFIGS[kind]
    config = item.object(name)
    rewrites = config.objects("rewrites") if config is not None else ()
    if not rewrites:
        raise AnnotationError(f"{item.where}: type {kind} needs {name}.rewrites", hint=_HINT)
    spelled = name[0].upper() + name[1:]
    return freeze_spec({"Type": kind, spelled: {"Rewrites": [_rewrite(r) for r in rewrites]}})


def _rewrite(item: JsonObject) -> dict[str, str]:
    regex, replace = item.required_text("regex"), item.text("replace")
    if replace is None:
        raise AnnotationError(f"{item.where}: replace is required", hint=_HINT)
    if max(len(regex), len(replace)) > _LONGEST:
        raise AnnotationError(
            f"{item.where} is longer than {_LONGEST} characters", hint="shorten it"
        )
    return {"Regex": regex, "Replace": replace}

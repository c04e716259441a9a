"""Find every diagnostic code in the source, with its severity and message.

A list of codes that is kept by hand is wrong within a month. So the reference page is made from
the syntax trees of the modules that raise the codes: a call whose first argument (or ``code=``) is
a code, literally or through a constant, is one entry, and so is a parameter's default.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

_CODE: Final = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+")
_LITERAL_PREFIXES: Final = (
    "ANNOTATION", "BACKEND", "CERTIFICATE", "CLASS", "CLOUD", "CLUSTER", "FILE", "GROUP", "HOST",
    "LIMIT", "LISTENER", "MANIFEST", "MODE", "OBJECT", "OVERLAY", "PATH", "SECURITY", "SUBNET",
    "YAML",
)  # fmt: skip
GAP: Final = "…"
"""Stands in a message for what differs from case to case."""


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class CodeUse:
    """One place where a diagnostic is made."""

    code: str
    severity: str  # "" where the code decides at run time
    message: str
    hint: str
    module: str


def uses(roots: Sequence[Path]) -> tuple[CodeUse, ...]:
    """Return every use of a code below these packages, sorted, each once.

    Args:
        roots: Package folders; emulators below ``sandbox`` are left out.
    """
    files = [
        (".".join(path.relative_to(root.parent).with_suffix("").parts), path)
        for root in roots
        for path in sorted(root.rglob("*.py"))
        if not {"sandbox", "cli"} & set(path.relative_to(root).parts)
    ]
    trees = {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in files}
    named = {name: code for tree in trees.values() for name, code in _constants(tree)}
    found: set[CodeUse] = set()
    for module, tree in trees.items():
        found.update(_uses(module, tree, {**named, **dict(_constants(tree))}))
    return tuple(sorted(found))


def is_code(text: object) -> bool:
    """Tell whether a string is spelled like a diagnostic code of ours."""
    return (
        isinstance(text, str)
        and bool(_CODE.fullmatch(text))
        and text.partition("-")[0] in _LITERAL_PREFIXES
    )


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield module constants that hold a code."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                found = name, text
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(text))):
                found = name, text
            case _:
                continue
        if is_code(found[1]):
            yield found


def _uses(module: str, tree: ast.Module, constants: Mapping[str, str]) -> Iterator[CodeUse]:
    functions = {f.name: f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)}
    for function in functions.values():
        scope = _Scope(module, functions, constants, local=_assigned(function))
        for default in (*function.args.defaults, *function.args.kw_defaults):
            yield from scope.uses((), {"code": default} if default else {}, severity="")
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                keywords = {k.arg: k.value for k in node.keywords if k.arg}
                yield from scope.uses(node.args, keywords, severity=scope.severity(node, keywords))
            elif isinstance(node, ast.Tuple):
                yield from scope.uses(node.elts, {}, severity="")


def _assigned(function: ast.FunctionDef) -> dict[str, tuple[ast.expr, ...]]:
    """Return what a function's local names are set to."""
    found: dict[str, tuple[ast.expr, ...]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            found[name] = (*found.get(name, ()), node.value)
    return found


@dataclass(frozen=True, slots=True)
class _Scope:
    """What names mean inside one function."""

    module: str
    functions: Mapping[str, ast.FunctionDef]
    constants: Mapping[str, str]
    local: Mapping[str, tuple[ast.expr, ...]]

    def uses(
        self, items: Sequence[ast.expr], keywords: Mapping[str, ast.expr], *, severity: str
    ) -> Iterator[CodeUse]:
        """Yield the uses in a list of arguments (or of a tuple's elements)."""
        for position, item in enumerate((*items, keywords.get("code"))):
            rest = [*items[position + 1 :]]
            texts = [text for text in map(template, rest) if text]
            messages = self._texts(keywords.get("message")) or tuple(texts[:1]) or ("",)
            hints = self._texts(keywords.get("hint")) or tuple(texts[1:2]) or ("",)
            for code in self.codes(item):
                for message in messages:
                    yield CodeUse(
                        code=code,
                        severity=severity,
                        message=message,
                        hint=hints[0] if "message" in keywords or texts else "",
                        module=self.module,
                    )

    def codes(self, node: ast.expr | None) -> tuple[str, ...]:
        """Return the codes that an argument may be."""
        match node:
            case ast.Constant(value=str(text)) if is_code(text):
                return (text,)
            case ast.IfExp(body=body, orelse=orelse):
                return (*self.codes(body), *self.codes(orelse))
            case ast.Name(id=name) if name in self.local:
                direct = (value for value in self.local[name] if not isinstance(value, ast.Name))
                others = {n: values for n, values in self.local.items() if n != name}
                scope = replace(self, local=others)  # a name may be set to a part of itself
                return tuple(code for value in direct for code in scope.codes(value))
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in self.constants:
                return (self.constants[name],)
            case _:
                return ()

    def _texts(self, node: ast.expr | None) -> tuple[str, ...]:
        """Return the texts that an expression may be."""
        if isinstance(node, ast.Name):
            return tuple(filter(None, map(template, self.local.get(node.id, ()))))
        return tuple(filter(None, (template(node),)))

    def severity(self, call: ast.Call, keywords: Mapping[str, ast.expr]) -> str:
        """Return a severity from what is called, or from what that calls in turn."""
        given = keywords.get("severity")
        named = _severity(given if given is not None else call.func)
        if named or not isinstance(call.func, ast.Name) or call.func.id not in self.functions:
            return named
        inside = (n for n in ast.walk(self.functions[call.func.id]) if isinstance(n, ast.Call))
        return next(filter(None, (_severity(inner.func) for inner in inside)), "")


def _severity(node: ast.expr) -> str:
    name = ast.unparse(node).lower()
    return next((word for word in ("error", "warning", "info") if word in name), "")


def template(node: ast.expr | None) -> str:
    """Return a string expression with ``…`` for what is filled in, "" for anything else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            parts = (v.value if isinstance(v, ast.Constant) else GAP for v in values)
            return "".join(str(part) for part in parts)
        case ast.BinOp(left=left, right=right, op=ast.Add()):
            return template(left) + template(right)
        case ast.IfExp(body=body):
            return template(body)
        case ast.BoolOp(values=[*_, last]):
            return template(last)
        case _:
            return ""

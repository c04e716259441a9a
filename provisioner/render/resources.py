"""Desired resources for people: what ``provisioner render`` prints without ``-o json``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from provisioner.model.diagnostic import Diagnostic
from provisioner.model.resource import Resource, Unknown, Value
from provisioner.render import descriptions, members, phrases, url_maps
from provisioner.render.findings import diagnostic_lines
from provisioner.render.lines import Line, Style


def resource_lines(
    resources: Sequence[Resource], diagnostics: Iterable[Diagnostic] = ()
) -> Iterator[Line]:
    """Yield resources by load balancer, each with its address and its fields."""
    for group in sorted({resource.group for resource in resources}):
        yield Line(f"Load balancer {group}" if group != "shared" else "Shared", Style.HEADING)
        mine = (resource for resource in resources if resource.group == group)
        for resource in sorted(mine, key=lambda r: r.address):
            yield from _resource(resource)
        yield Line()
    yield from diagnostic_lines(diagnostics)


def _resource(resource: Resource) -> Iterator[Line]:
    name = resource.name
    named = " (name known after apply)" if isinstance(name, Unknown) else f" ({name})" * bool(name)
    yield Line(f"{resource.kind}{named}", Style.CREATE, 2)
    yield Line(resource.address, Style.DIM, 4)
    if resource.title:
        yield Line(resource.title, Style.DIM, 4)
    fields = dict(resource.spec)
    if url_maps.is_url_map(fields):
        for text in url_maps.sentences(fields, resource.group):
            yield Line(text, Style.PLAIN, 4, 4)
        fields = {name: value for name, value in fields.items() if name not in url_maps.FIELDS}
    for field, value in sorted(fields.items()):
        for text in _values(field, value, group=resource.group):
            yield Line(f"{field}: {text}", Style.PLAIN, 4, 4)


def _values(field: str, value: Value, *, group: str) -> Iterator[str]:
    """Yield one text per key of a list of pairs (our marks summed up), else one for the value."""
    if field == descriptions.FIELD and descriptions.is_marked(value):
        yield from (f"{key}={text}" for key, text in descriptions.foreign(value).items())
        yield phrases.counted(descriptions.marks_added(None, value), "ownership mark")
        return
    if not phrases.is_pair_list(value):
        yield members.listed(field, value) or phrases.phrase(value, group)
        return
    found = phrases.pairs(value)
    marks = [key for key in found if phrases.is_mark(key)]
    yield from (f"{key}={phrases.phrase(v, group)}" for key, v in found.items() if key not in marks)
    if marks:
        yield phrases.counted(len(marks), "ownership mark")

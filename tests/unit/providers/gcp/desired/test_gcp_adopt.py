"""Promises of the comparison with GKE: what it made is found again, and nothing is made anew.

What GKE would have made is what is wanted under its reading, without our marks; that the names are
GKE's byte for byte is promised elsewhere, with literals.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from providers.gcp import marks, provider
from providers.gcp.account import Facts
from providers.gcp.addresses import Kind
from providers.gcp.incumbent import Part, first_frontend, instance_group
from provisioner.core.diff import DiffRules, diff
from provisioner.model.change import Action, Change
from provisioner.model.expression import SharedExpression
from provisioner.model.incumbent import Adoption, ForeignResource, Incumbent, Takeover
from provisioner.model.intent import Compatibility, TargetMode
from provisioner.model.kube import Key
from provisioner.model.resource import (
    Observed,
    PlainInput,
    Ref,
    Resource,
    Value,
    freeze,
    freeze_spec,
)
from provisioner.model.snapshot import Snapshot
from tests.unit.providers.gcp.desired.worlds import (
    PRE_SHARED,
    SETTINGS,
    World,
    a_compute_certificate,
    a_link,
    a_web,
    a_world,
    some_backends,
    some_facts,
)

GKE = replace(SETTINGS, compatibility=Compatibility.INCUMBENT, take_over=True)
RULES = DiffRules(
    immutable=provider.immutable,
    create_only=provider.create_only,
    partial=provider.partial,
    owned=provider.owned,
)
MARKS_ALONE = {"description"}
IP = "203.0.113.7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A comparison, and what it would change."""

    adoption: Adoption[Facts]
    changes: tuple[Change, ...]

    def actions(self, *actions: Action) -> list[str]:
        """Return the addresses that are changed in one of these ways."""
        return [change.address for change in self.changes if change.action in actions]


def everything(world: World) -> tuple[Resource, ...]:
    """Return what a world wants, what is shared included."""
    part = world.express()
    request = SharedExpression(observed=world.observed, settings=world.settings, complete=False)
    shared = provider.express_shared([part], world.facts, request)
    return (*part.resources, *shared.resources)


def as_gke(resources: Sequence[Resource]) -> list[ForeignResource]:
    """Return these resources as GKE would have made them: links for Refs, and none of our marks."""
    links = {r.address: a_link(r.kind, f"{r.name}-{r.spec.get('zone', '')}") for r in resources}
    found = []
    for resource in resources:
        named = bool(resource.name)
        parent = next((links[a] for a in _parents(resource) if a in links), "")
        spec = {k: _plain(v, links) for k, v in resource.spec.items() if v is not None}
        spec |= _unmarked(resource)
        outputs = {"selfLink": links[resource.address]} if named else {}
        if resource.kind in {Kind.FORWARDING_RULE, Kind.ADDRESS}:
            outputs["IPAddress"] = IP
        found.append(
            ForeignResource(
                kind=resource.kind,
                id=links[resource.address] if named else "",
                parent="" if named else parent,
                name=str(resource.name),
                spec=freeze_spec(spec),
                outputs=outputs,
            )
        )
    return found


def _parents(resource: Resource) -> list[str]:
    refs = [resource.spec.get("networkEndpointGroup"), resource.spec.get("instanceGroup")]
    return [ref.address for ref in refs if isinstance(ref, Ref)]


def _plain(value: Value, links: dict[str, str]) -> PlainInput:
    if isinstance(value, Ref) and value.field == "IPAddress":
        return IP
    if isinstance(value, Ref):
        return links.get(value.address, a_link("instanceGroups", value.address))
    if isinstance(value, tuple):
        return [_plain(item, links) for item in value]
    if isinstance(value, str | int | float) or value is None:
        return value
    assert hasattr(value, "items")
    return {key: _plain(item, links) for key, item in value.items() if key != "description"}


def _unmarked(resource: Resource) -> dict[str, PlainInput]:
    words = marks.read(str(resource.spec.get("description") or ""))
    theirs = {k: v for k, v in words.items() if not k.startswith("ingress-provisioner.io/")}
    return {"description": json.dumps(theirs)} if theirs else {"description": None}


def compared(world: World, theirs: Sequence[ForeignResource]) -> Compared:
    """Return the comparison in its two rounds, as planning makes it."""
    first = _adopted(world, theirs, ())
    second = _adopted(world, theirs, everything(replace(world, observed=first.observed)))
    seen = replace(world, observed=second.observed)
    changes = diff(everything(seen), second.observed.resources.values(), RULES)
    return Compared(adoption=second, changes=changes)


def _adopted(
    world: World, theirs: Sequence[ForeignResource], resources: Sequence[Resource]
) -> Adoption[Facts]:
    takeover = Takeover(
        incumbent=Incumbent(controller="GKE Ingress", resources=tuple(theirs)),
        intent=world.intents(),
        snapshot=Snapshot(),
        settings=world.settings,
        observed=Observed(),
        wanted=tuple(resources),
    )
    return provider.adopt(takeover, world.facts)


def gke_world(mode: TargetMode = TargetMode.POD) -> World:
    """Return an Ingress on HTTP and HTTPS under GKE's reading."""
    facts = some_facts(certificates={("web-cert", ""): a_compute_certificate()})
    return replace(a_world({PRE_SHARED: "web-cert"}, settings=GKE, facts=facts), mode=mode)


def made_by_gke(world: World) -> list[ForeignResource]:
    """Return what GKE would have made of a world; its own instance groups are left out."""
    groups = {Kind.INSTANCE_GROUP.value, Kind.INSTANCES.value, Kind.NAMED_PORTS.value}
    return as_gke([r for r in everything(world) if r.kind not in groups])


def test_what_gke_made_compares_to_nothing_but_our_mark() -> None:
    """Nothing is created, replaced or deleted, and updates write descriptions alone."""
    world = gke_world()

    result = compared(world, made_by_gke(world))

    assert result.actions(Action.CREATE, Action.REPLACE, Action.DELETE) == []
    touched = {field.path for c in result.changes for field in c.fields}
    assert touched == MARKS_ALONE
    assert result.adoption.exclusive
    assert [d.code for d in result.adoption.diagnostics] == ["TAKE-OVER-COMPARED"]


def test_names_of_the_first_generation_are_recognised() -> None:
    """Ingresses that are old enough keep them for good."""
    world = gke_world()
    older = {
        (Kind.URL_MAP.value, 0): Part.URL_MAP,
        (Kind.FORWARDING_RULE.value, 0): Part.HTTPS_RULE,
        (Kind.FORWARDING_RULE.value, 1): Part.HTTP_RULE,
        (Kind.TARGET_HTTP_PROXY.value, 0): Part.HTTP_PROXY,
        (Kind.TARGET_HTTPS_PROXY.value, 0): Part.HTTPS_PROXY,
        (Kind.ADDRESS.value, 0): Part.HTTP_RULE,
    }
    seen: dict[str, int] = {}
    theirs = []
    for each in made_by_gke(world):
        number = seen.setdefault(each.kind, 0)
        seen[each.kind] += 1
        part = older.get((each.kind, number))
        if part is None:
            theirs.append(each)
            continue
        name = first_frontend(part, Key("shop", "web"), ingress_uid="0123456789abcdef")
        theirs.append(replace(each, name=name, spec=freeze_spec({**each.spec, "name": name})))

    result = compared(world, theirs)

    assert result.actions(Action.CREATE, Action.REPLACE, Action.DELETE) == []
    assert {f.path for c in result.changes for f in c.fields} == MARKS_ALONE


def test_what_is_told_by_the_frontend_decides_what_is_wanted() -> None:
    """The first round knows no wanted resource: the kind of load balancer comes from its rule."""
    world = gke_world()

    first = _adopted(world, made_by_gke(world), ())

    assert {r.kind for r in first.observed.resources.values()} == {
        Kind.ADDRESS,
        Kind.FORWARDING_RULE,
        Kind.TARGET_HTTP_PROXY,
        Kind.TARGET_HTTPS_PROXY,
        Kind.URL_MAP,
    }
    assert {r.group for r in first.observed.resources.values()} == {"shop/web"}
    assert {r.ingresses for r in first.observed.resources.values()} == {(Key("shop", "web"),)}


def test_what_differs_is_told_as_an_update_of_just_that() -> None:
    """A comparison is there to show drift, and each field by its name."""
    world = gke_world()
    other = freeze([a_link("sslCertificates", "other-cert")])
    theirs = [
        replace(each, spec=freeze_spec({**each.spec, "sslCertificates": other}))
        if each.kind == Kind.TARGET_HTTPS_PROXY
        else each
        for each in made_by_gke(world)
    ]

    result = compared(world, theirs)

    (changed,) = [c for c in result.changes if any(f.path not in MARKS_ALONE for f in c.fields)]
    assert changed.kind == Kind.TARGET_HTTPS_PROXY
    assert {f.path for f in changed.fields} - MARKS_ALONE == {"sslCertificates"}


def test_what_no_ingress_here_explains_is_left_alone_and_counted() -> None:
    """Other Ingresses of the cluster are served by GKE still."""
    world = gke_world()
    other = ForeignResource(
        kind=Kind.URL_MAP.value,
        id=a_link("urlMaps", "k8s2-um-7kpbhpki-other-name-abcdefgh"),
        name="k8s2-um-7kpbhpki-other-name-abcdefgh",
    )

    result = compared(world, [*made_by_gke(world), other])

    (told,) = [d for d in result.adoption.diagnostics if d.code == "TAKE-OVER-UNEXPLAINED"]
    assert other.name in told.message
    assert not result.adoption.exclusive
    assert result.actions(Action.DELETE) == []


def test_a_load_balancer_that_gke_has_not_made_is_named() -> None:
    """Most often the identifiers are those of another cluster."""
    result = compared(gke_world(), [])

    (told,) = [d for d in result.adoption.diagnostics if d.code == "TAKE-OVER-NOT-FOUND"]
    assert told.subject == "load balancer shop/web"
    assert "k8s2-fr-7kpbhpki-shop-web-" in told.message
    assert "--cluster-uid" in told.hint


def test_instance_groups_stay_those_of_gke() -> None:
    """Its controller goes on filling them for Ingresses that are not handed over."""
    world = gke_world(TargetMode.NODE_PORT)
    name = instance_group(ingress_uid="0123456789abcdef")
    group = ForeignResource(
        kind=Kind.INSTANCE_GROUP.value,
        id=a_link("instanceGroups", name),
        name=name,
        spec=freeze_spec({"name": name, "zone": "europe-west1-b"}),
    )

    result = compared(world, [*made_by_gke(world), group])

    kinds = {r.kind for r in result.adoption.observed.resources.values()}
    assert Kind.INSTANCE_GROUP not in kinds
    assert Kind.INSTANCES not in kinds


@pytest.mark.parametrize("mode", list(TargetMode))
def test_groups_that_several_ingresses_share_have_no_counterpart(mode: TargetMode) -> None:
    """GKE cannot make one, so all of it would be new."""
    said = {"ingress-provisioner.io/group": "edge"}
    world = World(objects=(a_web(annotations=said), *some_backends()), settings=GKE, mode=mode)

    result = compared(world, [])

    assert result.adoption.observed.resources == {}
    assert [d.code for d in result.adoption.diagnostics] == ["TAKE-OVER-COMPARED"]


def test_how_gke_spells_a_service_port_is_no_difference() -> None:
    """It wrote what its API version held: "80", or the text of a structure."""
    world = gke_world()
    spelled = '"kubernetes.io/service-port": "&ServiceBackendPort{Name:,Number:80,}"'
    theirs = [
        replace(each, spec=freeze_spec({**each.spec, "description": text}))
        if "service-port" in (said := str(each.spec.get("description") or ""))
        and (text := said.replace('"kubernetes.io/service-port": "80"', spelled))
        else each
        for each in made_by_gke(world)
    ]
    assert any("ServiceBackendPort" in str(each.spec.get("description")) for each in theirs)

    result = compared(world, theirs)

    for change in result.changes:
        if change.kind == Kind.BACKEND_SERVICE and change.group == "shared":
            (field,) = change.fields
            before, after = (marks.read(str(v)) for v in (field.before, field.after))
            assert {k: v for k, v in after.items() if k in before} == dict(before)

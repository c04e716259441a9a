"""Promises about objects of settings: found by name, and only who names a bad one is stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from provisioner.core.object_error import ObjectError, ObjectRemark
from provisioner.core.objects import Filled, Naming, Objects
from provisioner.core.reading import NO_VALUES, Reading, Said, Values
from provisioner.model.diagnostic import Severity
from provisioner.model.intent import Compatibility
from provisioner.model.kube import Key, Parameters, ServicePort
from provisioner.model.snapshot import Snapshot
from tests.factories import a_config, a_port, a_snapshot

WEB = Key("shop", "web")
GOOD = a_config("BackendConfig", "shop/good", {"timeoutSec": 40})
OTHER = a_config("BackendConfig", "shop/other", {"timeoutSec": 41})
ELSEWHERE = a_config("BackendConfig", "books/good", {"timeoutSec": 42})
BAD = a_config("BackendConfig", "shop/bad", {"timeoutSec": "soon"})
ODD = a_config("BackendConfig", "shop/odd", {"timeoutSec": 40, "timeOut": 1})
EVERYTHING = (GOOD, OTHER, ELSEWHERE, BAD, ODD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """A value that names objects by port, and what it became."""

    names: Mapping[int, str]
    seconds: tuple[object, ...] = ()
    object_remarks: tuple[ObjectRemark, ...] = field(default=(), compare=False)

    @property
    def object_kind(self) -> str:
        return "BackendConfig"

    def object_names(self, port: ServicePort | None) -> tuple[str, ...]:
        wanted = 0 if port is None else port.port
        return (self.names[wanted],) if wanted in self.names else ()

    def filled(self, found: Mapping[str, Parameters]) -> Timeouts | None:
        said = {name: one.spec["timeoutSec"] for name, one in found.items()}
        for name, value in said.items():
            if not isinstance(value, int):
                raise ObjectError(
                    "not a number", hint="write seconds", field="spec.timeoutSec", name=name
                )
        odd = tuple(
            ObjectRemark(name=name, field="spec.timeOut", message="not known", hint="timeoutSec?")
            for name, one in found.items()
            if "timeOut" in one.spec
        )
        filled = replace(self, seconds=tuple(said.values()), object_remarks=odd)
        return filled if said else None


def said(names: Mapping[int, str]) -> Said[object]:
    key = "cloud.google.com/backend-config"
    return Said(
        value=Timeouts(names=names),
        source=f"annotation {key} on Service shop/web",
        field=f"metadata.annotations[{key}]",
        key=key,
    )


def filled(
    names: Mapping[int, str],
    snapshot: Snapshot,
    *,
    port: ServicePort | None = None,
    lenient: bool = False,
) -> Filled:
    naming = Naming(ingress=WEB, subject="Ingress shop/web", port=port, lenient=lenient)
    return Objects(snapshot).fill(said(names), naming)


@pytest.mark.parametrize(
    ("port", "seconds"), [(a_port(80), (40,)), (a_port(81), (41,)), (None, (40,))]
)
def test_a_value_takes_what_the_object_of_its_port_says(
    port: ServicePort | None, seconds: tuple[int, ...]
) -> None:
    """One annotation may name an object for each port of a Service (gcp: backend-config)."""
    names = {0: "good", 80: "good", 81: "other"}

    found = filled(names, a_snapshot(*EVERYTHING), port=port)

    assert found.problems == ()
    assert isinstance(found.value, Timeouts)
    assert found.value.seconds == seconds


def test_a_port_that_no_object_is_for_has_no_setting() -> None:
    """Then the cloud's defaults hold, which is not an error."""
    found = filled({81: "good"}, a_snapshot(*EVERYTHING), port=a_port(80))

    assert found == Filled(value=None)


def test_objects_of_another_namespace_are_out_of_reach() -> None:
    """A name is looked up in the namespace of the Ingress and nowhere else."""
    found = filled({0: "good"}, a_snapshot(ELSEWHERE, live=True))

    assert [problem.code for problem in found.problems] == ["OBJECT-MISSING"]


@pytest.mark.parametrize(
    ("snapshot", "code", "hint"),
    [
        (a_snapshot(live=True), "OBJECT-MISSING", "create BackendConfig shop/gone"),
        (a_snapshot(), "OBJECT-MISSING", "add BackendConfig shop/gone to the files"),
        (
            replace(a_snapshot(), asked_cluster=True),
            "OBJECT-MISSING",
            "create BackendConfig shop/gone",
        ),
        (
            replace(a_snapshot(live=True), unknown_kinds=frozenset({"BackendConfig"})),
            "OBJECT-UNREADABLE",
            "let the controller list BackendConfig objects",
        ),
    ],
)
def test_what_is_not_there_is_told_from_what_could_not_be_read(
    snapshot: Snapshot, code: str, hint: str
) -> None:
    """A kind that could not be listed is unknown, never absent (semantics of isolation)."""
    found = filled({0: "gone"}, snapshot)

    [problem] = found.problems
    assert found.value is None
    assert (problem.code, problem.blocking, problem.ingress) == (code, True, WEB)
    assert problem.subject == "Ingress shop/web"
    assert "annotation cloud.google.com/backend-config on Service shop/web" in problem.message
    assert problem.hint.startswith(hint)


def test_the_incumbent_does_without_what_does_not_exist() -> None:
    """GKE goes on without a missing FrontendConfig and says so; unknown stays unknown."""
    absent = filled({0: "gone"}, a_snapshot(live=True), lenient=True)
    unread = replace(a_snapshot(live=True), unknown_kinds=frozenset({"BackendConfig"}))

    unknown = filled({0: "gone"}, unread, lenient=True)

    assert [(p.severity, p.blocking) for p in absent.problems] == [(Severity.WARNING, False)]
    assert [p.blocking for p in unknown.problems] == [True]


def test_a_bad_object_is_named_with_its_field() -> None:
    """The mistake is in the object, so that is the subject; the Ingress is who is stopped."""
    found = filled({0: "bad"}, a_snapshot(*EVERYTHING))

    [problem] = found.problems
    assert found.value is None
    assert (problem.subject, problem.field) == ("BackendConfig shop/bad", "spec.timeoutSec")
    assert (problem.ingress, problem.blocking) == (WEB, True)
    assert (problem.message, problem.hint) == ("not a number", "write seconds")


def test_what_is_odd_in_an_object_is_remarked_and_stops_nobody() -> None:
    """An unknown field is a warning, as an unknown annotation is."""
    found = filled({0: "odd"}, a_snapshot(*EVERYTHING))

    [remark] = found.problems
    assert isinstance(found.value, Timeouts)
    assert (remark.subject, remark.field) == ("BackendConfig shop/odd", "spec.timeOut")
    assert (remark.severity, remark.blocking) == (Severity.WARNING, False)


def read(reading: Reading, *, elsewhere: frozenset[str] = frozenset()) -> Reading:
    return Objects(a_snapshot(*EVERYTHING, live=True)).in_reading(
        reading, WEB, compatibility=Compatibility.KUBERNETES, elsewhere=elsewhere
    )


def a_reading(**names: str) -> Reading:
    words = {setting: said({0: name}) for setting, name in names.items()}
    return Reading(values=Values(said=words))


def test_a_setting_whose_object_cannot_be_used_is_one_that_cannot_be_read() -> None:
    """It is absent from the values and counts as failed, so that what exists may be kept."""
    found = read(a_reading(timeout="bad", other="good"))

    assert found.failed == {"timeout"}
    assert set(found.values.said) == {"other"}
    assert [problem.code for problem in found.diagnostics] == ["OBJECT-CONTENT"]


def test_settings_of_services_are_filled_where_they_are_used() -> None:
    """Only there it is known which port they are for."""
    before = a_reading(timeout="bad")

    assert read(before, elsewhere=frozenset({"timeout"})) == before


def test_values_that_name_nothing_stay_as_they_are() -> None:
    """Most settings have no objects behind them."""
    plain = Reading(values=replace(NO_VALUES, said={"x": replace(said({}), value=(1, 2))}))

    assert read(plain) == plain

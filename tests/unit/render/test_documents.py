"""Plans as JSON: the published shape, canonical bytes, and the way back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from provisioner.model.change import Action
from provisioner.model.errors import ConfigError
from provisioner.model.resource import Ref, Unknown, canonical
from provisioner.render.documents import (
    failure_to_json,
    limits_to_json,
    plan_to_json,
    resources_to_json,
)
from provisioner.render.saved import plan_from_json
from provisioner.render.schema import plan_schema
from tests.unit.render import plans

SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "plan.schema.json"


def test_top_level_fields_come_in_the_published_order() -> None:
    """Readers and differences of JSON files rely on the order of the format's description."""
    document = json.loads(plan_to_json(plans.rich_plan()))

    assert list(document) == [
        "formatVersion",
        "provider",
        "clusterName",
        "inputs",
        "digest",
        "applyable",
        "summary",
        "loadBalancers",
        "shared",
        "diagnostics",
    ]
    assert list(document["loadBalancers"][0])[:8] == [
        "group",
        "digest",
        "applyable",
        "ingresses",
        "quarantined",
        "targetMode",
        "steps",
        "limits",
    ]
    assert list(document["loadBalancers"][0]["steps"][0]) == [
        "id",
        "action",
        "kind",
        "address",
        "name",
        "ingresses",
        "reason",
        "calls",
        "changes",
        "after",
        "wait",
    ]


def test_a_plan_is_valid_under_the_published_schema() -> None:
    """Whoever validates our output with our schema never meets a surprise."""
    document = json.loads(plan_to_json(plans.rich_plan()))

    jsonschema.validate(document, json.loads(SCHEMA.read_text()))


def test_the_published_schema_is_current() -> None:
    """The schema in the documentation is the one that the code has.

    Write it anew with ``python -m provisioner.cli.reference``.
    """
    assert SCHEMA.read_text() == plan_schema()


def test_a_plan_of_another_shape_is_refused_by_the_schema() -> None:
    """The schema says something: a step without an address is no step."""
    document = json.loads(plan_to_json(plans.rich_plan()))
    del document["loadBalancers"][0]["steps"][0]["address"]

    with pytest.raises(jsonschema.ValidationError, match="address"):
        jsonschema.validate(document, json.loads(SCHEMA.read_text()))


def test_the_order_of_lists_in_the_model_does_not_reach_the_bytes() -> None:
    """Two runs on the same world are byte-identical, whatever order the world came in."""
    plan = plans.rich_plan()
    web = plan.load_balancers[0]
    other = plans.part(group="edge")
    shuffled = replace(
        plan,
        diagnostics=plan.diagnostics[::-1],
        load_balancers=(
            replace(web, usages=web.usages[::-1], ingresses=web.ingresses[::-1]),
            other,
        ),
    )

    assert plan_to_json(shuffled) == plan_to_json(replace(plan, load_balancers=(other, web)))


def test_summary_counts_the_steps_of_every_part() -> None:
    """The shared part counts too, and so does what stays as it is."""
    document = json.loads(plan_to_json(plans.rich_plan()))

    assert document["summary"] == {"create": 3, "update": 2, "replace": 0, "delete": 1, "noop": 1}


def test_a_reference_is_spelled_as_the_format_says() -> None:
    """What another resource provides is ``{"ref": "<address>.<Field>"}``."""
    document = json.loads(
        plan_to_json(plans.plan(plans.part(steps=(plans.create_load_balancer(),))))
    )

    changes = {c["path"]: c for c in document["loadBalancers"][0]["steps"][0]["changes"]}
    assert changes["SecurityGroups"]["after"][0] == {
        "ref": "aws:security-group/shop/web/frontend.GroupId"
    }


def test_unknown_values_are_null_in_place_and_marked() -> None:
    """What is known after apply is never guessed, and the rest of the field is still shown."""
    change = plans.field("Targets", None, [{"Id": "10.0.0.1", "Port": Unknown("the node port")}])
    step = plans.step(Action.CREATE, "Targets", "aws:targets/shop/web/x", fields=(change,))

    document = json.loads(plan_to_json(plans.plan(plans.part(steps=(step,)))))

    assert document["loadBalancers"][0]["steps"][0]["changes"] == [
        {
            "path": "Targets",
            "before": None,
            "after": [{"Id": "10.0.0.1", "Port": None}],
            "knownAfterApply": True,
        }
    ]


def test_a_saved_plan_reads_back_what_staleness_needs() -> None:
    """Inputs, digests and every step's before and after survive the way through a file."""
    plan = plans.rich_plan()

    saved = plan_from_json(plan_to_json(plan))

    assert saved.inputs == plan.inputs
    assert [part.digest for part in saved.parts] == ["sha256:shared", "sha256:part"]
    shift = next(step for step in saved.steps if step.id.endswith("#shift"))
    expected = plans.shift()
    assert shift.action is expected.action
    assert [(f.path, canonical(f.before), canonical(f.after)) for f in shift.fields] == [
        (f.path, canonical(f.before), canonical(f.after)) for f in expected.fields
    ]


def test_a_saved_reference_is_a_reference_again() -> None:
    """A Ref of a saved plan equals the Ref of a fresh one, dots in addresses included."""
    change = plans.field("X", None, Ref("aws:targets/my.group/a.b:80/pod", "Arn"))
    step = plans.step(Action.CREATE, "Rule", "aws:x/y", fields=(change,))

    saved = plan_from_json(plan_to_json(plans.plan(plans.part(steps=(step,)))))

    assert saved.steps[0].fields == (change,)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a plan that can be read"),
        (b"not json", "not a plan that can be read"),
        (b"\xff\xfe", "not a plan that can be read"),
        (b"[]", "object"),
        (b"{}", "no formatVersion"),
        (b'{"formatVersion": "2.0"}', "format 2.0"),
        (b'{"formatVersion": "1.0"}', "provider"),
        (b"[" * 100_000, "not a plan that can be read"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_reason(content: bytes, words: str) -> None:
    """A file that is not a plan gives a message, never a traceback."""
    with pytest.raises(ConfigError, match=words):
        plan_from_json(content, "plan.json")


def test_a_wrong_field_is_named() -> None:
    """Whoever edited a plan is told which field is wrong."""
    document = json.loads(plan_to_json(plans.rich_plan()))
    document["loadBalancers"][0]["steps"][1]["action"] = "destroy"

    with pytest.raises(ConfigError, match=r"loadBalancers\[0\]\.steps\[1\]\.action"):
        plan_from_json(json.dumps(document).encode(), "plan.json")


def test_a_fraction_is_read_back_as_it_was() -> None:
    """Google's sample rates and capacities are fractions; a saved plan is compared with them."""
    document = json.loads(plan_to_json(plans.rich_plan()))
    document["loadBalancers"][0]["steps"][0]["changes"][0]["after"] = 0.5

    saved = plan_from_json(json.dumps(document).encode(), "plan.json")

    assert 0.5 in [field.after for step in saved.steps for field in step.fields]


def test_a_later_minor_version_is_still_read() -> None:
    """Fields may be added in 1.x, and an older release ignores them."""
    document = json.loads(plan_to_json(plans.rich_plan()))
    document["formatVersion"] = "1.7"
    document["novelty"] = {"a": 1}

    assert plan_from_json(json.dumps(document).encode()).digest == "sha256:plan"


def test_rendered_resources_have_the_published_fields() -> None:
    """``render -o json`` prints kind, address, name, ingresses and spec, names unknown as null."""
    document = json.loads(resources_to_json("aws", plans.resources()))

    assert list(document) == ["formatVersion", "provider", "loadBalancers", "diagnostics"]
    by_kind = {r["kind"]: r for r in document["loadBalancers"][0]["resources"]}
    assert list(by_kind["TargetGroup"]) == ["kind", "address", "name", "ingresses", "spec"]
    assert by_kind["TargetGroup"]["name"] is None
    assert by_kind["LoadBalancer"]["name"] == ""
    assert by_kind["Listener"]["spec"]["Port"] == 80


def test_limits_name_the_one_that_bites_next() -> None:
    """A dashboard needs the fullest limit without computing it: 61 of 100 beats 12 of 1000."""
    document = json.loads(limits_to_json(plans.rich_plan()))

    assert document["next"] == {
        "group": "shop/web",
        "name": "rules-per-application-load-balancer",
        "subject": "load balancer shop/web",
        "headroom": 39,
    }


def test_a_failure_is_a_document_too() -> None:
    """A pipeline that asked for JSON gets JSON, also when the command stopped."""
    document = json.loads(failure_to_json("no", "yes"))

    assert document == {"formatVersion": "1.0", "error": {"message": "no", "hint": "yes"}}

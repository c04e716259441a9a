"""Promises of ``actions.${name}``: LBC's form, and no action that is half understood."""

from __future__ import annotations

import json

import pytest

from providers.aws.reading.actions import action
from provisioner.core.annotations import ForwardTo, ServiceWeight
from provisioner.model.annotation import AnnotationError
from provisioner.model.intent import FixedResponse, ForeignBackend, Redirect
from provisioner.model.kube import PortRef

ARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/legacy/0123456789abcdef"


def forward(*targets: object, **config: object) -> str:
    """Return a forward to target groups."""
    inside = {"targetGroups": list(targets), **config}
    return json.dumps({"type": "forward", "forwardConfig": inside})


def web(weight: int | None = None, **more: object) -> dict[str, object]:
    """Return a target group that is a Service."""
    said: dict[str, object] = {"serviceName": "web", "servicePort": 80, **more}
    return said if weight is None else {**said, "weight": weight}


def test_targets_keep_their_order_and_weights() -> None:
    """Services and target groups of others may stand in one action."""
    found = action(
        forward(
            web(80),
            {"targetGroupARN": ARN, "weight": 15},
            {"serviceName": "canary", "servicePort": "http", "weight": 5},
            {"targetGroupName": "legacy", "weight": 0},
        )
    )

    assert found == ForwardTo(
        services=(
            ServiceWeight(service="web", port=PortRef(number=80), weight=80),
            ServiceWeight(service="canary", port=PortRef(name="http"), weight=5),
        ),
        foreign=(
            ForeignBackend(name=ARN, weight=15),
            ForeignBackend(name="legacy", weight=0),
        ),
    )


def test_a_single_target_needs_no_weight_and_a_port_in_quotes_is_a_number() -> None:
    """LBC normalises numeric strings (enhanced_backend_builder.go)."""
    found = action(forward({"serviceName": "web", "servicePort": "80"}))

    assert found == ForwardTo(services=(ServiceWeight(service="web", port=PortRef(number=80)),))


@pytest.mark.parametrize(("key", "name"), [("targetGroupARN", ARN), ("targetGroupName", "legacy")])
def test_a_target_group_may_be_named_in_short(key: str, name: str) -> None:
    """Without forwardConfig, beside the type."""
    found = action(json.dumps({"type": "forward", key: name}))

    assert found == ForwardTo(services=(), foreign=(ForeignBackend(name=name),))


def test_stickiness_counts_only_where_it_is_enabled() -> None:
    """A duration alone switches nothing on."""
    on = action(
        forward(
            web(1), web(2), targetGroupStickinessConfig={"enabled": True, "durationSeconds": 60}
        )
    )
    off = action(forward(web(1), web(2), targetGroupStickinessConfig={"durationSeconds": 60}))

    assert isinstance(on, ForwardTo)
    assert isinstance(off, ForwardTo)
    assert (on.stickiness_seconds, off.stickiness_seconds) == (60, None)


def test_fields_are_read_in_any_case_and_unknown_ones_passed_over() -> None:
    """As Go's decoder does (LBC#1693, LBC#3607)."""
    found = action(
        '{"Type":"redirect","RedirectConfig":{"Host":"#{host}","Path":"/new/#{path}","Port":"443",'
        '"Protocol":"HTTPS","Query":"","StatusCode":"HTTP_302"},"order":1}'
    )

    assert found == Redirect(
        status=302, protocol="HTTPS", host="#{host}", port="443", path="/new/#{path}", query=""
    )


def test_what_a_redirect_does_not_name_is_kept() -> None:
    """Absent parts stay those of the request."""
    found = action('{"type": "redirect", "redirectConfig": {"statusCode": "HTTP_301"}}')

    assert found == Redirect(status=301)


def test_a_fixed_response_has_a_status_a_type_and_a_body() -> None:
    """The status is text, as in LBC's form."""
    found = action(
        '{"type": "fixed-response", "fixedResponseConfig": {"statusCode": "503", "contentType":'
        ' "text/html", "messageBody": "<h1>later</h1>"}}'
    )

    assert found == FixedResponse(status=503, content_type="text/html", body="<h1>later</h1>")


def redirect(**config: object) -> str:
    """Return a redirect."""
    return json.dumps({"type": "redirect", "redirectConfig": {"statusCode": "HTTP_301", **config}})


def answer(**config: object) -> str:
    """Return a fixed response."""
    said = {"statusCode": "404", **config}
    return json.dumps({"type": "fixed-response", "fixedResponseConfig": said})


STICKY = {"enabled": True}


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        ("forward", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"type": "forward"} {}', "not JSON"),
        ("{}", 'type "" is not one of'),
        ('{"type": "authenticate-oidc"}', "is not one of forward, redirect, fixed-response"),
        ('{"type": "Forward"}', "is not one of"),
        ('{"type": "redirect"}', "needs redirectConfig"),
        ('{"type": "fixed-response"}', "needs fixedResponseConfig"),
        ('{"type": "forward"}', "needs forwardConfig"),
        (json.dumps({"type": "forward", "targetGroupName": "a", "forwardConfig": {}}), "beside"),
        (json.dumps({"type": "forward", "targetGroupName": "a", "targetGroupARN": ARN}), "both"),
        (forward(), "is empty"),
        (forward(web(), web(1)), "not each has a weight"),
        (forward(*[web(1)] * 6), "names 6 target groups"),
        (forward(web(1000)), "out of range"),
        (forward(web(-1)), "out of range"),
        (forward({"serviceName": "web"}), "servicePort is required"),
        (forward({"servicePort": 80}), "neither a Service nor a target group"),
        (forward(web(targetGroupARN=ARN)), "a target group and a Service"),
        (forward({"serviceName": "web", "servicePort": True}), "neither text nor"),
        (forward(web(), targetGroupStickinessConfig=STICKY), "durationSeconds"),
        (forward(web(), targetGroupStickinessConfig={**STICKY, "durationSeconds": 0}), "604800"),
        (redirect(statusCode="301"), "HTTP_301, HTTP_302"),
        (redirect(statusCode=301), "is not text"),
        (redirect(port="0"), "is not a port"),
        (redirect(port=443), "is not text"),
        (redirect(port="9" * 5000), "is not a port"),
        (redirect(protocol="https"), "is not one of HTTP, HTTPS"),
        (redirect(path="new"), "does not begin with /"),
        (redirect(path=""), "is empty"),
        (redirect(host=""), "is empty"),
        (redirect(query="q" * 129), "longer than 128"),
        (answer(statusCode="302"), "not a status"),
        (answer(statusCode=""), "not a status"),
        (answer(statusCode=404), "is not text"),
        (answer(contentType="text/xml"), "is not one of text/plain"),
        (answer(messageBody="x" * 1025), "longer than 1024"),
    ],
)
def test_what_is_not_an_action_is_refused(raw: str, part: str) -> None:
    """LBC's own rules, and those of AWS that LBC leaves to fail at apply time."""
    with pytest.raises(AnnotationError, match=part) as caught:
        action(raw)

    assert len(str(caught.value)) < 300

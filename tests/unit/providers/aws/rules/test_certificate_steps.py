"""Promises of the steps about certificates of ours: what is sent, and what waits for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from providers.aws import provider
from providers.aws.addresses import certificate, listener, listener_certificate
from providers.aws.limits import DEFAULTS
from provisioner.core.diff import DiffRules, diff
from provisioner.core.order import ordered
from provisioner.model.change import Action, Step, Wait, WaitFor
from provisioner.model.expression import StepRoom
from provisioner.model.resource import (
    Fingerprint,
    Observed,
    ObservedResource,
    PlainInput,
    Ref,
    Resource,
    freeze_spec,
)

GROUP = "shop/web"
CERTIFICATE = certificate(GROUP, "one")
LISTENER = listener(GROUP, 443)
LISTED = listener_certificate(GROUP, 443, CERTIFICATE)
USE: list[PlainInput] = [{"CertificateArn": Ref(CERTIFICATE, "CertificateArn")}]
TAGS: list[PlainInput] = [{"Key": "a", "Value": "1"}]
RULES = DiffRules(
    immutable=provider.immutable, create_only=provider.create_only, partial=provider.partial
)


def a_resource(kind: str, address: str, **spec: PlainInput) -> Resource:
    """Return a resource of the group."""
    return Resource(kind=kind, address=address, group=GROUP, spec=freeze_spec(spec))


def an_import(digest: str, *, tags: PlainInput = ()) -> Resource:
    """Return an imported certificate."""
    text, key = Fingerprint(digest, f"pem {digest}"), Fingerprint(digest, f"key {digest}")
    return a_resource("Certificate", CERTIFICATE, Certificate=text, PrivateKey=key, Tags=tags)


def a_request(**spec: PlainInput) -> Resource:
    """Return a requested certificate."""
    return a_resource("Certificate", CERTIFICATE, DomainName="a.example.com", **spec)


def a_listener(**spec: PlainInput) -> Resource:
    """Return a listener that uses the certificate."""
    return a_resource("Listener", LISTENER, **{"Certificates": USE, "Port": 443, **spec})


def seen(*resources: Resource, state: str = "ISSUED") -> Observed:
    """Return what exists once these do."""
    found = {
        r.address: ObservedResource(
            kind=r.kind, address=r.address, group=r.group, spec=r.spec, state=state
        )
        for r in resources
    }
    return Observed(resources=found)


def planned(desired: tuple[Resource, ...], observed: Observed | None = None) -> Mapping[str, Step]:
    """Return the steps that do something, by id, in order."""
    present = observed or Observed()
    changes = diff(desired, present.resources.values(), RULES)
    room = StepRoom(limits=DEFAULTS, used={})
    steps = ordered(provider.steps(changes, present, room))
    return {step.id: step for step in steps if step.action is not Action.NOOP}


def sent(step: Step) -> list[tuple[str, str]]:
    """Return service and operation of a step's calls."""
    return [(call.service, call.operation) for call in step.calls]


def test_a_certificate_is_imported_before_the_listener_that_uses_it() -> None:
    """With its tags, which ACM takes only then."""
    steps = planned((a_listener(), an_import("d1", tags=TAGS)))

    assert list(steps) == [CERTIFICATE, LISTENER]
    (call,) = steps[CERTIFICATE].calls
    assert (call.service, call.operation) == ("acm", "ImportCertificate")
    assert set(call.parameters) == {"Certificate", "PrivateKey", "Tags"}
    assert dict(call.outputs) == {"CertificateArn": "CertificateArn"}
    assert steps[LISTENER].wait is None


def test_a_rotated_certificate_is_imported_again_under_its_arn() -> None:
    """One call, and the listener has nothing to do."""
    steps = planned((a_listener(), an_import("d2")), seen(a_listener(), an_import("d1")))

    assert list(steps) == [CERTIFICATE]
    (call,) = steps[CERTIFICATE].calls
    assert call.operation == "ImportCertificate"
    assert call.parameters["CertificateArn"] == Ref(CERTIFICATE, "CertificateArn")
    assert "Tags" not in call.parameters


def test_tags_alone_are_no_reason_to_import() -> None:
    """Set and removed each in a call of its own."""
    old = an_import("d1", tags=[{"Key": "b", "Value": "2"}])

    steps = planned((a_listener(), an_import("d1", tags=TAGS)), seen(a_listener(), old))

    assert sent(steps[CERTIFICATE]) == [
        ("acm", "AddTagsToCertificate"),
        ("acm", "RemoveTagsFromCertificate"),
    ]


def test_a_certificate_goes_after_what_used_it_and_when_acm_knows() -> None:
    """ACM refuses to delete one in use, and hears of the end of a use with delay."""
    listed = a_resource("ListenerCertificate", LISTED, Certificates=USE)
    steps = planned((), seen(a_listener(), listed, an_import("d1")))

    step = steps[CERTIFICATE]
    assert sent(step) == [("acm", "DeleteCertificate")]
    assert step.wait == WaitFor(kind=Wait.DRAINED, on=(CERTIFICATE,))
    assert {LISTENER, LISTED} <= set(step.after)


@pytest.mark.parametrize("state", ["PENDING_VALIDATION", "ISSUED"])
def test_a_new_listener_waits_for_its_certificate_to_be_issued(state: str) -> None:
    """A certificate that is pending can be attached to nothing."""
    steps = planned((a_listener(), a_request()), seen(a_request(), state=state))

    awaited = WaitFor(kind=Wait.ACTIVE, on=(CERTIFICATE,))
    assert steps[LISTENER].wait == (None if state == "ISSUED" else awaited)


def test_a_request_that_is_yet_to_be_made_is_waited_for_as_well() -> None:
    """It carries a token, so that a lost answer does not make it twice."""
    steps = planned((a_listener(), a_request()))

    (call,) = steps[CERTIFICATE].calls
    token = call.parameters["IdempotencyToken"]
    assert call.operation == "RequestCertificate"
    assert isinstance(token, str)
    assert len(token) == 32
    assert steps[LISTENER].wait == WaitFor(kind=Wait.ACTIVE, on=(CERTIFICATE,))


def test_what_needs_no_certificate_does_not_wait_with_it() -> None:
    """The default action of a listener changes while its new certificate is pending."""
    old = a_listener(Certificates=[{"CertificateArn": "arn:old"}], SslPolicy="old")
    new = a_listener(SslPolicy="new")

    steps = planned((new, a_request()), seen(old, replace(a_request())))
    pending = planned((new, a_request()), seen(old))

    assert list(steps) == [LISTENER]
    waiting = pending[f"{LISTENER}#certificates"]
    assert [field.path for field in waiting.fields] == ["Certificates"]
    assert waiting.wait == WaitFor(kind=Wait.ACTIVE, on=(CERTIFICATE,))
    assert [field.path for field in pending[LISTENER].fields] == ["SslPolicy"]
    assert pending[LISTENER].wait is None

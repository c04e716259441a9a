"""Mutual TLS in a group: each word of ``mutual-authentication`` is about one HTTPS port."""

from __future__ import annotations

import json
from collections.abc import Mapping

from providers.aws import provider
from provisioner.core.translate import intents
from provisioner.model.intent import Intent
from provisioner.model.kube import Ingress
from tests.factories import a_rule, a_service, a_snapshot, an_ingress, some_settings


def member(name: str, ports: str, **modes: str) -> Ingress:
    """Return a member of a group; ``modes`` are p443="passthrough" and the like."""
    words = [{"port": int(port[1:]), "mode": mode} for port, mode in modes.items()]
    annotations = {
        "group.name": "edge",
        "listen-ports": ports,
        "certificate-arn": "arn:aws:acm:eu-west-1:1:certificate/1",
        "mutual-authentication": json.dumps(words),
    }
    host = f"{name.replace('/', '-')}.example.com"
    return an_ingress(name, rules=[a_rule(host)], annotations=annotations)


def planned(*ingresses: Ingress) -> Intent:
    return intents(a_snapshot(*ingresses, a_service()), provider, some_settings())


def modes(intent: Intent) -> Mapping[str, list[str]]:
    """Return the modes by option."""
    [load_balancer] = intent.load_balancers
    return {
        name: [word.mode for word in value]
        for name, value in load_balancer.options.items()
        if name.startswith("mutual-authentication") and isinstance(value, tuple)
    }


BOTH = '[{"HTTPS": 443}, {"HTTPS": 8443}]'


def test_each_word_lands_on_its_own_port() -> None:
    """Two ports of one Ingress may treat clients differently."""
    intent = planned(member("shop/a", BOTH, p443="off", p8443="passthrough"))

    assert modes(intent) == {
        "mutual-authentication:443": ["off"],
        "mutual-authentication:8443": ["passthrough"],
    }


def test_members_are_compared_port_by_port() -> None:
    """One who speaks of another port contradicts nobody; one who differs is told of both."""
    agreeing = planned(
        member("shop/a", BOTH, p443="passthrough"), member("shop/b", BOTH, p8443="passthrough")
    )
    differing = planned(
        member("shop/a", BOTH, p443="passthrough"), member("shop/b", BOTH, p443="off")
    )

    [load_balancer] = differing.load_balancers
    [refusal] = load_balancer.quarantined
    assert not agreeing.load_balancers[0].quarantined
    assert (refusal.ingress.name, refusal.diagnostic.code) == ("b", "GROUP-CONFLICT")
    assert "on port 443" in refusal.diagnostic.message
    assert "Ingress shop/a" in refusal.diagnostic.message


def test_a_word_for_a_port_that_is_not_there_or_speaks_http_is_told() -> None:
    """LBC drops it without a word; an open door should not look shut."""
    intent = planned(
        member("shop/a", '[{"HTTPS": 443}, {"HTTP": 80}]', p80="passthrough", p8443="passthrough")
    )

    told = [d for d in intent.diagnostics if d.code == "LISTENER-PORT-UNUSED"]
    assert modes(intent) == {}
    assert [port for d in told for port in ("80", "8443") if f"port {port}," in d.message] == [
        "80",
        "8443",
    ]

"""The Ingress class: what is not ours is not served.

The scenario is that of the Ingress conformance suite's ingress class, in our words.
"""

from __future__ import annotations

import pytest

from provisioner.model.errors import ConfigError
from tests.conformance.routing.asking import EDGE, NOT_FOUND, a_plan, served
from tests.conformance.routing.clouds import Cloud
from tests.factories import a_path, a_rule, an_ingress, an_ingress_class


@pytest.mark.parametrize("class_name", ["some-invalid-class-name", "nginx", None])
def test_an_ingress_of_another_class_has_no_address(cloud: Cloud, class_name: str | None) -> None:
    """A class that is not there, that is another controller's, or none at all: nothing listens."""
    ingress = an_ingress(
        rules=[a_rule("ingress-class", a_path("/", "web:80"))], class_name=class_name
    )
    nginx = an_ingress_class("nginx", controller="k8s.io/ingress-nginx")
    plan = a_plan(ingress, nginx, cloud=cloud)

    assert plan.load_balancers == ()
    with pytest.raises(ConfigError, match="there is no load balancer"):
        served(plan, "http://ingress-class/")


def test_an_ingress_of_another_class_adds_nothing_to_ours(cloud: Cloud) -> None:
    """Its rules are not mixed into a load balancer of ours, whatever group it names."""
    ours = an_ingress(
        "shop/ours",
        rules=[a_rule("a.foo.com", a_path("/", "web:80"))],
        annotations=EDGE,
    )
    theirs = an_ingress(
        "shop/theirs",
        rules=[a_rule("b.foo.com", a_path("/", "web:80"))],
        annotations=EDGE,
        class_name="some-invalid-class-name",
    )
    plan = a_plan(ours, theirs, cloud=cloud)

    assert served(plan, "http://a.foo.com/") == "web"
    assert served(plan, "http://b.foo.com/") == NOT_FOUND

"""Promises of keeping: one mistake never takes down what worked before it."""

from __future__ import annotations

from dataclasses import replace

from providers.aws import provider
from provisioner.core.diff import DiffRules, diff
from provisioner.model.change import Action, Change
from provisioner.model.expression import Expressed
from provisioner.model.kube import Key
from provisioner.model.resource import Observed, Value
from tests.factories import a_path, a_port, a_rule, a_service, a_slice, an_endpoint, an_ingress
from tests.unit.providers.aws.express.worlds import (
    World,
    a_certificate,
    addresses_of,
    arn,
    balancer_of,
    kinds,
    seen,
    some_backends,
    some_facts,
    spec_of,
    with_spec,
)

EDGE = {"group.name": "edge"}
BROKEN = {"healthcheck-interval-seconds": "often"}
WEB_GROUP = "aws:target-group/edge/shop/web/web:80/pod"
RULES = DiffRules(
    immutable=provider.immutable, create_only=provider.create_only, partial=provider.partial
)


def a_pair(
    web: dict[str, str] | None = None,
    api: dict[str, str] | None = None,
    *,
    without_api: bool = False,
) -> World:
    """Return two Ingresses of one group, on hosts web.example.com and api.example.com."""
    objects = [
        an_ingress(
            f"shop/{name}",
            annotations={**EDGE, **(said or {})},
            rules=[a_rule(f"{name}.example.com", a_path("/", f"{name}:80"))],
        )
        for name, said in (("web", web), ("api", api))
        if not (name == "api" and without_api)
    ]
    return World(objects=(*objects, *some_backends("shop/web", "shop/api")))


def changes(world: World, expressed: Expressed) -> list[Change]:
    """Return what would really be done."""
    found = diff(expressed.resources, world.observed.of_group(expressed.group), RULES)
    return [change for change in found if change.action is not Action.NOOP]


def test_a_second_look_changes_nothing() -> None:
    """Plan twice, change once."""
    first = a_pair().express()
    world = replace(a_pair(), observed=seen(first))

    assert changes(world, world.express()) == []


def test_a_broken_member_keeps_its_rules_and_everything_under_them() -> None:
    """Its last good rules, target group and targets stay as the cloud holds them (LBC#3870)."""
    world = replace(a_pair(web=BROKEN), observed=seen(a_pair().express()))

    result = world.express()

    assert changes(world, result) == []
    assert WEB_GROUP in addresses_of(result, "TargetGroup")
    assert {str(k) for r in result.resources for k in r.ingresses} == {"shop/web", "shop/api"}


def test_neighbours_of_a_broken_member_go_on() -> None:
    """Only the guilty Ingress stands still."""
    world = replace(
        a_pair(web=BROKEN, api={"healthcheck-path": "/ok"}), observed=seen(a_pair().express())
    )

    found = changes(world, world.express())

    assert [(c.action, c.address) for c in found] == [
        (Action.UPDATE, "aws:target-group/edge/shop/api/api:80/pod")
    ]


def test_the_targets_of_a_broken_member_keep_following_its_pods() -> None:
    """Pods come and go whether or not an annotation can be read."""
    moved = a_slice("shop/web", an_endpoint("10.0.0.77"))
    objects = tuple(
        moved if getattr(o, "service", "") == "web" else o for o in a_pair(web=BROKEN).objects
    )
    world = World(objects=objects, observed=seen(a_pair().express()))

    found = changes(world, world.express())

    assert [c.kind for c in found] == ["Targets"]
    assert found[0].fields[0].after == ({"Id": "10.0.0.77", "Port": 8080},)


def test_a_broken_member_that_never_worked_gets_nothing() -> None:
    """There is nothing to keep, and nothing is made for it."""
    result = a_pair(web=BROKEN).express()

    assert {str(k) for r in result.resources for k in r.ingresses} == {"shop/api"}


def test_a_load_balancer_of_broken_members_only_stays_as_it_is() -> None:
    """Nobody left to plan is not the same as nobody left."""
    before = a_pair().express()
    world = replace(a_pair(web=BROKEN, api=BROKEN), observed=seen(before))

    result = world.express()

    assert changes(world, result) == []
    assert kinds(result) == kinds(before)


def test_settings_that_only_a_broken_member_stated_stay() -> None:
    """Its tags, its subnets and who may come in cannot be read now; they are not reset."""
    said = {
        "tags": "team=shop",
        "inbound-cidrs": "10.0.0.0/8",
        "load-balancer-attributes": "idle_timeout.timeout_seconds=600",
    }
    before = a_pair(web=said).express()
    world = replace(a_pair(web={**said, **BROKEN}), observed=seen(before))

    assert changes(world, world.express()) == []


def test_listed_security_groups_of_a_broken_member_stay() -> None:
    """Falling back to the managed group would open the load balancer to everyone."""
    said = {"security-groups": "sg-node"}
    before = a_pair(web=said).express()
    world = replace(a_pair(web={**said, **BROKEN}), observed=seen(before))

    result = world.express()

    assert balancer_of(result, "edge")["SecurityGroups"] == ("sg-node",)
    assert changes(world, result) == []


def test_a_redirect_of_a_broken_member_stays() -> None:
    """Serving in plain text what was redirected to HTTPS would be the worse mistake."""
    both = {"listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]', "certificate-arn": arn("c")}
    facts = some_facts(certificates=[a_certificate("c", "*.example.com")])
    redirecting = {**both, "ssl-redirect": "443"}
    before = replace(a_pair(web=redirecting, api=both), facts=facts).express()
    world = replace(
        a_pair(web={**redirecting, **BROKEN}, api=both), facts=facts, observed=seen(before)
    )

    result = world.express()

    assert changes(world, result) == []
    assert [a for a in addresses_of(result, "ListenerRule") if "/edge/80/" in a] == []


def test_a_port_that_only_a_broken_member_uses_stays_open() -> None:
    """Listener, rules and the way in for clients: all of it, or its clients get nothing."""
    own_port = {"listen-ports": '[{"HTTP": 8080}]'}
    before = a_pair(web=own_port).express()
    world = replace(a_pair(web={**own_port, **BROKEN}), observed=seen(before))

    result = world.express()

    assert changes(world, result) == []
    assert "aws:listener/edge/8080" in addresses_of(result, "Listener")
    assert "aws:security-group-rule/edge/frontend/8080" in addresses_of(result, "SecurityGroupRule")


def test_certificates_of_a_broken_member_stay() -> None:
    """Its clients still come; their certificate cannot be told from others, so all stay."""
    https = '[{"HTTPS": 443}]'
    facts = some_facts(
        certificates=[a_certificate("w", "web.example.com"), a_certificate("a", "api.example.com")]
    )
    said = {"listen-ports": https}
    before = replace(a_pair(web=said, api=said), facts=facts).express()
    world = replace(a_pair(web={**said, **BROKEN}, api=said), facts=facts, observed=seen(before))

    assert changes(world, world.express()) == []


def test_what_no_file_mentions_is_kept() -> None:
    """Files are rarely the whole truth; another repository may hold the other Ingress."""
    before = a_pair().express()
    alone = a_pair(without_api=True)
    world = replace(alone, observed=seen(before), keep=frozenset({Key("shop", "api")}))

    assert changes(world, world.express()) == []


def test_what_is_truly_gone_is_let_go() -> None:
    """A deleted Ingress takes its rules and target groups with it, and nothing else."""
    before = a_pair().express()
    world = replace(a_pair(without_api=True), observed=seen(before))

    found = changes(world, world.express())

    assert {c.action for c in found} == {Action.DELETE}
    assert sorted(c.kind for c in found) == ["ListenerRule", "TargetGroup", "Targets"]
    assert all("api" in c.address or c.kind == "ListenerRule" for c in found)


def test_the_last_member_takes_the_load_balancer_with_it() -> None:
    """Nothing is left behind when nobody wants it."""
    before = a_pair().express()
    gone = [
        replace(
            o, meta=replace(o.meta, deleting=True, finalizers=("ingress-provisioner.io/resources",))
        )
        for o in a_pair().objects
        if hasattr(o, "class_name")
    ]
    world = World(objects=tuple(gone), observed=seen(before))

    result = world.express()

    assert result.resources == ()


def test_a_backend_that_disappears_keeps_its_last_good_rule() -> None:
    """A deleted Service quarantines its path; the rule and its target group stay."""
    world = a_pair()
    before = world.express()
    without = tuple(
        o
        for o in world.objects
        if getattr(getattr(o, "meta", None), "name", "") not in {"api", "api-abc12"}
        or hasattr(o, "class_name")
    )

    result = replace(world, objects=without, observed=seen(before)).express()

    assert "aws:target-group/edge/shop/api/api:80/pod" in addresses_of(result, "TargetGroup")
    assert len(addresses_of(result, "ListenerRule")) == 2


def test_a_kept_rule_stays_behind_what_it_stood_behind() -> None:
    """A new rule of a neighbour never slips before or after it so that it matches less."""
    before = a_pair().express()
    more = an_ingress(
        "shop/api",
        annotations=EDGE,
        rules=[
            a_rule("aaa.example.com", a_path("/", "api:80")),
            a_rule("api.example.com", a_path("/", "api:80")),
        ],
    )
    objects = tuple(
        more if getattr(o, "key", None) == Key("shop", "api") and hasattr(o, "class_name") else o
        for o in a_pair(web=BROKEN).objects
    )

    result = World(objects=objects, observed=seen(before)).express()

    rules = [r for r in result.resources if r.kind == "ListenerRule"]
    priorities = [r.spec["Priority"] for r in rules]
    kept = next(r for r in rules if r.ingresses == (Key("shop", "web"),))
    assert len(rules) == len(set(priorities)) == 3
    assert kept.spec["Priority"] == _priority(seen(before), kept.address)


def test_drift_on_what_is_planned_is_still_repaired_beside_what_is_kept() -> None:
    """Keeping one member's rules is no reason to leave another's changed by hand."""
    before = a_pair().express()
    api = next(r for r in before.resources if r.kind == "TargetGroup" and "api" in r.address)
    drifted = with_spec(seen(before), api.address, HealthCheckPath="/by-hand")
    world = replace(a_pair(web=BROKEN), observed=drifted)

    assert [c.address for c in changes(world, world.express())] == [api.address]


def _priority(observed: Observed, address: str) -> Value:
    return observed.resources[address].spec["Priority"]


def test_a_replaced_service_port_makes_a_new_target_group_beside_the_old() -> None:
    """Protocol is immutable: the next generation appears, the old one is no longer desired."""
    before = a_pair().express()
    world = replace(a_pair(web={"backend-protocol": "HTTPS"}), observed=seen(before))

    result = world.express()

    assert f"{WEB_GROUP}@2" in addresses_of(result, "TargetGroup")
    assert WEB_GROUP not in addresses_of(result, "TargetGroup")
    assert spec_of(result, f"{WEB_GROUP}@2")["Protocol"] == "HTTPS"


def test_a_held_implicit_load_balancer_is_left_alone_whole() -> None:
    """The one Ingress of a load balancer of its own is broken: everything stays."""
    objects = (an_ingress("shop/web"), *some_backends("shop/web"))
    before = World(objects=objects).express()
    broken = (an_ingress("shop/web", annotations=BROKEN), *some_backends("shop/web"))
    world = World(objects=broken, observed=seen(before))

    result = world.express()

    assert kinds(result) == kinds(before)
    assert changes(world, result) == []
    assert result.shared == before.shared


def test_services_of_a_broken_member_may_change_ports_without_harm() -> None:
    """A kept target group is never replaced on account of an Ingress that cannot be read."""
    before = a_pair().express()
    objects = tuple(
        a_service("shop/web", a_port(80, target_port=9090))
        if getattr(o, "ports", None) and getattr(o, "key", None) == Key("shop", "web")
        else o
        for o in a_pair(web=BROKEN).objects
    )
    world = World(objects=objects, observed=seen(before))

    result = world.express()

    assert {c.kind for c in changes(world, result)} <= {"Targets"}


def test_the_default_backend_of_a_broken_member_keeps_answering() -> None:
    """What a listener answers by default is somebody's too."""
    with_default = an_ingress(
        "shop/web",
        annotations=EDGE,
        rules=[a_rule("web.example.com", a_path("/", "web:80"))],
        default_backend="web:80",
    )
    broken = replace(
        with_default,
        meta=replace(
            with_default.meta,
            annotations={
                **with_default.meta.annotations,
                "alb.ingress.kubernetes.io/healthcheck-interval-seconds": "often",
            },
        ),
    )
    others = a_pair().objects[1:]
    before = World(objects=(with_default, *others)).express()
    world = World(objects=(broken, *others), observed=seen(before))

    assert changes(world, world.express()) == []


def test_the_security_policy_that_a_broken_member_stated_stays() -> None:
    """Falling back to the default could lock its clients out."""
    facts = some_facts(certificates=[a_certificate("c", "*.example.com")])
    https = {"listen-ports": '[{"HTTPS": 443}]', "certificate-arn": arn("c")}
    strict = {**https, "ssl-policy": "ELBSecurityPolicy-TLS13-1-3-2021-06"}
    before = replace(a_pair(web=strict, api=https), facts=facts).express()
    world = replace(a_pair(web={**strict, **BROKEN}, api=https), facts=facts, observed=seen(before))

    assert changes(world, world.express()) == []


def test_the_longest_names_are_kept_like_all_others() -> None:
    """Namespace and name reach 317 characters: addresses are cut, and nothing is lost by that."""
    name = f"{'n' * 63}/{'w' * 253}"
    good = (an_ingress(name), *some_backends(f"{'n' * 63}/web"))
    bad = (an_ingress(name, annotations=BROKEN), *some_backends(f"{'n' * 63}/web"))
    before = World(objects=good).express()
    world = World(objects=bad, observed=seen(before))

    assert {"ListenerRule", "TargetGroup", "Targets"} <= set(kinds(before))
    assert changes(world, world.express()) == []


def test_a_default_backend_whose_service_is_gone_keeps_what_answered() -> None:
    """A deleted Service takes no traffic away from those who still get an answer."""
    with_default = an_ingress(
        "shop/web",
        rules=[a_rule("web.example.com", a_path("/", "web:80"))],
        default_backend="extra:80",
    )
    healthy = (*some_backends("shop/web"), *some_backends("shop/extra"))
    before = World(objects=(with_default, *healthy)).express()
    world = World(objects=(with_default, *some_backends("shop/web")), observed=seen(before))

    result = world.express()

    assert changes(world, result) == []
    assert any(entry.path == "spec.defaultBackend" for entry in world.intent().quarantined)

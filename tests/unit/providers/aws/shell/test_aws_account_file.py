"""Account files: a world to plan against without credentials, and what is wrong with a bad one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from providers.aws.account import Wanted
from providers.aws.account_export import write_account
from providers.aws.account_file import decode, schema
from providers.aws.limits import DEFAULTS
from providers.aws.wire import no_account, read_account
from provisioner.model.change import Wait, WaitFor
from provisioner.model.errors import ConfigError
from provisioner.model.kube import Key, Meta, Node, Taint
from provisioner.model.limits import LimitSource
from provisioner.model.resource import Fingerprint, Observed, ObservedResource, Ref, freeze_spec
from provisioner.model.settings import Identity
from provisioner.ports import Account, ClusterFacts

ROOT = Path(__file__).parents[5]
EXAMPLE = ROOT / "docs/examples/account-aws.yaml"
SCHEMA = ROOT / "docs/reference/account-aws.schema.json"
HEAD = 'formatVersion: "1.0"\nprovider: aws\nclusterName: shop\n'


def test_the_published_schema_is_that_of_the_code() -> None:
    """Editors and pipelines check files against it."""
    assert SCHEMA.read_text(encoding="utf-8") == schema()


def test_the_published_example_follows_the_schema() -> None:
    """It is the first thing people copy."""
    jsonschema.validate(
        yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")),
        json.loads(SCHEMA.read_text(encoding="utf-8")),
    )


def test_the_published_example_is_a_whole_world() -> None:
    """Two zones with a public and a private subnet each, and two nodes that may take traffic."""
    reader = read_account(EXAMPLE.read_bytes(), str(EXAMPLE))

    facts, cluster = reader.facts(Wanted()), reader.cluster()

    assert facts.vpc is not None
    assert {(subnet.zone, subnet.public) for subnet in facts.subnets} == {
        ("eu-central-1a", True),
        ("eu-central-1a", False),
        ("eu-central-1b", True),
        ("eu-central-1b", False),
    }
    assert cluster is not None
    assert [node.ready for node in cluster.nodes] == ["True", "True"]
    assert {node.provider_id.rpartition("/")[2] for node in cluster.nodes} == set(facts.instances)
    assert facts.region == "eu-central-1"


def test_the_limits_of_the_example_are_the_documented_defaults() -> None:
    """The example must not teach a number that is not true."""
    limits = read_account(EXAMPLE.read_bytes(), str(EXAMPLE)).limits()

    told = {n: each.value for n, each in limits.by_name.items() if each.source == "account"}
    assert told == {name: DEFAULTS[name].value for name in told}
    assert len(told) >= 12


def test_the_same_file_may_be_json() -> None:
    """Pipelines produce JSON, people write YAML."""
    as_json = json.dumps(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))).encode()

    from_json = read_account(as_json, "account.json")

    assert from_json.facts(Wanted()) == read_account(EXAMPLE.read_bytes(), "x").facts(Wanted())


def test_the_identity_is_that_of_the_cluster() -> None:
    """It goes into names and marks, so plans from files name what will exist."""
    identity = decode(f"{HEAD}kubeSystemUid: abc\ningressUid: def\n".encode(), "a.yaml")

    assert (identity.cluster_name, identity.kube_system_uid) == ("shop", "abc")
    assert identity.ingress_uid == "def"


def test_what_is_written_reads_back_as_it_was() -> None:
    """Export and plan must agree, Refs, fingerprints and empty tag values included."""
    identity = Identity(cluster_name="shop", cluster_uid="u-1")
    source = read_account(EXAMPLE.read_bytes(), "example")
    node = Node(
        meta=Meta(name="n1", labels={"topology.kubernetes.io/zone": "eu-central-1a", "a": "b"}),
        provider_id="aws:///eu-central-1a/i-1",
        ready="Unknown",
        unschedulable=True,
        taints=(Taint(key="k", effect="NoSchedule"),),
        addresses=("10.0.0.1",),
    )
    resource = ObservedResource(
        kind="ListenerRule",
        address="aws:listener-rule/shop/web/80/0123456789",
        group="shop/web",
        ingresses=(Key("shop", "web"),),
        spec=freeze_spec(
            {
                "ListenerArn": Ref("aws:listener/shop/web/80", "ListenerArn"),
                "Secret": Fingerprint("abc"),
                "Tags": [{"Key": "empty", "Value": ""}],
                "Empty": [],
            }
        ),
        outputs={"RuleArn": "arn"},
        order=100,
        healthy=0,
    )

    text = write_account(
        Account(
            identity=identity,
            facts=source.facts(Wanted()),
            limits=source.limits(),
            observed=Observed(resources={resource.address: resource}),
            cluster=ClusterFacts(nodes=(node,), pods_routable=False),
        )
    )
    back = read_account(text.encode(), "written.yaml")

    assert back.facts(Wanted()) == source.facts(Wanted())
    assert back.limits() == source.limits()
    assert back.observe().resources == {resource.address: resource}
    assert back.cluster() == ClusterFacts(nodes=(node,), pods_routable=False)
    assert decode(text.encode(), "x").kube_system_uid == "u-1"
    jsonschema.validate(yaml.safe_load(text), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_only_the_groups_that_are_asked_for_are_observed() -> None:
    """The file answers like an account does: these groups, and what is shared."""
    text = HEAD + (
        "observed: {resources: ["
        "{kind: LoadBalancer, address: 'aws:load-balancer/a/b', group: a/b},"
        "{kind: LoadBalancer, address: 'aws:load-balancer/a/c', group: a/c},"
        "{kind: SecurityGroup, address: 'aws:security-group/shared/backend', group: shared}]}"
    )

    seen = read_account(text.encode(), "a.yaml").observe(frozenset({"a/b"}))

    assert set(seen.resources) == {"aws:load-balancer/a/b", "aws:security-group/shared/backend"}


def test_nodes_may_be_just_a_count() -> None:
    """The choice of target mode counts nodes; it needs no names."""
    cluster = read_account(f"{HEAD}cluster: {{nodeCount: 60}}".encode(), "a.yaml").cluster()

    assert cluster is not None
    assert len(cluster.nodes) == 60
    assert {node.provider_id for node in cluster.nodes} == {""}


def test_a_file_that_says_nothing_of_the_cluster_claims_nothing() -> None:
    """Unknown is not empty: no nodes would make node ports impossible."""
    assert read_account(HEAD.encode(), "a.yaml").cluster() is None


def test_a_plan_from_a_file_can_never_be_applied() -> None:
    """Nothing happens in a file, so no wait is ever over."""
    reader = read_account(HEAD.encode(), "a.yaml")

    assert reader.applyable is False
    assert not reader.holds(WaitFor(kind=Wait.ACTIVE, on=("x",)), {})
    assert reader.check(()) == ()


def test_a_setting_for_another_vpc_is_a_problem_not_a_guess() -> None:
    """The file describes one VPC; subnets of another are unknown."""
    reader = read_account(EXAMPLE.read_bytes(), "example.yaml")

    facts = reader.facts(Wanted(vpc_id="vpc-other"))

    assert facts.vpc is None
    assert facts.vpc_problem == "example.yaml is about vpc-0a1b2c3d4e5f60000, not vpc-other"


def test_limits_that_the_file_leaves_out_are_the_documented_ones() -> None:
    """A short file is a good file."""
    limits = read_account(f"{HEAD}limits: {{target-groups: 7}}".encode(), "a.yaml").limits()

    assert (limits["target-groups"].value, limits["target-groups"].source) == (
        7,
        LimitSource.ACCOUNT,
    )
    assert limits["rules-per-application-load-balancer"].source is LimitSource.DEFAULT


def test_timestamps_need_no_quotes() -> None:
    """YAML reads them as dates; people should not have to know."""
    text = HEAD + "facts: {observedAt: 2026-01-15T08:00:00Z}"

    assert read_account(text.encode(), "a.yaml").facts(Wanted()).observed_at == (
        "2026-01-15T08:00:00Z"
    )


def test_reading_a_file_loads_no_sdk() -> None:
    """A pipeline that plans from a file should not pay for boto3, nor need it."""
    program = (
        "import sys, providers.aws.wire, providers.aws.account_export;"
        "sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_without_an_account_nothing_is_known_and_nothing_is_wrong() -> None:
    """Rendering needs no cloud: what the account would say stays unknown, limits are documented."""
    reader = no_account()

    facts = reader.facts(Wanted())

    assert (facts.vpc, facts.vpc_problem) == (None, "")
    assert reader.limits() == DEFAULTS
    assert reader.observe().resources == {}
    assert reader.applyable is False


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a.yaml holds no account"),
        ("- 1", "a.yaml holds no account"),
        ("a: [", "a.yaml is neither YAML nor JSON"),
        ("{", "a.yaml is neither YAML nor JSON"),
        ("provider: aws", "formatVersion is missing"),
        ('formatVersion: "2.0"', "formatVersion 2.0 is not one that this version reads"),
        ('formatVersion: "1.0"\nprovider: gcp', "provider is 'gcp'"),
        ('formatVersion: "1.0"\nprovider: aws', "clusterName"),
        (HEAD + "fact: {}", "fact"),
        (HEAD + "facts: {subnets: [{id: 1, zone: a}]}", "facts.subnets[0].id: Expected `str`"),
        (
            HEAD + "facts: {subnets: [{id: a}]}",
            "facts.subnets[0]: Object missing required field `zone`",
        ),
        (HEAD + "limits: {target-groups: many}", "limits[*]: Expected `int`"),
        (HEAD + "limits: {target-groups: -1}", "limits[*]: Expected `int` >= 0"),
        (HEAD + "cluster: {nodeCount: 3, nodes: [{name: a}]}", "cluster.nodeCount is 3"),
        (HEAD + "facts: &x {}\nobserved: *x", "aliases"),
        (
            HEAD + "observed: {resources: [{kind: a, address: b, group: c,"
            " spec: {x: !!binary aGk=}}]}",
            "observed.resources[0].spec.x: bytes",
        ),
        ("[" * 50_000, "nests deeper"),
        ("{" * 50_000, "a.yaml is neither YAML nor JSON"),
        ("\x00", "a.yaml is neither YAML nor JSON"),
    ],
)
def test_a_bad_file_is_told_by_its_field(text: str, told: str) -> None:
    """One sentence that names the file and the field, whatever is wrong with it."""
    with pytest.raises(ConfigError) as caught:
        read_account(text.encode(), "a.yaml")

    assert told in caught.value.message
    assert "\n" not in caught.value.message


def test_bytes_that_are_no_text_are_told() -> None:
    """A binary file by mistake, say a zipped one."""
    with pytest.raises(ConfigError, match="neither YAML nor JSON"):
        read_account(b"PK\x03\x04\x80", "a.yaml")

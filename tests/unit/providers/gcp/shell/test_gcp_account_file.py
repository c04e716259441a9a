"""Promises of account files: what was exported is planned against, and mistakes are told."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from providers.gcp.account import HERE, SslCertificate, StaticAddress, Wanted
from providers.gcp.account_export import write_account
from providers.gcp.account_file import decode, schema
from providers.gcp.wire import no_account, read_account
from provisioner.model.change import Wait, WaitFor
from provisioner.model.errors import ConfigError
from provisioner.model.limits import LimitSource
from provisioner.ports import Account
from tests.unit.providers.gcp.shell.projects import IDENTITY, REGION, SERVICE, World

DOCS = Path(__file__).parents[5] / "docs"
EXAMPLE = DOCS / "examples" / "account-gcp.yaml"
SCHEMA = DOCS / "reference" / "account-gcp.schema.json"
HEAD = 'formatVersion: "1.0"\nprovider: gcp\nclusterName: c\n'


def test_the_published_schema_is_that_of_the_code() -> None:
    """Editors and pipelines check files with it."""
    assert SCHEMA.read_text(encoding="utf-8") == schema()


def test_the_example_is_a_valid_account_file() -> None:
    """It is what people start from, and what the documentation plans with."""
    reader = read_account(EXAMPLE.read_bytes(), str(EXAMPLE))

    facts, cluster = reader.facts(Wanted()), reader.cluster()

    assert cluster is not None
    assert [node.provider_id for node in cluster.nodes] == sorted(facts.instances)
    assert {each.zone for each in facts.instances.values()} == {
        "europe-west1-b",
        "europe-west1-c",
        "europe-west1-d",
    }
    assert facts.addresses["online-boutique-ip", ""] is not None
    assert [subnet.name for subnet in facts.subnetworks if subnet.proxy_only] == [
        "default-proxy-only"
    ]
    jsonschema.validate(yaml.safe_load(EXAMPLE.read_text()), json.loads(schema()))


def test_what_is_exported_is_read_back(world: World) -> None:
    """Facts, limits, what is ours, both identifiers of the cluster."""
    service = world.service()
    world.front(world.url_map("um", service, "gcp:url-map/shop/web/main"))
    world.make("global/addresses", {"name": "ip"})
    world.make("global/sslPolicies", {"name": "p"})
    wanted = Wanted(
        instances=tuple(sorted(node.provider_id for node in world.info.nodes)),
        addresses=(("gone", HERE), ("ip", "")),
        ssl_certificates=(("gone", ""),),
        ssl_policies=("here/x", "p"),
        regions=(HERE,),
    )
    live = world.reader()
    observed, facts, limits = live.observe(), live.facts(wanted), live.limits()

    text = write_account(Account(identity=IDENTITY, facts=facts, limits=limits, observed=observed))

    reader = read_account(text.encode(), "account.yaml")
    read = reader.facts(wanted)
    assert {k: read.addresses[k] for k in facts.addresses} == facts.addresses
    assert read.ssl_certificates == facts.ssl_certificates
    assert {k: read.ssl_policies[k] for k in facts.ssl_policies} == facts.ssl_policies
    for name in ("project", "region", "network", "subnetwork", "subnetworks", "usage", "unread"):
        assert getattr(read, name) == getattr(facts, name)
    assert read.instances == facts.instances
    assert reader.observe() == observed
    assert reader.limits() == limits
    identity = decode(text.encode(), "account.yaml")
    assert identity.cluster_name == IDENTITY.cluster_name
    assert identity.kube_system_uid == IDENTITY.cluster_uid
    assert identity.ingress_uid == IDENTITY.ingress_uid
    jsonschema.validate(yaml.safe_load(text), json.loads(schema()))


def test_only_groups_asked_for_are_observed(world: World) -> None:
    """As of a live project."""
    world.service()
    text = write_account(
        Account(
            identity=IDENTITY,
            facts=world.reader().facts(Wanted()),
            limits=world.reader().limits(),
            observed=world.reader().observe(),
        )
    )
    reader = read_account(text.encode(), "account.yaml")

    assert SERVICE in reader.observe(frozenset({"shop/web"})).resources
    assert reader.observe(frozenset({"other"})).resources == {}


def test_what_is_in_the_region_is_also_here() -> None:
    """Questions are asked before anybody knows the region."""
    text = HEAD + (
        f"facts: {{project: p, region: {REGION}, network: projects/p/global/networks/n,"
        f" addresses: [{{name: a, region: {REGION}, address: 10.0.0.1}}],"
        f" sslCertificates: [{{name: c, region: {REGION}, domains: [x]}}]}}"
    )

    facts = read_account(text.encode(), "a.yaml").facts(Wanted())

    address = StaticAddress(
        name="a", link=f"projects/p/regions/{REGION}/addresses/a", address="10.0.0.1", region=REGION
    )
    assert facts.addresses["a", HERE] == facts.addresses["a", REGION] == address
    certificate = facts.ssl_certificates["c", HERE]
    assert certificate == SslCertificate(
        name="c",
        link=f"projects/p/regions/{REGION}/sslCertificates/c",
        region=REGION,
        domains=("x",),
    )


def test_stated_limits_win_over_documented_ones() -> None:
    """Configuration size has no other source at all."""
    text = HEAD + "limits: {URL_MAPS: 7, GLOBAL_EXTERNAL_PROXY_LB_CONFIG: 1000}"

    limits = read_account(text.encode(), "a.yaml").limits()

    assert (limits["URL_MAPS"].value, limits["URL_MAPS"].source) == (7, LimitSource.ACCOUNT)
    assert limits["GLOBAL_EXTERNAL_PROXY_LB_CONFIG"].value == 1000


def test_a_file_without_a_network_says_so() -> None:
    """Nothing can be expressed without one."""
    facts = read_account(HEAD.encode(), "a.yaml").facts(Wanted())

    assert facts.network_problem == "a.yaml names no network (facts.network)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no account"),
        ("[]", "holds no account"),
        ("provider: gcp", "formatVersion is missing"),
        ('formatVersion: "2.0"\nprovider: gcp', "formatVersion 2.0"),
        ('formatVersion: "1.0"\nprovider: aws\nclusterName: c', "provider is 'aws'"),
        ('formatVersion: "1.0"\nprovider: gcp', "clusterName"),
        (HEAD + "vpc: {}", "vpc"),
        (HEAD + "facts: {network: 1}", "facts.network"),
        (HEAD + "facts: {usage: {URL_MAPS: -1}}", "facts.usage"),
        (
            HEAD + "facts: {instances: [{providerId: 'aws:///x/i-1'}]}",
            "facts.instances[0].providerId",
        ),
        (HEAD + "facts: {instances: [{providerId: gce://p/z}]}", "facts.instances[0].providerId"),
        (HEAD + "cluster: {nodeCount: 3, nodes: [{name: a}]}", "cluster.nodeCount is 3"),
        ("{", "neither YAML nor JSON"),
    ],
)
def test_a_bad_file_is_told_by_its_field(text: str, message: str) -> None:
    """No traceback, and where to look."""
    with pytest.raises(ConfigError) as caught:
        read_account(text.encode(), "a.yaml").facts(Wanted())

    assert message in caught.value.message
    assert "Traceback" not in caught.value.message


def test_a_file_neither_waits_nor_judges() -> None:
    """Nothing ever happens in it, and nothing can be applied to it."""
    wait = WaitFor(kind=Wait.ACTIVE, on=(SERVICE,))

    for reader in (read_account(HEAD.encode(), "a.yaml"), no_account()):
        assert not reader.applyable
        assert reader.check([]) == ()
        assert not reader.holds(wait, {})
        with pytest.raises(ConfigError):
            reader.pod_health("x")
        with pytest.raises(ConfigError):
            reader.incumbent(Wanted())


def test_without_an_account_nothing_is_known() -> None:
    """Rendering needs no cloud; documented limits hold."""
    reader = no_account()

    assert reader.facts(Wanted()).network == ""
    assert reader.facts(Wanted()).network_problem == ""
    assert reader.observe().resources == {}
    assert reader.cluster() is None
    assert all(limit.source is LimitSource.DEFAULT for limit in reader.limits().by_name.values())

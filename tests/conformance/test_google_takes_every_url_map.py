"""Whatever Ingresses say, Google takes the URL map: it is refused whole, for everybody on it.

Hosts, paths, redirects, rewrites, weights and retries in any combination are held against the rules
of the embedded cloud and the published description of the API, which share no code with the
product.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from hypothesis import HealthCheck, given
from hypothesis import settings as choosing
from hypothesis import strategies as st

from provisioner.model.kube import Ingress, Key
from provisioner.model.plan import Plan
from provisioner.model.resource import Ref, Resource, Value
from provisioner.sandbox.gcp.discovery import discovery
from provisioner.sandbox.gcp.limits import FixedLimits
from provisioner.sandbox.gcp.schema import check_patterns, conform
from provisioner.sandbox.gcp.url_map_rules import url_map_problems
from tests.conformance.google_pipeline import GROUP, a_cluster, applied, of_kind, plan
from tests.factories import PORTABLE, a_rule, an_ingress
from tests.factories import a_path as a_plain_path
from tests.unit.providers.gcp.desired import worlds

SCHEMES = {
    "classic": "EXTERNAL",
    "global-external": "EXTERNAL_MANAGED",
    "regional-external": "EXTERNAL_MANAGED",
    "regional-internal": "INTERNAL_MANAGED",
}
LINKS = "https://www.googleapis.com/compute/v1/projects/p/global/backendServices/"
LABEL = re.compile(r"[^a-z0-9]+")

HOSTS = st.one_of(
    st.sampled_from(["a.example.com", "A.Example.com", "*.example.com", "*.com", "", "x.invalid"]),
    st.text(alphabet="ab*.-:üA", max_size=12),
)
PATHS = st.one_of(
    st.sampled_from(["/", "/a", "/a/", "/a/*", "/*", "/a*", "/a?b", "", "*", f"/{'x' * 1021}"]),
    st.sampled_from([f"/{'x' * n}" for n in (1022, 1023, 1024, 2000)]),
    st.text(alphabet="/a*?#% üé\n\x00{}=.", max_size=8).map(lambda tail: f"/{tail}"),
)
SERVICES = st.sampled_from(["web:80", "api:80", "web:80", "none:80", "jump:use-annotation"])
TYPES = st.sampled_from(["Exact", "Prefix", "ImplementationSpecific"])
ROUTES = st.builds(
    lambda path, kind, to: a_plain_path(path, to, path_type=kind), PATHS, TYPES, SERVICES
)
REWRITES = ("/", "/b", "/b/", "b", "/%C3%BC", "/ü", f"/{'x' * 1022}", f"/{'x' * 1023}")
WEIGHTS = ("web:80=0,api:80=1", "web:80=1,api:80=2", "web:80=1001,api:80=1", "web:80=1,none:80=1")
RETRIES = ("attempts=3", "attempts=0", "attempts=3,per-try-timeout=2s,on=5xx", "attempts=-1")
NOTES: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.sampled_from(REWRITES).map(lambda value: {"rewrite-target": value}),
    st.sampled_from(WEIGHTS).map(lambda value: {"weights": value}),
    st.sampled_from(RETRIES).map(lambda value: {"retries": value}),
    st.sampled_from([{"ssl-redirect": "443"}, {"timeout-seconds": "soon"}]),
)
OTHERS = worlds.some_backends("shop/api", "evil/api")[:4]


@st.composite
def members(draw: st.DrawFn) -> list[Ingress]:
    """One to three Ingresses that share a load balancer."""
    variant = draw(st.sampled_from([*SCHEMES]))
    found = []
    for number, namespace in enumerate(
        draw(st.lists(st.sampled_from(["shop", "evil"]), min_size=1, max_size=3))
    ):
        hosts = draw(
            st.lists(st.tuples(HOSTS, st.lists(ROUTES, min_size=1, max_size=4)), max_size=3)
        )
        said = {f"{PORTABLE}{word}": value for word, value in draw(NOTES).items()}
        found.append(
            an_ingress(
                str(Key(namespace, f"i{number}")),
                rules=[a_rule(host, *paths) for host, paths in hosts],
                annotations={**said, worlds.IN_GROUP: GROUP, worlds.VARIANT: variant},
                default_backend=draw(st.sampled_from(["", "web:80", "none:80"])),
            )
        )
    return found


def document(value: Value) -> object:
    """Return a value as it is sent, with a link in the place of a Ref."""
    if isinstance(value, Ref):
        return LINKS + LABEL.sub("-", value.address)[:63].strip("-")
    if isinstance(value, Mapping):
        return {key: document(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [document(item) for item in value]
    return value


def problems(url_map: Resource, scheme: str) -> list[str]:
    """Return what Google would refuse."""
    body = json.loads(json.dumps(document(url_map.spec)))
    body = conform(discovery(), "UrlMap", body)
    check_patterns(discovery(), "UrlMap", body)
    found = url_map_problems(body, schemes=frozenset({scheme}), limits=FixedLimits())
    return [problem.sentence for problem in found]


def refused(result: Plan) -> list[str]:
    """Return what Google would refuse of a plan's URL maps."""
    parts = [p.group for p in result.load_balancers]
    maps = [url_map for group in parts for url_map in of_kind(result, "UrlMap", group)]
    return [p for m in maps for p in problems(m, SCHEMES[variant_of(m)])]


def variant_of(url_map: Resource) -> str:
    """Return the kind of load balancer that a map is for."""
    words = json.loads(str(url_map.spec["description"]))
    return str(words["ingress-provisioner.io/variant"])


@choosing(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(members(), members())
def test_google_takes_every_url_map(first: list[Ingress], second: list[Ingress]) -> None:
    """A new load balancer's, and that of one whose members say something else later."""
    before = plan(a_cluster(*first, *OTHERS))
    after = plan(a_cluster(*second, *OTHERS), applied(before))

    assert refused(before) == []
    assert refused(after) == []

"""The promise of every field of BackendConfig, FrontendConfig and ManagedCertificate.

One row per field stands in ``field_cases``, written by hand from the reference of GKE's objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import pytest

from providers.gcp.backend_config import NO_BACKEND_CONFIG, BackendConfig
from providers.gcp.reading.backend_config import BackendConfigNames
from providers.gcp.reading.frontend_config import FrontendConfigName
from providers.gcp.reading.managed_certificate import ManagedCertificateNames
from providers.gcp.settings import FrontendConfig
from provisioner.core.object_error import ObjectError
from tests.unit.providers.gcp.annotations.cases import an_object
from tests.unit.providers.gcp.annotations.field_cases import (
    BACKEND_CONFIG,
    FRONTEND_CONFIG,
    MANAGED_CERTIFICATE,
    Field,
)

Read = Callable[[Mapping[str, object]], object]


def backend_config(spec: Mapping[str, object]) -> object:
    """Return what a BackendConfig says."""
    return BackendConfigNames(default="bc").filled(
        {"bc": an_object("BackendConfig", "shop/bc", spec)}
    )


def frontend_config(spec: Mapping[str, object]) -> object:
    """Return what a FrontendConfig says."""
    found = {"front": an_object("FrontendConfig", "shop/front", spec)}
    return FrontendConfigName(name="front").filled(found)


def managed_certificates(spec: Mapping[str, object]) -> object:
    """Return what a ManagedCertificate says."""
    found = {"cert": an_object("ManagedCertificate", "shop/cert", spec)}
    return ManagedCertificateNames(names=("cert",)).filled(found)


FIELDS: tuple[tuple[Read, Field], ...] = (
    *((backend_config, one) for one in BACKEND_CONFIG),
    *((frontend_config, one) for one in FRONTEND_CONFIG),
    *((managed_certificates, one) for one in MANAGED_CERTIFICATE),
)
every = pytest.mark.parametrize(("read", "one"), FIELDS, ids=[str(one) for _, one in FIELDS])


def spec_of(one: Field, value: object) -> Mapping[str, object]:
    """Return a spec with this value in a field, and what the field needs beside it."""
    spec = _copied(one.beside)
    place = spec
    *blocks, last = one.path.split(".")
    for name in blocks:
        if name.endswith("[]"):
            items = cast("list[dict[str, object]]", place.setdefault(name[:-2], [{}]))
            place = items[0]
        else:
            place = cast("dict[str, object]", place.setdefault(name, {}))
    place[last] = value
    return spec


def _copied(value: Mapping[str, object]) -> dict[str, object]:
    return {name: _copy(item) for name, item in value.items()}


def _copy(value: object) -> object:
    if isinstance(value, Mapping):
        return _copied(value)
    return [_copy(item) for item in value] if isinstance(value, list) else value


def value_at(found: object, path: str) -> object:
    """Return what stands at a path of attributes and indexes."""
    for name in path.split("."):
        found = found[int(name)] if isinstance(found, tuple) else getattr(found, name)
    return found


def test_the_table_lists_every_field_of_the_reference() -> None:
    """BackendConfig cloud.google.com/v1, FrontendConfig v1beta1 and ManagedCertificate v1."""
    assert [one.path for one in BACKEND_CONFIG] == [
        "iap.enabled",
        "iap.oauthclientCredentials.secretName",
        "iap.oauthclientCredentials.clientID",
        "iap.oauthclientCredentials.clientSecret",
        "cdn.enabled",
        "cdn.cachePolicy.includeHost",
        "cdn.cachePolicy.includeProtocol",
        "cdn.cachePolicy.includeQueryString",
        "cdn.cachePolicy.queryStringBlacklist",
        "cdn.cachePolicy.queryStringWhitelist",
        "cdn.cacheMode",
        "cdn.clientTtl",
        "cdn.defaultTtl",
        "cdn.maxTtl",
        "cdn.negativeCaching",
        "cdn.negativeCachingPolicy",
        "cdn.negativeCachingPolicy[].code",
        "cdn.negativeCachingPolicy[].ttl",
        "cdn.requestCoalescing",
        "cdn.serveWhileStale",
        "cdn.bypassCacheOnRequestHeaders[].headerName",
        "cdn.signedUrlCacheMaxAgeSec",
        "cdn.signedUrlKeys[].keyName",
        "cdn.signedUrlKeys[].keyValue",
        "cdn.signedUrlKeys[].secretName",
        "securityPolicy.name",
        "timeoutSec",
        "connectionDraining.drainingTimeoutSec",
        "sessionAffinity.affinityType",
        "sessionAffinity.affinityCookieTtlSec",
        "customRequestHeaders.headers",
        "customResponseHeaders.headers",
        "healthCheck.checkIntervalSec",
        "healthCheck.timeoutSec",
        "healthCheck.healthyThreshold",
        "healthCheck.unhealthyThreshold",
        "healthCheck.type",
        "healthCheck.port",
        "healthCheck.requestPath",
        "logging.enable",
        "logging.sampleRate",
    ]
    assert [one.path for one in FRONTEND_CONFIG] == [
        "sslPolicy",
        "redirectToHttps.enabled",
        "redirectToHttps.responseCodeName",
    ]
    assert [one.path for one in MANAGED_CERTIFICATE] == ["domains"]


@every
def test_a_good_value_is_read_as_what_it_means(read: Read, one: Field) -> None:
    """The value is where whoever expresses the resource looks for it, and nothing is odd."""
    found = read(spec_of(one, one.good))

    assert value_at(found, one.read) == one.value
    assert value_at(found, "object_remarks") == ()


@every
def test_a_wrong_value_is_refused_with_its_field_and_a_way_out(read: Read, one: Field) -> None:
    """What the Compute API would refuse while a plan is applied is refused in the plan."""
    with pytest.raises(ObjectError) as caught:
        read(spec_of(one, one.wrong))

    place = f"spec.{one.path.replace('[]', '[0]')}"
    assert caught.value.field.startswith(place)
    assert str(caught.value).startswith(caught.value.field)
    assert one.hint in caught.value.hint
    assert caught.value.more == ()


REQUIRED = frozenset(
    {
        "domains",
        "cdn.bypassCacheOnRequestHeaders[].headerName",
        "cdn.negativeCachingPolicy[].code",
        "cdn.signedUrlKeys[].keyName",
        "cdn.signedUrlKeys[].keyValue",
        "cdn.signedUrlKeys[].secretName",
        "iap.oauthclientCredentials.clientID",
        "iap.oauthclientCredentials.clientSecret",
    }
)
"""Fields without which, or one of which, the rest of their block means nothing."""


@pytest.mark.parametrize(
    ("read", "one"),
    [pytest.param(read, one, id=str(one)) for read, one in FIELDS if one.path in REQUIRED],
)
def test_a_field_that_must_be_there_is_missed(read: Read, one: Field) -> None:
    """A key without a value, a header without a name and a client without a secret are nothing."""
    with pytest.raises(ObjectError) as caught:
        read(spec_of(one, None))

    assert "it is missing" in str(caught.value) or "it is empty" in str(caught.value)
    assert caught.value.hint
    assert caught.value.more == ()


@pytest.mark.parametrize(
    ("read", "one"),
    [pytest.param(read, one, id=str(one)) for read, one in FIELDS if one.path not in REQUIRED],
)
def test_a_field_that_is_null_is_not_said(read: Read, one: Field) -> None:
    """Clients write null for what they leave out."""
    assert read(spec_of(one, None)) == read(_without(spec_of(one, None), one.path))


def _without(spec: Mapping[str, object], path: str) -> Mapping[str, object]:
    """Return a spec without a field that it has."""
    head, _, rest = path.partition(".")
    name, inside = head.removesuffix("[]"), spec.get(head.removesuffix("[]"))
    if not rest:
        return {key: value for key, value in spec.items() if key != name}
    if isinstance(inside, list):
        return {**spec, name: [_without(inside[0], rest)]}
    return {**spec, name: _without(cast("Mapping[str, object]", inside), rest)}


def test_an_empty_object_says_nothing() -> None:
    """Removing a block says nothing any more, and Google's default holds again (GKE#1706)."""
    assert backend_config({}) == NO_BACKEND_CONFIG
    assert frontend_config({}) == FrontendConfig()
    assert isinstance(backend_config({}), BackendConfig)


@pytest.mark.parametrize(
    "block",
    [
        "iap",
        "cdn",
        "securityPolicy",
        "connectionDraining",
        "sessionAffinity",
        "customRequestHeaders",
        "customResponseHeaders",
        "healthCheck",
        "logging",
    ],
)
def test_an_empty_block_is_said(block: str) -> None:
    """A block that is there with nothing in it is not the same as no block."""
    assert backend_config({block: {}}) != NO_BACKEND_CONFIG


@pytest.mark.parametrize(
    ("block", "wrong"),
    [(backend_config, {"iap": True}), (frontend_config, {"redirectToHttps": "yes"})],
)
def test_a_block_that_is_none_is_refused(block: Read, wrong: Mapping[str, object]) -> None:
    """A file may hold anything in the place of a block."""
    with pytest.raises(ObjectError, match="is not an object"):
        block(wrong)


def test_every_mistake_is_told_at_once() -> None:
    """Nobody should have to apply a file once for each of its mistakes."""
    with pytest.raises(ObjectError) as caught:
        backend_config({"timeoutSec": 0, "healthCheck": {"port": 0}, "cdn": {"clientTtl": -1}})

    problems = (caught.value, *caught.value.more)
    assert sorted(problem.field for problem in problems) == [
        "spec.cdn.clientTtl",
        "spec.healthCheck.port",
        "spec.timeoutSec",
    ]


@pytest.mark.parametrize(
    ("read", "spec", "field", "nearest"),
    [
        (backend_config, {"timeoutSecs": 3}, "spec.timeoutSecs", "timeoutSec"),
        (backend_config, {"cdn": {"cacheKey": {}}}, "spec.cdn.cacheKey", "cacheMode"),
        (frontend_config, {"sslpolicy": "x"}, "spec.sslpolicy", "sslPolicy"),
    ],
)
def test_an_unknown_field_is_told_with_the_nearest_known_one(
    read: Read, spec: Mapping[str, object], field: str, nearest: str
) -> None:
    """The API server drops it in silence."""
    [remark] = cast("tuple[object, ...]", value_at(read(spec), "object_remarks"))

    assert value_at(remark, "field") == field
    assert value_at(remark, "hint") == f"did you mean {nearest}?"

"""Objects of settings in the cache: whom a change concerns, and what a group's snapshot holds."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.kube.decode import decode
from provisioner.model.kube import Key
from provisioner.operator.cache import Cache
from provisioner.operator.membership import DECIDING_KINDS

WEB, OTHER = Key("shop", "web"), Key("shop", "other")
BACKEND = "cloud.google.com/backend-config"
FRONTEND = "networking.gke.io/v1beta1.FrontendConfig"
MANAGED = "networking.gke.io/managed-certificates"


def meta(name: str, annotations: Mapping[str, str] | None = None) -> dict[str, object]:
    return {"namespace": "shop", "name": name, "uid": name, "annotations": annotations or {}}


def put(cache: Cache, kind: str, raw: Mapping[str, object]) -> frozenset[Key] | None:
    described = raw["metadata"]
    assert isinstance(described, dict)
    key = Key(described.get("namespace", ""), described["name"])
    return cache.put(kind, key, uid=described["uid"], decoded=decode(kind, raw))


def ingress(name: str, service: str, **annotations: str) -> dict[str, object]:
    backend = {"service": {"name": service, "port": {"number": 80}}}
    return {"metadata": meta(name, annotations), "spec": {"defaultBackend": backend}}


def service(name: str, **annotations: str) -> dict[str, object]:
    return {"metadata": meta(name, annotations), "spec": {"ports": [{"port": 80}]}}


def config(name: str, value: int = 1, **status: object) -> dict[str, object]:
    return {"metadata": meta(name), "spec": {"timeoutSec": value}, "status": status}


def a_cache() -> Cache:
    cache = Cache()
    put(cache, "Ingress", ingress("web", "web"))
    put(cache, "Ingress", ingress("other", "other", **{FRONTEND: "fc", MANAGED: "mc-1, mc-2"}))
    put(cache, "Service", service("web", **{BACKEND: '{"ports": {"80": "bc"}}'}))
    put(cache, "Service", service("other"))
    return cache


def test_a_backend_config_concerns_the_ingresses_of_the_services_that_name_it() -> None:
    """And nobody else: a change must not plan the whole cluster anew."""
    cache = a_cache()

    came = put(cache, "BackendConfig", config("bc"))
    same = put(cache, "BackendConfig", config("bc"))
    changed = put(cache, "BackendConfig", config("bc", value=2))
    gone = cache.drop("BackendConfig", Key("shop", "bc"))

    assert came == changed == gone == frozenset({WEB})
    assert same == frozenset()
    assert put(cache, "BackendConfig", config("nobodys")) == frozenset()


def test_what_ingresses_name_concerns_them_directly() -> None:
    """FrontendConfigs and ManagedCertificates."""
    cache = a_cache()

    assert put(cache, "FrontendConfig", config("fc")) == frozenset({OTHER})
    assert put(cache, "ManagedCertificate", config("mc-2")) == frozenset({OTHER})


def test_a_new_status_of_a_managed_certificate_is_a_change() -> None:
    """It tells which certificate it became, which is when HTTPS can begin."""
    cache = a_cache()
    put(cache, "ManagedCertificate", config("mc-1"))

    assert put(cache, "ManagedCertificate", config("mc-1", certificateName="mcrt-1")) == frozenset(
        {OTHER}
    )
    assert put(cache, "ManagedCertificate", config("mc-1", certificateName="mcrt-1")) == frozenset()


def test_who_stops_naming_an_object_is_no_longer_concerned() -> None:
    """Indices follow edits, of Services and of Ingresses."""
    cache = a_cache()
    put(cache, "Service", service("web"))
    put(cache, "Ingress", ingress("other", "other", **{FRONTEND: "fc2"}))

    assert put(cache, "BackendConfig", config("bc")) == frozenset()
    assert put(cache, "FrontendConfig", config("fc")) == frozenset()
    assert put(cache, "FrontendConfig", config("fc2")) == frozenset({OTHER})


def test_an_annotation_that_cannot_be_read_names_all_its_words() -> None:
    """Too many do no harm; one missing would leave a change unheard."""
    cache = a_cache()
    put(cache, "Service", service("web", **{BACKEND: '{"default": "bc-2"'}))

    assert put(cache, "BackendConfig", config("bc-2")) == frozenset({WEB})


def test_a_groups_snapshot_holds_the_objects_that_it_names() -> None:
    """And none of its neighbours'."""
    cache = a_cache()
    for kind, name in (("BackendConfig", "bc"), ("FrontendConfig", "fc"), ("BackendConfig", "x")):
        put(cache, kind, config(name))

    of_web = cache.snapshot(unknown=frozenset(), ingresses=[WEB])
    of_other = cache.snapshot(unknown=frozenset(), ingresses=[OTHER])

    assert set(of_web.objects) == {("BackendConfig", Key("shop", "bc"))}
    assert set(of_other.objects) == {("FrontendConfig", Key("shop", "fc"))}
    assert len(cache.snapshot(unknown=frozenset()).objects) == 3


def test_whoever_decides_on_a_group_sees_what_the_ingress_names() -> None:
    """An Ingress whose FrontendConfig were out of sight would look broken, and stay behind."""
    cache = a_cache()
    put(cache, "FrontendConfig", config("fc"))

    found = cache.deciding(OTHER, kinds=DECIDING_KINDS)

    assert set(found.objects) == {("FrontendConfig", Key("shop", "fc"))}


def test_the_fallback_of_the_cloud_is_in_every_groups_snapshot() -> None:
    """GKE's default backend answers for load balancers whose Ingresses do not name it."""
    fallback = Key("kube-system", "default-http-backend")
    cache = Cache(fallback=fallback)
    put(cache, "Ingress", ingress("web", "web"))
    raw = {
        "metadata": {"namespace": "kube-system", "name": fallback.name, "uid": "d"},
        "spec": {"ports": [{"port": 80}]},
    }
    put(cache, "Service", raw)

    assert fallback in cache.snapshot(unknown=frozenset(), ingresses=[WEB]).services

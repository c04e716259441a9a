"""From wire to model: one road for manifests, lists and watch events."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from provisioner.kube.decode import decode, decode_json
from provisioner.model.kube import (
    Autoscaler,
    EndpointSlice,
    HttpPath,
    Ingress,
    IngressBackend,
    IngressClass,
    Key,
    LoadBalancerClass,
    Node,
    PortRef,
    Service,
    Workload,
)

META = {"name": "web", "namespace": "shop"}


def an_object(kind: str, **rest: object) -> object:
    """Return a decoded object; it must decode without problems, and equally from JSON."""
    raw: Mapping[str, object] = {"metadata": META, **rest}
    result = decode(kind, raw)
    assert result.problems == ()
    assert decode_json(kind, msgspec.json.encode(raw)) == result
    return result.object


def test_an_ingress_keeps_what_a_decision_reads() -> None:
    """Class, hosts, paths, backends, TLS, addresses and metadata arrive; the rest is dropped."""
    raw = {
        "apiVersion": "networking.k8s.io/v1",
        "metadata": {
            **META,
            "uid": "u1",
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "resourceVersion": "7",
            "generation": 2,
            "annotations": {
                "kubernetes.io/ingress.class": "alb",
                "empty": None,
                "kubectl.kubernetes.io/last-applied-configuration": "{}",
            },
            "finalizers": ["f"],
            "deletionTimestamp": "2026-01-03T03:04:05Z",
            "managedFields": [{"manager": "kubectl"}],
        },
        "spec": {
            "ingressClassName": "alb",
            "defaultBackend": {"service": {"name": "d", "port": {"name": "http"}}},
            "tls": [{"hosts": ["a"], "secretName": "s"}],
            "rules": [
                {"host": "a", "http": {"paths": [
                    {"path": "/", "pathType": "Prefix",
                     "backend": {"service": {"name": "w", "port": {"number": 80}}}},
                    {"path": "/r", "backend": {"resource": {
                        "apiGroup": "g", "kind": "Bucket", "name": "b"}}},
                ]}},
                {"host": "bare"},
            ],
        },
        "status": {"loadBalancer": {"ingress": [{"hostname": "h"}, {"ip": "192.0.2.1"}, {}]}},
    }  # fmt: skip

    found = decode("Ingress", raw).object

    assert isinstance(found, Ingress)
    assert found.key == Key("shop", "web")
    assert dict(found.meta.annotations) == {"kubernetes.io/ingress.class": "alb", "empty": ""}
    assert (found.meta.uid, found.meta.generation, found.meta.deleting) == ("u1", 2, True)
    assert found.default_backend == IngressBackend(service="d", port=PortRef(name="http"))
    assert found.rules[0].paths == (
        HttpPath(
            path="/", path_type="Prefix",
            backend=IngressBackend(service="w", port=PortRef(number=80)),
        ),
        HttpPath(path="/r", path_type="", backend=IngressBackend(resource="g/Bucket/b")),
    )  # fmt: skip
    assert found.rules[1].paths is None
    assert found.tls[0].secret_name == "s"
    assert found.addresses == ("h", "192.0.2.1")


@pytest.mark.parametrize("version", ["extensions/v1beta1", "networking.k8s.io/v1beta1"])
@pytest.mark.parametrize(("port", "ref"), [(80, PortRef(number=80)), ("web", PortRef(name="web"))])
def test_old_ingresses_are_read_as_v1_would_say_it(
    version: str, port: int | str, ref: PortRef
) -> None:
    """serviceName/servicePort and spec.backend; a missing pathType is ImplementationSpecific."""
    backend = {"serviceName": "w", "servicePort": port}
    spec = {
        "backend": backend,
        "rules": [{"http": {"paths": [{"path": "/a", "backend": backend}]}}],
    }

    found = an_object("Ingress", apiVersion=version, spec=spec)

    assert isinstance(found, Ingress)
    expected = IngressBackend(service="w", port=ref)
    assert found.default_backend == expected
    assert found.rules[0].paths == (
        HttpPath(path="/a", path_type="ImplementationSpecific", backend=expected),
    )


def test_missing_and_null_are_the_same() -> None:
    """The API reads ``rules: null`` as no rules; v1 without pathType is left for judgement."""
    bare = an_object("Ingress", apiVersion="networking.k8s.io/v1")
    nulls = an_object(
        "Ingress", apiVersion="networking.k8s.io/v1", spec={"rules": None, "tls": None},
        status={"loadBalancer": None},
    )  # fmt: skip

    assert bare == nulls


def test_a_class_keeps_its_parameters() -> None:
    """Parameters lead to an IngressClassParams or to our LoadBalancerClass."""
    found = an_object(
        "IngressClass",
        spec={"controller": "c", "parameters": {"apiGroup": "g", "kind": "K", "name": "n"}},
    )

    assert isinstance(found, IngressClass)
    assert (found.controller, found.parameters) == ("c", ("g", "K", "n"))


def test_a_load_balancer_class_spells_settings_as_annotations_do() -> None:
    """``ssl-redirect: true`` and ``timeout-seconds: 30`` mean what "true" and "30" mean."""
    found = an_object(
        "LoadBalancerClass",
        spec={
            "provider": "aws", "ingressClasses": ["alb"], "podsRoutable": False,
            "defaults": {"ssl-redirect": True, "timeout-seconds": 30, "scheme": "internal"},
            "enforced": {"group": None}, "compatibility": "incumbent", "policy": "sync",
        },
    )  # fmt: skip

    assert isinstance(found, LoadBalancerClass)
    assert found.defaults == {"ssl-redirect": "true", "timeout-seconds": "30", "scheme": "internal"}
    assert found.enforced == {"group": ""}
    assert (found.ingress_classes, found.pods_routable) == (("alb",), False)


def test_a_service_keeps_ports_and_policy() -> None:
    """Named and numbered target ports, node ports, traffic policy, cluster IP."""
    found = an_object(
        "Service",
        spec={
            "type": "LoadBalancer", "clusterIP": "10.0.0.1", "externalTrafficPolicy": "Local",
            "allocateLoadBalancerNodePorts": False, "selector": {"app": "web"},
            "ports": [
                {"port": 80, "targetPort": "http", "nodePort": 30080, "name": "http"},
                {"port": 81, "targetPort": 8081, "protocol": "UDP", "appProtocol": "grpc"},
            ],
        },
    )  # fmt: skip

    assert isinstance(found, Service)
    assert (found.cluster_ip, found.external_traffic_policy) == ("10.0.0.1", "Local")
    assert found.allocates_node_ports is False
    assert [(p.target_port, p.node_port, p.protocol) for p in found.ports] == [
        ("http", 30080, "TCP"),
        (8081, 0, "UDP"),
    ]


def test_an_endpoint_slice_keeps_unknown_conditions_unknown() -> None:
    """A missing ``ready`` is not false: the API says to read it as ready."""
    labels = {"kubernetes.io/service-name": "web"}
    raw = {
        "metadata": {"name": "web-1", "namespace": "shop", "labels": labels},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080}, {}],
        "endpoints": [
            {"addresses": ["10.0.0.1"], "nodeName": "n1", "zone": "a",
             "conditions": {"ready": True, "terminating": False},
             "targetRef": {"kind": "Pod", "name": "p1"}},
            {"addresses": ["10.0.0.2"], "targetRef": {"kind": "Node", "name": "n2"}},
        ],
    }  # fmt: skip

    found = decode("EndpointSlice", raw).object

    assert isinstance(found, EndpointSlice)
    assert found.service_key == Key("shop", "web")
    assert [(e.ready, e.terminating, e.pod) for e in found.endpoints] == [
        (True, False, "p1"),
        (None, None, ""),
    ]
    assert [p.number for p in found.ports] == [8080, 0]


def test_a_slice_of_no_service_is_passed_over() -> None:
    """Slices without the label belong to no Service, so no decision reads them."""
    assert an_object("EndpointSlice") is None


def test_a_node_keeps_what_makes_it_a_target() -> None:
    """Provider id, readiness, taints, internal addresses, pod ranges."""
    found = an_object(
        "Node",
        spec={"providerID": "aws:///a/i-1", "unschedulable": True, "podCIDR": "10.1.0.0/24",
              "taints": [{"key": "k", "effect": "NoSchedule"}]},
        status={"conditions": [{"type": "DiskPressure", "status": "False"},
                               {"type": "Ready", "status": "True"}],
                "addresses": [{"type": "InternalIP", "address": "10.0.0.9"},
                              {"type": "Hostname", "address": "h"}]},
    )  # fmt: skip

    assert isinstance(found, Node)
    assert (found.provider_id, found.ready, found.unschedulable) == ("aws:///a/i-1", "True", True)
    assert (found.addresses, found.pod_cidrs) == (("10.0.0.9",), ("10.1.0.0/24",))
    assert found.taints[0].effect == "NoSchedule"


@pytest.mark.parametrize(
    ("strategy", "surge"),
    [
        (None, "25%"),
        ({"type": "RollingUpdate"}, "25%"),
        ({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}, "1"),
        ({"rollingUpdate": {"maxSurge": "50%"}}, "50%"),
        ({"type": "Recreate"}, ""),
    ],
)
def test_a_deployment_surges_as_the_api_server_would_default_it(
    strategy: object, surge: str
) -> None:
    """Manifests have not been through the server: leaving maxSurge out means 25 %."""
    found = an_object("Deployment", spec={"replicas": 3, "strategy": strategy})

    assert isinstance(found, Workload)
    assert (found.replicas, found.max_surge) == (3, surge)


def test_a_workload_keeps_labels_and_container_ports() -> None:
    """Ports of sidecars count too: a named target port may be theirs."""
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {
            "containers": [{"ports": [{"name": "http", "containerPort": 8080}]}, {}],
            "initContainers": [
                {"restartPolicy": "Always", "ports": [{"name": "proxy", "containerPort": 9}]},
                {"ports": [{"name": "setup", "containerPort": 1}]},
            ],
        },
    }

    found = an_object("StatefulSet", spec={"template": template})

    assert isinstance(found, Workload)
    assert (found.kind, found.replicas, found.max_surge) == ("StatefulSet", 1, "")
    assert found.pod_labels == {"app": "web"}
    assert found.container_ports == (("http", 8080), ("proxy", 9))


def test_an_owned_replica_set_is_passed_over() -> None:
    """Its Deployment already tells the pod count; counting both would double it."""
    owned = {"metadata": {**META, "ownerReferences": [{"kind": "Deployment"}]}}

    assert decode("ReplicaSet", owned).object is None
    assert an_object("ReplicaSet") is not None
    assert an_object("ReplicationController") is not None


@pytest.mark.parametrize("version", ["autoscaling/v1", "autoscaling/v2"])
def test_an_autoscaler_tells_how_far(version: str) -> None:
    """v1 and v2 say target and maximum alike."""
    target = {"kind": "Deployment", "name": "web"}
    found = an_object(
        "HorizontalPodAutoscaler",
        apiVersion=version,
        spec={"scaleTargetRef": target, "maxReplicas": 9},
    )

    assert isinstance(found, Autoscaler)
    assert (found.target_kind, found.target_name, found.max_replicas) == ("Deployment", "web", 9)


@pytest.mark.parametrize(
    ("kind", "spec", "field", "words"),
    [
        ("Ingress", {"rules": [{"host": ["a"]}]}, "spec.rules[0].host", "a list"),
        ("Ingress", {"rules": {}}, "spec.rules", "a mapping"),
        ("Ingress", "x", "spec", "a string"),
        ("Service", {"ports": [{"name": "x"}]}, "spec.ports[0].port", "required"),
        ("Service", {"ports": [{"port": "80"}]}, "spec.ports[0].port", "a whole number"),
        ("Deployment", {"replicas": 1.5}, "spec.replicas", "a whole number"),
    ],
)
def test_a_wrong_shape_names_object_and_field(
    kind: str, spec: object, field: str, words: str
) -> None:
    """A wrong type is a diagnostic with a Kubernetes field path, whichever way it was read."""
    raw = {"metadata": META, "spec": spec}

    for result in (decode(kind, raw), decode_json(kind, msgspec.json.encode(raw))):
        (problem,) = result.problems
        assert result.object is None
        assert (problem.subject, problem.field) == (f"{kind} shop/web", field)
        assert words in problem.message
        assert problem.blocking
        assert problem.ingress == (Key("shop", "web") if kind == "Ingress" else None)


@pytest.mark.parametrize("raw", [b"[]", b"7", b"{", b'{"metadata": {"name": "\xff"}}'])
def test_what_is_no_object_never_raises(raw: bytes) -> None:
    """Even text that is no JSON object ends as a diagnostic."""
    result = decode_json("Service", raw)

    assert result.object is None
    assert len(result.problems) == 1


def test_a_kind_that_nobody_reads_is_passed_over() -> None:
    """Asking for another kind is no error: there is just nothing to say."""
    assert decode("ConfigMap", {"metadata": META}).object is None
    assert decode_json("ConfigMap", b"{}").problems == ()

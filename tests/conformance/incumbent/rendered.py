"""What the command prints, made comparable: our own marks left out, hashes replaced by places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

SECRET: Final = "secret"
OWN: Final = "ingress-provisioner.io/"


Groups = Mapping[str, Mapping[str, Mapping[str, object]]]


class Resource(msgspec.Struct):
    """A resource."""

    kind: str
    address: str
    name: str | None
    ingresses: list[str]
    spec: dict[str, object]


class LoadBalancer(msgspec.Struct):
    """A load balancer."""

    group: str
    resources: list[Resource]


class Finding(msgspec.Struct):
    """A diagnostic."""

    severity: str
    code: str
    subject: str
    field: str


class Rendered(msgspec.Struct, rename="camel"):
    """What ``provisioner render -o json`` prints."""

    load_balancers: list[LoadBalancer]
    diagnostics: list[Finding]

    def resources(self) -> dict[str, dict[str, dict[str, object]]]:
        """Return every resource by load balancer and identity; two of one identity are an error."""
        found: dict[str, dict[str, dict[str, object]]] = {}
        for balancer in self.load_balancers:
            mine = found.setdefault(balancer.group, {})
            places = _places(balancer)
            for resource in balancer.resources:
                plain = _plain(resource, places)
                identity = _identity(resource, balancer.group, plain)
                assert identity not in mine, f"two resources are {identity}"
                mine[identity] = plain
        return found

    def findings(self) -> list[str]:
        """Return the diagnostics, sorted."""
        return sorted(f"{d.severity} {d.code} {d.subject} {d.field}" for d in self.diagnostics)


def _places(balancer: LoadBalancer) -> Mapping[str, str]:
    """Return what stands for addresses that are hashes and that others refer to: certificates."""
    return {
        f"{resource.address}.CertificateArn": f"certificate {resource.spec['DomainName']}"
        for resource in balancer.resources
        if resource.kind == "Certificate" and "DomainName" in resource.spec
    }


def _identity(resource: Resource, group: str, plain: Mapping[str, object]) -> str:
    """Return the kind and what tells the resource apart, without any hash of ours."""
    id_ = resource.address.partition("/")[2].removeprefix(group).removeprefix("/")
    if resource.kind == "ListenerRule":
        id_ = f"{id_.split('/')[0]}:{plain['Priority']}"
    elif resource.kind == "ListenerCertificate":
        id_ = f"{id_.split('/')[0]} {_certificate(plain)}"
    elif resource.kind == "Certificate":
        id_ = str(plain.get("DomainName"))
    return f"{resource.kind} {id_}".strip()


def _certificate(fields: Mapping[str, object]) -> str:
    """Return the end of the ARN of a certificate, or the domain of one that is still to be made."""
    (certificate,) = msgspec.convert(fields["Certificates"], list[dict[str, object]])
    arn = certificate["CertificateArn"]
    text = str(arn["ref"]).rpartition(" ")[2] if isinstance(arn, dict) else str(arn)
    return text.rpartition("/")[2]


def _plain(resource: Resource, places: Mapping[str, str]) -> dict[str, object]:
    """Return all of a resource: its fields, and its name and Ingresses in brackets."""
    spec = resource.spec
    found = {key: _comparable(value, places) for key, value in spec.items() if key != "Tags"}
    if "Tags" in spec:
        tags = msgspec.convert(spec["Tags"], list[dict[str, str]])
        pairs = {tag["Key"]: tag["Value"] for tag in tags}
        assert len(pairs) == len(tags), "a tag is there twice"
        found["Tags"] = {key: value for key, value in pairs.items() if not key.startswith(OWN)}
    found["(name)"] = resource.name
    found["(ingresses)"] = resource.ingresses
    return found


def _comparable(value: object, places: Mapping[str, str]) -> object:
    """Return a value with one word for every fingerprint of a secret, and places for hashes."""
    match value:
        case {"fingerprint": str()}:
            return SECRET
        case {"ref": str(address)}:
            return {"ref": places.get(address, address)}
        case dict():
            return {key: _comparable(item, places) for key, item in value.items()}
        case list():
            return [_comparable(item, places) for item in value]
        case _:
            return value


def differences(expected: Groups, found: Groups) -> Iterator[str]:
    """Yield every field that is not as expected; nothing is left out on either side."""
    for group in sorted({*expected, *found}):
        wanted, there = expected.get(group, {}), found.get(group, {})
        for identity in sorted({*wanted, *there}):
            place = f"{group}: {identity}"
            if identity not in there:
                yield f"{place} is missing"
            elif identity not in wanted:
                yield f"{place} is one too many: {dict(there[identity])}"
            else:
                yield from _fields_apart(place, wanted[identity], there[identity])


def _fields_apart(
    place: str, wanted: Mapping[str, object], there: Mapping[str, object]
) -> Iterator[str]:
    for name in sorted({*wanted, *there}):
        one, other = wanted.get(name, "(absent)"), there.get(name, "(absent)")
        if one != other:
            yield f"{place}, {name}: expected {one}, found {other}"

"""Annotations that speak of listeners: ports, certificates, TLS in both directions."""

from __future__ import annotations

from providers.aws import settings as aws
from providers.aws.reading import attributes, words
from providers.aws.reading.rows import on_ingress
from providers.aws.settings import MutualTls, MutualTlsMode
from provisioner.core import annotations as settings
from provisioner.core.json_values import JsonObject, json_objects, listen_ports
from provisioner.core.values import (
    PORTS,
    boolean,
    matching,
    port,
    quoted,
    required_text,
)
from provisioner.model.annotation import Annotation, AnnotationError, Merge

SSL_POLICY = matching(
    r"ELBSecurityPolicy-[A-Za-z0-9-]+", example="ELBSecurityPolicy-TLS13-1-2-2021-06"
)

_MUTUAL_TLS_HINT = 'write [{"port": 443, "mode": "verify", "trustStore": "NAME or ARN"}]'
_SWITCH = {"on": True, "off": False}


def mutual_tls(raw: str) -> tuple[MutualTls, ...] | None:
    """Return what each HTTPS port does with certificates of clients, by port."""
    found = tuple(_mutual_tls(item) for item in json_objects(raw))
    ports = [one.port for one in found]
    twice = next((number for number in ports if ports.count(number) > 1), None)
    if twice is not None:
        raise AnnotationError(f"port {twice} is named twice", hint="say once what it does")
    return tuple(sorted(found, key=lambda one: one.port)) or None


def _mutual_tls(item: JsonObject) -> MutualTls:
    mode = _mode(item)
    trust_store = item.text("trustStore") or ""
    ignore_expiry = item.boolean("ignoreClientCertificateExpiry")
    advertise = _advertise(item)
    if mode is MutualTlsMode.VERIFY:
        if not trust_store:
            raise AnnotationError(
                f"{item.where}: mode verify needs a trustStore", hint=_MUTUAL_TLS_HINT
            )
        ignore_expiry = bool(ignore_expiry)
    elif trust_store or ignore_expiry is not None or advertise is not None:
        raise AnnotationError(
            f"{item.where}: mode {mode} has no trust store and nothing to verify",
            hint="leave trustStore, ignoreClientCertificateExpiry and advertiseTrustStoreCaNames"
            " out, or write mode verify",
        )
    return MutualTls(
        port=_port(item),
        mode=mode,
        trust_store=trust_store,
        ignore_expiry=ignore_expiry,
        advertise_ca_names=advertise,
    )


def _port(item: JsonObject) -> int:
    low, high = PORTS
    number = item.integer("port")
    if number is None or not low <= number <= high:
        raise AnnotationError(
            f"{item.where}: port is not a number from {low} to {high}", hint=_MUTUAL_TLS_HINT
        )
    return number


def _mode(item: JsonObject) -> MutualTlsMode:
    said = item.text("mode") or ""
    if said not in tuple(MutualTlsMode):
        modes = ", ".join(MutualTlsMode)
        raise AnnotationError(
            f"{item.where}: mode {quoted(said)} is not one of {modes}", hint=_MUTUAL_TLS_HINT
        )
    return MutualTlsMode(said)


def _advertise(item: JsonObject) -> bool | None:
    said = item.text("advertiseTrustStoreCaNames")
    if not said:
        return None
    if said not in _SWITCH:
        raise AnnotationError(
            f"{item.where}: advertiseTrustStoreCaNames {quoted(said)} is not on or off",
            hint='write "on" or "off"',
        )
    return _SWITCH[said]


ROWS: tuple[Annotation[object], ...] = (
    on_ingress(
        "listen-ports",
        settings.LISTEN_PORTS,
        listen_ports,
        Merge.OWN,
        kind="JSON list of {PROTOCOL: port}",
        summary="Ports on which this Ingress is served.",
        default='[{"HTTPS": 443}] where certificates are named, else [{"HTTP": 80}]',
    ),
    on_ingress(
        "ssl-redirect",
        settings.SSL_REDIRECT,
        port,
        Merge.EXCLUSIVE,
        kind="port",
        summary="Redirects every HTTP port of the load balancer to this HTTPS port.",
        default="no redirect",
    ),
    on_ingress(
        "certificate-arn",
        settings.CERTIFICATES,
        words.certificates,
        Merge.OWN,
        kind="string list",
        summary="Certificates for the HTTPS ports; the first is the default.",
        default="found in ACM by host name",
    ),
    on_ingress(
        "ssl-policy",
        settings.SSL_POLICY,
        SSL_POLICY,
        Merge.PER_PORT,
        kind="string",
        summary="Security policy of the HTTPS ports.",
        default="ELBSecurityPolicy-TLS13-1-2-2021-06",
    ),
    on_ingress(
        "mutual-authentication",
        aws.MUTUAL_TLS,
        mutual_tls,
        Merge.PER_PORT,
        kind="JSON list of {port, mode, trustStore, ...}",
        summary="What HTTPS ports do with certificates of clients: off, passthrough or verify.",
        default="off on a new listener, else what exists is left alone",
    ),
    on_ingress(
        "listener-attributes.*",
        aws.LISTENER_ATTRIBUTES,
        attributes.attributes(attributes.LISTENER),
        Merge.UNION,
        kind="string map",
        summary="Attributes of one listener, named as in listener-attributes.HTTPS-443; those not"
        " listed are left alone.",
        check_suffix=words.check_listener,
    ),
    on_ingress(
        "create-acm-cert",
        aws.CREATE_CERTIFICATE,
        boolean,
        Merge.OWN,
        kind="boolean",
        summary="Requests a certificate for the hosts of this Ingress; named ones outrank it.",
        default="false",
    ),
    on_ingress(
        "acm-pca-arn",
        aws.PRIVATE_CA,
        required_text,
        Merge.OWN,
        kind="ARN",
        summary="Private certificate authority that issues what create-acm-cert requests.",
        default="a public certificate of Amazon's",
    ),
)
"""The annotations of this level, in the order of the reference page."""

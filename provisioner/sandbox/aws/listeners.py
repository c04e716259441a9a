"""Listeners and their certificates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from provisioner.sandbox.aws import attributes
from provisioner.sandbox.aws.actions import Place, kept_secrets, normal_actions
from provisioner.sandbox.aws.balancer_lookup import balancer_by_arn
from provisioner.sandbox.aws.balancer_targets import check_port_not_a_target
from provisioner.sandbox.aws.errors import (
    RefusalError,
    invalid,
    listener_not_found,
    misconfigured,
    not_permitted,
)
from provisioner.sandbox.aws.listener_security import SECURE, checked_certificate, checked_security
from provisioner.sandbox.aws.region import Answer, Region
from provisioner.sandbox.aws.state import Listener, LoadBalancer, State
from provisioner.sandbox.aws.tags import checked_tags
from provisioner.sandbox.aws.usage import check_use

if TYPE_CHECKING:
    from types_boto3_elbv2.literals import ProtocolEnumType
    from types_boto3_elbv2.type_defs import (
        ActionOutputTypeDef,
        AddListenerCertificatesInputTypeDef,
        CreateListenerInputTypeDef,
        DeleteListenerInputTypeDef,
        DescribeListenerAttributesInputTypeDef,
        DescribeListenerCertificatesInputTypeDef,
        DescribeListenersInputTypeDef,
        ListenerTypeDef,
        ModifyListenerAttributesInputTypeDef,
        ModifyListenerInputTypeDef,
        MutualAuthenticationAttributesTypeDef,
        RemoveListenerCertificatesInputTypeDef,
    )

PROTOCOLS: Mapping[str, tuple[str, ...]] = {"application": ("HTTP", SECURE), "network": ("TCP",)}


def create_listener(region: Region, request: CreateListenerInputTypeDef) -> Answer:
    """Add a listener, or return the one that has this port and these settings."""
    balancer = balancer_by_arn(region, request["LoadBalancerArn"])
    protocol, port = request.get("Protocol"), request.get("Port")
    if protocol is None or port is None:
        raise invalid("A listener protocol and a port must be specified")
    place = _place(balancer, protocol, port)
    actions = normal_actions(_actions(request["DefaultActions"]), place, region.limits)
    certificate, ssl_policy, mutual = checked_security(region, request, protocol)
    tags = checked_tags(request.get("Tags", ()), region.limits)
    settings = (protocol, ssl_policy, certificate, actions, mutual)
    same = next((x for x in region.state.listeners_of(balancer.arn) if x.port == port), None)
    if same is not None:
        return _idempotent(same, settings)
    _check_count(region, balancer)
    check_use(region, balancer, actions, "")
    arn = region.new_arn("listener/" + balancer.arn.partition(":loadbalancer/")[2])
    rule_arn = region.new_arn("listener-rule/" + arn.partition(":listener/")[2])
    listener = Listener(
        arn=arn,
        balancer_arn=balancer.arn,
        port=port,
        protocol=protocol,
        ssl_policy=ssl_policy,
        certificate=certificate,
        default_actions=actions,
        default_rule_arn=rule_arn,
        mutual_authentication=mutual,
        attributes=attributes.defaults(attributes.LISTENERS[balancer.kind]),
        tags=tags,
    )
    region.state.listeners[arn] = listener
    return {"Listeners": [as_answer(listener)]}


def modify_listener(region: Region, request: ModifyListenerInputTypeDef) -> Answer:
    """Replace the given properties of a listener; the others stay."""
    listener = listener_by_arn(region.state, request["ListenerArn"])
    protocol = request.get("Protocol", listener.protocol)
    port = request.get("Port", listener.port)
    taken = [x.port for x in region.state.listeners_of(listener.balancer_arn) if x is not listener]
    if port in taken:
        raise _duplicate(listener.balancer_arn, port)
    balancer = region.state.balancers[listener.balancer_arn]
    place = _place(balancer, protocol, port)
    if port != listener.port:
        check_port_not_a_target(region, listener)
    given = request.get("DefaultActions")
    actions = listener.default_actions
    if given or (protocol, port) != (listener.protocol, listener.port):
        written = _actions(given) if given else kept_secrets(actions)
        actions = normal_actions(written, place, region.limits, existing=actions)
    current: CreateListenerInputTypeDef = {
        "LoadBalancerArn": listener.balancer_arn,
        "DefaultActions": list(actions),
    }
    if listener.certificate and protocol == SECURE:
        current["Certificates"] = [{"CertificateArn": listener.certificate}]
    if listener.ssl_policy and protocol == SECURE:
        current["SslPolicy"] = listener.ssl_policy
    if listener.mutual_authentication and protocol == SECURE:
        current["MutualAuthentication"] = _asked(listener.mutual_authentication)
    merged = cast("CreateListenerInputTypeDef", {**current, **request})
    merged["LoadBalancerArn"] = listener.balancer_arn
    certificate, ssl_policy, mutual = checked_security(
        region, merged, protocol, replaces=listener.arn
    )
    check_use(region, balancer, actions, listener.arn)
    listener.port, listener.protocol = port, protocol
    listener.certificate, listener.ssl_policy = certificate, ssl_policy
    listener.default_actions, listener.mutual_authentication = actions, mutual
    if protocol != SECURE:
        listener.extra_certificates = ()
    return {"Listeners": [as_answer(listener)]}


def delete_listener(region: Region, request: DeleteListenerInputTypeDef) -> Answer:
    """Delete a listener with its rules."""
    listener = listener_by_arn(region.state, request["ListenerArn"])
    check_port_not_a_target(region, listener)
    for rule in region.state.rules_of(listener.arn):
        del region.state.rules[rule.arn]
    del region.state.listeners[listener.arn]
    return {}


def describe_listeners(region: Region, request: DescribeListenersInputTypeDef) -> Answer:
    """List listeners: those of a load balancer, or some by ARN."""
    if balancer_arn := request.get("LoadBalancerArn"):
        balancer_by_arn(region, balancer_arn)
        found = region.state.listeners_of(balancer_arn)
    elif arns := request.get("ListenerArns"):
        found = [listener_by_arn(region.state, arn) for arn in arns]
    else:
        raise invalid("You must specify either listener ARNs or a load balancer ARN")
    page, marker = region.page(found, request)
    return {"Listeners": [as_answer(each) for each in page], **marker}


def add_listener_certificates(
    region: Region, request: AddListenerCertificatesInputTypeDef
) -> Answer:
    """Add certificates to the list of a listener; one that is in it already is kept."""
    listener = _secure_listener(region.state, request["ListenerArn"])
    given = [checked_certificate(region, each) for each in request["Certificates"]]
    extra = tuple(dict.fromkeys((*listener.extra_certificates, *given)))
    others = sum(
        len(each.extra_certificates)
        for each in region.state.listeners_of(listener.balancer_arn)
        if each is not listener
    )
    most = region.limits["certificates-per-application-load-balancer"]
    if others + len(extra) > most:
        raise RefusalError(
            "TooManyCertificates",
            f"The maximum number of certificates per load balancer '{most}' has been reached on "
            f"load balancer '{listener.balancer_arn}'",
        )
    listener.extra_certificates = extra
    return {"Certificates": [{"CertificateArn": arn, "IsDefault": False} for arn in given]}


def remove_listener_certificates(
    region: Region, request: RemoveListenerCertificatesInputTypeDef
) -> Answer:
    """Remove certificates from the list of a listener; the default one stays."""
    listener = _secure_listener(region.state, request["ListenerArn"])
    given = {each.get("CertificateArn", "") for each in request["Certificates"]}
    if listener.certificate in given - set(listener.extra_certificates):
        raise not_permitted("Default certificate cannot be removed")
    listener.extra_certificates = tuple(
        arn for arn in listener.extra_certificates if arn not in given
    )
    return {}


def describe_listener_certificates(
    region: Region, request: DescribeListenerCertificatesInputTypeDef
) -> Answer:
    """List the default certificate and the others; one that is both is listed twice."""
    listener = listener_by_arn(region.state, request["ListenerArn"])
    found = [{"CertificateArn": arn, "IsDefault": False} for arn in listener.extra_certificates]
    if listener.certificate:
        found.insert(0, {"CertificateArn": listener.certificate, "IsDefault": True})
    page, marker = region.page(found, request)
    return {"Certificates": page, **marker}


def describe_listener_attributes(
    region: Region, request: DescribeListenerAttributesInputTypeDef
) -> Answer:
    """List the attributes of a listener."""
    listener = listener_by_arn(region.state, request["ListenerArn"])
    return {"Attributes": attributes.as_list(listener.attributes)}


def modify_listener_attributes(
    region: Region, request: ModifyListenerAttributesInputTypeDef
) -> Answer:
    """Set attributes of a listener; the answer lists all of them."""
    listener = listener_by_arn(region.state, request["ListenerArn"])
    kind = region.state.balancers[listener.balancer_arn].kind
    new = attributes.checked("Listener", attributes.LISTENERS[kind], request["Attributes"])
    listener.attributes = {**listener.attributes, **new}
    return {"Attributes": attributes.as_list(listener.attributes)}


def listener_by_arn(state: State, arn: str) -> Listener:
    """A listener, or the refusal that AWS gives for an unknown ARN."""
    listener = state.listeners.get(arn)
    if listener is None:
        raise listener_not_found(arn)
    return listener


def as_answer(listener: Listener) -> ListenerTypeDef:
    """A listener as the API spells it."""
    answer: ListenerTypeDef = {
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.balancer_arn,
        "Port": listener.port,
        "Protocol": cast("ProtocolEnumType", listener.protocol),
        "DefaultActions": list(listener.default_actions),
    }
    if listener.certificate:
        answer["Certificates"] = [{"CertificateArn": listener.certificate}]
    if listener.ssl_policy:
        answer["SslPolicy"] = listener.ssl_policy
    if listener.mutual_authentication:
        answer["MutualAuthentication"] = listener.mutual_authentication
    return answer


def _idempotent(same: Listener, settings: tuple[object, ...]) -> Answer:
    """AWS returns the existing listener when a create call repeats its settings."""
    existing = (
        same.protocol,
        same.ssl_policy,
        same.certificate,
        same.default_actions,
        same.mutual_authentication,
    )
    if existing != settings:
        raise _duplicate(same.balancer_arn, same.port)
    return {"Listeners": [as_answer(same)]}


def _duplicate(balancer_arn: str, port: int) -> RefusalError:
    return RefusalError(
        "DuplicateListener",
        f"A listener already exists on port {port} of load balancer '{balancer_arn}'",
    )


def _place(balancer: LoadBalancer, protocol: str, port: int) -> Place:
    """What the listener's actions depend on, once its protocol is one of the load balancer's."""
    known = PROTOCOLS[balancer.kind]
    if protocol not in known:
        raise RefusalError(
            "UnsupportedProtocol",
            f"A load balancer of type '{balancer.kind}' takes {' or '.join(known)} here, not "
            f"'{protocol}'",
        )
    return Place(protocol=protocol, port=port, kind=balancer.kind)


def _asked(
    mutual: MutualAuthenticationAttributesTypeDef,
) -> MutualAuthenticationAttributesTypeDef:
    """Mutual authentication without what only answers have."""
    asked = mutual.copy()
    asked.pop("TrustStoreAssociationStatus", None)
    return asked


def _check_count(region: Region, balancer: LoadBalancer) -> None:
    balancer_arn = balancer.arn
    most = region.limits[f"listeners-per-{balancer.kind}-load-balancer"]
    if len(region.state.listeners_of(balancer_arn)) >= most:
        raise RefusalError(
            "TooManyListeners",
            f"The maximum number of listeners per load balancer '{most}' has been reached on load "
            f"balancer '{balancer_arn}'",
        )


def _secure_listener(state: State, arn: str) -> Listener:
    listener = listener_by_arn(state, arn)
    if listener.protocol != SECURE:
        raise misconfigured(f"The listener '{arn}' is not an HTTPS listener")
    return listener


def _actions(given: Sequence[object]) -> list[ActionOutputTypeDef]:
    # The parser yields lists where the request type promises only sequences.
    return cast("list[ActionOutputTypeDef]", list(given))

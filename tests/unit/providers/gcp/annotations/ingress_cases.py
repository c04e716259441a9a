"""What annotations of Ingresses promise: those of GKE, and our own for Google alone."""

from __future__ import annotations

from providers.gcp.reading.frontend_config import FrontendConfigName
from providers.gcp.reading.managed_certificate import ManagedCertificateNames
from providers.gcp.settings import AddressName
from providers.gcp.variant import Variant
from provisioner.model.annotation import Merge
from tests.unit.providers.gcp.annotations.cases import Case

LOAD_BALANCER = (
    Case(
        key="ingress-provisioner.io/google-load-balancer",
        setting="google-load-balancer",
        good="regional-external",
        value=Variant.REGIONAL_EXTERNAL,
        other="classic",
        wrong="EXTERNAL",
        hint="write one of global-external, classic, regional-external, regional-internal",
        merge=Merge.EXCLUSIVE,
        default="by class and scheme; external ones global-external, under incumbent"
        " compatibility classic",
    ),
    Case(
        key="kubernetes.io/ingress.global-static-ip-name",
        setting="static-address",
        good="shop-ip",
        value=AddressName(name="shop-ip"),
        other="other-ip",
        wrong="34.1.2.3",
        hint="write the name alone",
        merge=Merge.EXCLUSIVE,
        default="an address of its own",
    ),
    Case(
        key="kubernetes.io/ingress.regional-static-ip-name",
        setting="static-address",
        good="shop-ip",
        value=AddressName(name="shop-ip", regional=True),
        other="other-ip",
        wrong="projects/p/regions/r/addresses/shop-ip",
        hint="write the name alone",
        merge=Merge.EXCLUSIVE,
        default="an address of its own",
    ),
    Case(
        key="networking.gke.io/v1beta1.FrontendConfig",
        setting="frontend-config",
        good="front",
        value=FrontendConfigName(name="front"),
        other="other",
        wrong="shop/front",
        hint="looked for in the namespace of the Ingress",
        merge=Merge.EXCLUSIVE,
        default="none",
    ),
)

LISTENERS = (
    Case(
        key="kubernetes.io/ingress.allow-http",
        setting="allow-http",
        good="false",
        value=False,
        other="true",
        wrong="no",
        hint='write "true" or "false"',
        merge=Merge.MEMBER,
        default="true",
    ),
    Case(
        key="ingress.gcp.kubernetes.io/pre-shared-cert",
        setting="pre-shared-certificates",
        good="one, two,one",
        value=("one", "two"),
        other="three",
        wrong="one,Two",
        hint="write the name alone",
        merge=Merge.MEMBER,
        default="none",
    ),
    Case(
        key="networking.gke.io/managed-certificates",
        setting="managed-certificates",
        good="shop-cert, www.shop",
        value=ManagedCertificateNames(names=("shop-cert", "www.shop")),
        other="other",
        wrong=" , ",
        hint="name a ManagedCertificate",
        merge=Merge.MEMBER,
        default="none",
    ),
    Case(
        key="networking.gke.io/certmap",
        setting="certificate-map",
        good="shop-map",
        value="shop-map",
        other="other-map",
        wrong="//certificatemanager.googleapis.com/maps/shop-map",
        hint="write the name alone",
        merge=Merge.EXCLUSIVE,
        default="none",
    ),
    Case(
        key="networking.gke.io/suppress-firewall-xpn-error",
        setting="suppress-firewall-error",
        good="true",
        value=True,
        other="false",
        wrong="yes",
        hint='write "true" or "false"',
        merge=Merge.MEMBER,
        default="false",
    ),
)

"""Read a FrontendConfig: the settings of the front that GKE keeps in an object of its own.

Source: the CustomResourceDefinition FrontendConfig, networking.gke.io/v1beta1, of GKE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from providers.gcp.reading import words
from providers.gcp.reading.fields import RESOURCE_NAME, Fields, Notes
from providers.gcp.settings import (
    FRONTEND_CONFIG_KIND,
    REDIRECT_STATUS,
    FrontendConfig,
    HttpsRedirect,
)
from provisioner.model.kube import Parameters, ServicePort


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontendConfigName:
    """Which FrontendConfig an Ingress names (``core.objects.NamesObject``)."""

    name: str

    @classmethod
    def parse(cls, raw: str) -> FrontendConfigName:
        """Return the name in an annotation."""
        return cls(name=words.object_name(raw))

    @property
    def object_kind(self) -> str:
        """The kind of object that is named."""
        return FRONTEND_CONFIG_KIND

    def object_names(
        self,
        port: ServicePort | None,  # noqa: ARG002 - a front has no Service port
    ) -> tuple[str, ...]:
        """Return the name."""
        return (self.name,)

    def filled(self, found: Mapping[str, Parameters]) -> FrontendConfig | None:
        """Return what the object says; GKE goes on without one that does not exist."""
        named = found.get(self.name)
        return None if named is None else frontend_config(named)


def frontend_config(parameters: Parameters) -> FrontendConfig:
    """Return what a FrontendConfig says.

    Raises:
        ObjectError: Something in it cannot be.
    """
    notes = Notes(parameters.meta.name)
    spec = Fields(parameters.spec, where="spec", notes=notes)
    config = FrontendConfig(
        name=parameters.meta.name,
        ssl_policy=spec.matching("sslPolicy", RESOURCE_NAME, example="modern-tls"),
        redirect=_redirect(spec.block("redirectToHttps")),
    )
    return replace(config, object_remarks=notes.finished())


def _redirect(block: Fields | None) -> HttpsRedirect | None:
    if block is None:
        return None
    enabled = block.boolean("enabled") or False
    code = block.choice("responseCodeName", ("", *REDIRECT_STATUS))
    return HttpsRedirect(enabled=enabled, code=code) if code else HttpsRedirect(enabled=enabled)

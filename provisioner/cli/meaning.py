"""What a request says of the meaning of Ingresses, as settings."""

from __future__ import annotations

from provisioner.cli.options import Request
from provisioner.model.errors import ConfigError
from provisioner.model.intent import Compatibility
from provisioner.model.settings import Identity, Settings


def settings_of(request: Request, identity: Identity, *, settle_seconds: float) -> Settings:
    """Return the settings that a request describes.

    Args:
        request: What was typed.
        identity: Who we are.
        settle_seconds: How long a change of weights takes on the cloud, where nobody says.
    """
    return Settings(
        identity=identity,
        compatibility=_compatibility(request),
        classes=request.classes,
        default_namespace=request.namespace,
        target_mode=request.target_mode,
        scheme=request.scheme,
        node_growth=request.node_growth,
        pods_routable=request.pods_routable,
        tags=_tags(request.tags),
        settle_seconds=(
            settle_seconds if request.settle_seconds is None else request.settle_seconds
        ),
        drain_seconds=request.drain_seconds,
        drain_dns_seconds=request.drain_dns_seconds,
        health_deadline_seconds=request.health_deadline_seconds,
        prune=request.prune,
        take_over=request.take_over,
    )


def _compatibility(request: Request) -> Compatibility:
    """Return whose reading applies: what another controller made is first read as it reads."""
    if request.compatibility:
        return Compatibility(request.compatibility)
    return Compatibility.INCUMBENT if request.take_over else Compatibility.KUBERNETES


def _tags(texts: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigError(f"--tag {text!r} is not KEY=VALUE")
        found[key] = value
    return found

"""Ask services for which no typed client is at hand, as any other: through the gate.

The types of boto3 cover load balancing, networks and certificates. Firewalls, Shield, quotas and
buckets are asked a question or two each; their clients are made by botocore at run time, so the
method is looked up by name, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from providers.aws.client import Clients

Answer = Mapping[str, object]


def ask(clients: Clients, service: str, method: str, **parameters: object) -> Answer:
    """Return the answer of a service.

    Args:
        clients: Clients that read.
        service: boto3's name of the service (``wafv2``).
        method: boto3's name of the operation (``list_web_acls``).
        **parameters: As the operation takes them.

    Raises:
        ProviderError: AWS said no, or said nothing.
    """
    send = cast("Callable[..., Answer]", getattr(clients.named(service), method))
    return send(**parameters)


def objects(value: object) -> list[Answer]:
    """Return the objects of a list in an answer."""
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def text(answer: Answer, key: str) -> str:
    """Return a text of an answer, "" where it has none."""
    value = answer.get(key)
    return value if isinstance(value, str) else ""

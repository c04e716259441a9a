"""Say no in one place: what cannot be expressed is refused by name, never dropped.

A setting that is silently ignored looks like it works until the day it matters. So whatever this
product or a cloud cannot do goes through ``unsupported``, which is strict unless the caller states
what happens instead.
"""

from __future__ import annotations

from provisioner.model.diagnostic import Diagnostic, error, warning
from provisioner.model.kube import Key


def unsupported(
    capability: str,
    subject: str,
    *,
    field: str = "",
    fallback: str = "",
    hint: str = "",
    ingress: Key | None = None,
) -> Diagnostic:
    """Return the refusal of something that an object asks for.

    Args:
        capability: What is asked for, as the start of a sentence ("Rewriting paths").
        subject: The object, as a person would name it.
        field: Where it asks.
        fallback: What happens instead; with one this is a warning, without one a blocking error.
        hint: One way out.
        ingress: Whose it is.
    """
    if fallback:
        return warning(
            "OBJECT-UNSUPPORTED",
            subject,
            message=f"{capability} is not supported; {fallback}",
            field=field,
            hint=hint,
            ingress=ingress,
        )
    return error(
        "OBJECT-UNSUPPORTED",
        subject,
        message=f"{capability} is not supported",
        field=field,
        hint=hint or "remove it, or keep this Ingress on a controller that supports it",
        ingress=ingress,
    )

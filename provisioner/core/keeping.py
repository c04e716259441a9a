"""Turn what exists into what is wanted: the one way in which something stays as it is.

What cannot be planned now is kept, and what exists is asked the same questions as what is planned.
Both need an observed resource in the form of a desired one, equal to it in all that is compared, so
that nothing is written for it.
"""

from __future__ import annotations

from provisioner.model.resource import ObservedResource, Resource


def as_resource(observed: ObservedResource) -> Resource:
    """Return an observed resource as a desired one: it is to stay as it is."""
    return Resource(
        kind=observed.kind,
        address=observed.address,
        group=observed.group,
        name=observed.name,
        ingresses=observed.ingresses,
        spec=observed.spec,
        title=observed.title,
    )

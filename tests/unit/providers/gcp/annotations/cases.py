"""What a row of the annotation table test says, how its good value is read, and test objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from providers.gcp import provider
from provisioner.core.dialect import table_of
from provisioner.core.reading import Reading, read_annotations
from provisioner.core.translate import intents
from provisioner.model.annotation import Merge, Place
from provisioner.model.intent import Compatibility, Intent
from provisioner.model.kube import Ingress, IngressTls, Key, Parameters, Service
from provisioner.model.snapshot import Snapshot
from tests.factories import a_meta, a_snapshot, some_settings

TABLE = table_of(provider)

INGRESS = (Place.INGRESS,)
SERVICE = (Place.SERVICE,)
BOTH = (Place.INGRESS, Place.SERVICE)

GROUPS = {
    "BackendConfig": "cloud.google.com",
    "FrontendConfig": "networking.gke.io",
    "ManagedCertificate": "networking.gke.io",
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One annotation: what it takes, what it refuses, where it stands, how members meet.

    Attributes:
        key: The whole key.
        setting: The setting that it feeds.
        good: A value, and ``value`` what it is read as.
        other: Another good value, that contradicts the first.
        wrong: A value that is refused ("" where every text is taken) and ``hint``, a part of the
            way out that its error shows.
        default: What the reference page says holds without it.
    """

    key: str
    setting: str
    good: str
    value: object
    other: str
    wrong: str
    hint: str
    merge: Merge = Merge.OWN
    default: str = ""
    places: tuple[Place, ...] = INGRESS

    def __str__(self) -> str:
        return self.key


def reading_of(annotations: Mapping[str, str], place: Place = Place.INGRESS) -> Reading:
    """Return what annotations on ``shop/web`` say."""
    meta = replace(a_meta("shop/web"), annotations=annotations)
    return read_annotations(meta, place, table=TABLE)


def an_object(
    kind: str,
    name: str,
    spec: Mapping[str, object],
    *,
    status: Mapping[str, object] | None = None,
) -> Parameters:
    """Return an object of settings, as a cluster or a file holds it."""
    return Parameters(
        meta=a_meta(name), group=GROUPS[kind], kind=kind, spec=spec, status=status or {}
    )


def a_gke_world(*objects: Ingress | Service | Parameters) -> Snapshot:
    """Return a snapshot of files that hold these."""
    of_settings = [one for one in objects if isinstance(one, Parameters)]
    others = [one for one in objects if not isinstance(one, Parameters)]
    found = {(one.kind, one.meta.key): one for one in of_settings}
    return replace(a_snapshot(*others), objects=found)


def an_intent_of(
    *objects: Ingress | Service | Parameters,
    compatibility: Compatibility = Compatibility.KUBERNETES,
) -> Intent:
    """Return what these mean on Google Cloud."""
    return intents(a_gke_world(*objects), provider, some_settings(compatibility=compatibility))


def with_tls(ingress: Ingress, *secrets: str) -> Ingress:
    """Return an Ingress that names Secrets in ``spec.tls``."""
    return replace(ingress, tls=tuple(IngressTls(secret_name=name) for name in secrets))


def accepted(intent: Intent) -> set[Key]:
    """Return the members that are on their load balancers."""
    return {member.ingress for one in intent.load_balancers for member in one.members}

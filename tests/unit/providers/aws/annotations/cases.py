"""What a row of the annotation table test says, and how its good value is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from providers.aws import provider
from providers.aws.settings import PREFIX
from provisioner.core.dialect import table_of
from provisioner.core.reading import Reading, read_annotations
from provisioner.model.annotation import Merge, Place
from tests.factories import a_meta

TABLE = table_of(provider)

INGRESS = (Place.INGRESS,)
BOTH = (Place.INGRESS, Place.SERVICE)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One annotation: what it takes, what it refuses, where it stands, how members meet.

    Attributes:
        suffix: The key without its prefix; a family's ends in ``.*``.
        star: What stands for the star in this test.
        setting: The setting that it feeds.
        good: A value, and ``value`` what it is read as.
        other: Another good value, that contradicts the first.
        wrong: A value that is refused ("" where every text is taken) and ``hint``, a part of the
            way out that its error shows.
        default: What the reference page says holds without it.
    """

    suffix: str
    setting: str
    good: str
    value: object
    other: str
    wrong: str
    hint: str
    merge: Merge
    default: str = ""
    places: tuple[Place, ...] = INGRESS
    star: str = ""

    @property
    def key(self) -> str:
        """The whole key, with the star filled in."""
        return PREFIX + self.suffix.replace("*", self.star)

    def __str__(self) -> str:
        return self.suffix


def reading_of(annotations: Mapping[str, str], place: Place = Place.INGRESS) -> Reading:
    """Return what annotations on ``shop/web`` say."""
    meta = replace(a_meta("shop/web"), annotations=annotations)
    return read_annotations(meta, place, table=TABLE)


def value_of(reading: Reading, case: Case) -> object:
    """Return what was read of a case's setting."""
    if case.star:
        return reading.values.families[case.setting][case.star].value
    return reading.values.said[case.setting].value

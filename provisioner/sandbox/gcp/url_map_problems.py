"""What is wrong with a URL map, as a value: ``validate`` lists what ``insert`` raises."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.sandbox.gcp.errors import RefusalError


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a URL map."""

    field: str
    value: str
    message: str

    @property
    def sentence(self) -> str:
        """The problem as the API words it."""
        return f"Invalid value for field '{self.field}': '{self.value}'. {self.message}"

    def error(self) -> RefusalError:
        """The problem as a refusal."""
        return RefusalError(400, "invalid", self.sentence)

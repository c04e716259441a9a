"""What is wrong with the rules of a load balancer: errors of single paths, and all together.

Where a cloud cannot express a path, whatever notices it raises a ``RuleError``; whoever builds the
rules of the whole load balancer catches it, takes that one path out and goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from provisioner.core import report
from provisioner.model.diagnostic import Diagnostic, error
from provisioner.model.intent import Quarantined
from provisioner.model.kube import Key


class RuleError(ValueError):
    """A rule that a cloud cannot express: code, sentence and hint of its path's diagnostic.

    ``field`` is where the mistake stands, "" for the path itself.
    """

    def __init__(self, code: str, message: str, *, hint: str = "", field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.field = field

    def told(self, ingress: Key, path: str) -> Diagnostic:
        """Return the diagnostic that the Ingress of a path gets."""
        return error(
            self.code,
            f"Ingress {ingress}",
            ingress=ingress,
            field=self.field or path,
            message=str(self),
            hint=self.hint,
        )


class UnsupportedRuleError(RuleError):
    """A rule that asks for what a cloud does not do. ``capability`` starts the sentence."""

    def __init__(self, capability: str, *, hint: str = "", field: str = "") -> None:
        super().__init__("OBJECT-UNSUPPORTED", capability, hint=hint, field=field)

    def told(self, ingress: Key, path: str) -> Diagnostic:
        """Return the refusal by name."""
        return report.unsupported(
            str(self),
            f"Ingress {ingress}",
            field=self.field or path,
            hint=self.hint,
            ingress=ingress,
        )


@dataclass(slots=True)
class RuleFindings:
    """What is wrong with the rules of a load balancer, each thing once."""

    diagnostics: dict[Diagnostic, None] = field(default_factory=dict)
    quarantined: dict[Quarantined, None] = field(default_factory=dict)

    def remark(self, diagnostic: Diagnostic) -> None:
        """Add something that blocks nothing."""
        self.diagnostics[diagnostic] = None

    def set_aside(self, problem: Diagnostic) -> None:
        """Take the Ingress out that a problem blocks as a whole."""
        self.diagnostics[problem] = None
        if problem.ingress is not None:
            whole = Quarantined(ingress=problem.ingress, path="", diagnostic=problem)
            self.quarantined[whole] = None

    def quarantine(self, ingress: Key, path: str, problem: RuleError) -> None:
        """Take one path out."""
        finding = problem.told(ingress, path)
        self.diagnostics[finding] = None
        self.quarantined[Quarantined(ingress=ingress, path=path, diagnostic=finding)] = None

"""What is wrong with rules: the diagnostics of paths, and who is set aside."""

from __future__ import annotations

from provisioner.core.rule_findings import RuleError, RuleFindings, UnsupportedRuleError
from provisioner.model.diagnostic import error
from provisioner.model.kube import Key

WEB = Key("shop", "web")
PATH = "spec.rules[0].http.paths[0]"


def test_a_path_is_taken_out_once_with_its_field_and_hint() -> None:
    """However often the same thing is found: on every port, for every part."""
    findings = RuleFindings()

    for _ in range(2):
        findings.quarantine(WEB, PATH, RuleError("PATH-X", "it is odd", hint="write another"))

    (problem,) = findings.diagnostics
    assert (problem.code, problem.field, problem.hint, problem.blocking) == (
        "PATH-X",
        PATH,
        "write another",
        True,
    )
    assert [(each.ingress, each.path) for each in findings.quarantined] == [(WEB, PATH)]


def test_a_mistake_elsewhere_is_told_where_it_stands() -> None:
    """An annotation is wrong, a path is taken out."""
    findings = RuleFindings()

    findings.quarantine(WEB, PATH, RuleError("PATH-X", "it is odd", field="metadata.annotations"))

    (problem,) = findings.diagnostics
    assert problem.field == "metadata.annotations"
    assert [each.path for each in findings.quarantined] == [PATH]


def test_what_a_cloud_lacks_is_refused_by_name() -> None:
    """In the words that every refusal has."""
    findings = RuleFindings()

    findings.quarantine(WEB, PATH, UnsupportedRuleError("Splitting traffic", hint="do not"))

    (problem,) = findings.diagnostics
    assert (problem.code, problem.message, problem.hint) == (
        "OBJECT-UNSUPPORTED",
        "Splitting traffic is not supported",
        "do not",
    )


def test_an_ingress_is_set_aside_as_a_whole_by_a_problem_of_all() -> None:
    """One that is nobody's in particular sets nobody aside."""
    findings = RuleFindings()

    findings.set_aside(error("X", "Ingress shop/web", message="no", ingress=WEB))
    findings.set_aside(error("X", "load balancer edge", message="no"))

    assert [(each.ingress, each.path) for each in findings.quarantined] == [(WEB, "")]
    assert len(findings.diagnostics) == 2

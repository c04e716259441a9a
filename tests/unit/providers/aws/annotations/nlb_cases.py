"""Rows of the table test: the network load balancer in front.

Source: AWS Load Balancer Controller 3.5.0, pkg/ingress/model_build_frontend_nlb.go; both health
thresholds default to 2 there, whatever its documentation says.
"""

from __future__ import annotations

from provisioner.model.annotation import Merge
from tests.unit.providers.aws.annotations.cases import Case

_NAME = "frontend-nlb"
_CHECK = f"{_NAME}-healthcheck"


def _row(
    suffix: str,
    *,
    good: str,
    value: object,
    other: str,
    wrong: str = "",
    hint: str = "",
    default: str = "",
    merge: Merge = Merge.EXCLUSIVE,
) -> Case:
    return Case(
        suffix=suffix,
        setting=suffix,
        good=good,
        value=value,
        other=other,
        wrong=wrong,
        hint=hint,
        merge=merge,
        default=default,
    )


FRONTEND_NLB = (
    _row(
        "enable-frontend-nlb",
        good="true",
        value=True,
        other="false",
        wrong="yes",
        hint='write "true" or "false"',
        default="false",
    ),
    _row(
        f"{_NAME}-scheme",
        good="internet-facing",
        value="internet-facing",
        other="internal",
        wrong="public",
        hint="write one of internal, internet-facing",
        default="internal",
    ),
    _row(
        f"{_NAME}-subnets",
        good="subnet-1,subnet-2",
        value=("subnet-1", "subnet-2"),
        other="subnet-1",
        default="found by role tags",
    ),
    _row(
        f"{_NAME}-security-groups",
        good="sg-1,sg-2",
        value=("sg-1", "sg-2"),
        other="sg-2,sg-1",
        default="those of the ALB",
    ),
    _row(
        f"{_NAME}-listener-port-mapping",
        good="80=8080,443=8443",
        value={"80": "8080", "443": "8443"},
        other="80=8081",
        wrong="80=http",
        hint="NLB port, ALB port",
        default="every port of the ALB under its own number",
        merge=Merge.UNION,
    ),
    _row(
        f"{_NAME}-eip-allocations",
        good="eipalloc-1,eipalloc-2",
        value=("eipalloc-1", "eipalloc-2"),
        other="eipalloc-2,eipalloc-1",
        wrong="203.0.113.7",
        hint="write ids such as eipalloc-",
        default="addresses of Amazon's choice",
    ),
    _row(
        f"{_NAME}-attributes",
        good="load_balancing.cross_zone.enabled=true",
        value={"load_balancing.cross_zone.enabled": "true"},
        other="load_balancing.cross_zone.enabled=false",
        wrong="load_balancing.cross_zone.enable=true",
        hint="did you mean load_balancing.cross_zone.enabled?",
    ),
    _row(
        f"{_NAME}-tags",
        good="team=shop",
        value={"team": "shop"},
        other="team=shop,stage=test",
        wrong="ingress-provisioner.io/owner=me",
        hint="choose a key of your own",
        default="those of the ALB",
    ),
    _row(
        f"{_CHECK}-port",
        good="8080",
        value="8080",
        other="traffic-port",
        wrong="http",
        hint='write "traffic-port" or a number',
        default="traffic-port",
    ),
    _row(
        f"{_CHECK}-protocol",
        good="HTTPS",
        value="HTTPS",
        other="HTTP",
        wrong="TCP",
        hint="write one of HTTP, HTTPS",
        default="HTTP",
    ),
    _row(
        f"{_CHECK}-path",
        good="/healthz",
        value="/healthz",
        other="/",
        wrong=" ",
        hint="give it a value",
        default="/",
    ),
    _row(
        f"{_CHECK}-interval-seconds",
        good="30",
        value=30,
        other="15",
        wrong="301",
        hint="from 5 to 300",
        default="15",
    ),
    _row(
        f"{_CHECK}-timeout-seconds",
        good="10",
        value=10,
        other="5",
        wrong="1",
        hint="from 2 to 120",
        default="5",
    ),
    _row(
        f"{_CHECK}-healthy-threshold-count",
        good="3",
        value=3,
        other="2",
        wrong="11",
        hint="from 2 to 10",
        default="2",
    ),
    _row(
        f"{_CHECK}-unhealthy-threshold-count",
        good="3",
        value=3,
        other="2",
        wrong="1",
        hint="from 2 to 10",
        default="2",
    ),
    _row(
        f"{_CHECK}-success-codes",
        good="200-399",
        value="200-399",
        other="200",
        wrong=" ",
        hint="give it a value",
        default="200",
    ),
)

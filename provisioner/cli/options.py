"""The options that commands share, once each, and the value that they become.

A ``Request`` is everything that decides *which world* is planned and *how*. It is a value, so that
a saved plan can record it and ``apply`` can make the same plan again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Final, TypeAlias

import click

from provisioner.cli.session import Session

Command: TypeAlias = Callable[..., int | None]
Decorator: TypeAlias = Callable[[Command], Command]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Which world to plan, and how. The defaults are those of the options."""

    # what the Kubernetes side is
    files: tuple[str, ...] = ()
    namespace: str = "default"
    no_cluster: bool = False
    kubeconfig: str = ""
    context: str = ""
    overlay: bool = False
    owned_by: str = ""
    prune: bool = False
    # what the cloud side is
    provider: str = ""
    cluster_name: str = ""
    cluster_uid: str = ""
    ingress_uid: str = ""
    instance: str = "default"
    region: str = ""
    project: str = ""
    account: str = ""
    endpoint_url: str = ""
    vpc_id: str = ""
    # what the Ingresses mean
    classes: tuple[str, ...] = ()
    compatibility: str = ""
    target_mode: str = ""
    scheme: str = ""
    tags: tuple[str, ...] = ()
    node_growth: float = 1.0
    pods_routable: bool | None = None
    settle_seconds: float | None = None
    drain_seconds: float | None = None
    drain_dns_seconds: float = 3600.0
    health_deadline_seconds: float = 600.0
    take_over: bool = False


_REQUEST_FIELDS: Final = tuple(field.name for field in fields(Request))

FILE_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.option(
        "-f",
        "--filename",
        "files",
        multiple=True,
        metavar="PATH",
        help="A manifest, a folder of manifests, or - for standard input. May be repeated. "
        "Without it the cluster of the current kubeconfig is read.",
    ),
    click.option(
        "-n",
        "--namespace",
        default="default",
        show_default=True,
        help="Namespace of objects in files that name none.",
    ),
)
NO_CLUSTER_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.option(
        "--no-cluster",
        is_flag=True,
        help="Ask no cluster for anything; the files are all there is.",
    ),
)
KUBECONFIG_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.option(
        "--kubeconfig", default="", metavar="FILE", help="Kubeconfig to use instead of the usual."
    ),
    click.option("--context", default="", help="Kubeconfig context to use."),
)
CLUSTER_OPTIONS: Final = (*NO_CLUSTER_OPTIONS, *KUBECONFIG_OPTIONS)
SOURCE_OPTIONS: Final = (*FILE_OPTIONS, *CLUSTER_OPTIONS)
FILE_MODE_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.option(
        "--overlay",
        is_flag=True,
        help="Lay the files over the live cluster, as kubectl apply would.",
    ),
    click.option(
        "--owned-by",
        default="",
        metavar="SELECTOR",
        help="With --overlay: cluster objects with these labels that the files no longer contain "
        "are gone.",
    ),
    click.option(
        "--prune",
        is_flag=True,
        help="With -f: also remove the rules of Ingresses that no file mentions.",
    ),
)
CLOUD_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.option(
        "--provider",
        default="",
        envvar="PROVISIONER_PROVIDER",
        help="The cloud: aws or gcp. Found by itself where the account file, the classes and "
        "annotations of your files, or the nodes of the cluster tell.",
    ),
    click.option(
        "--cluster-name",
        default="",
        envvar="PROVISIONER_CLUSTER_NAME",
        help="Name of the cluster in every ownership mark.",
    ),
    click.option(
        "--cluster-uid",
        default="",
        envvar="PROVISIONER_CLUSTER_UID",
        help="UID of the namespace kube-system, where no cluster can be asked.",
    ),
    click.option(
        "--ingress-uid",
        default="",
        envvar="PROVISIONER_INGRESS_UID",
        help="Google: the uid in ConfigMap kube-system/ingress-uid, where no cluster can be asked. "
        "Names of GKE's own resources are made of it.",
    ),
    click.option(
        "--instance",
        default="default",
        show_default=True,
        envvar="PROVISIONER_INSTANCE",
        help="Which installation in the cluster this is.",
    ),
    click.option(
        "--region",
        default="",
        envvar="PROVISIONER_REGION",
        help="Region of the account. Default on Google: CLOUDSDK_COMPUTE_REGION, else that of the "
        "nodes.",
    ),
    click.option(
        "--project",
        default="",
        envvar="PROVISIONER_PROJECT",
        help="Google: the project. Default: GOOGLE_CLOUD_PROJECT, CLOUDSDK_CORE_PROJECT, else that "
        "of the nodes.",
    ),
    click.option(
        "--endpoint-url",
        default="",
        metavar="URL",
        envvar="PROVISIONER_ENDPOINT_URL",
        help="Address of the cloud API, for emulators.",
    ),
    click.option("--vpc-id", default="", help="The VPC, where it cannot be told otherwise."),
)
ACCOUNT_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.option(
        "--account",
        default="",
        metavar="FILE",
        help="Plan from this account file instead of the live account.",
    ),
)
MEANING_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.option(
        "--class",
        "classes",
        multiple=True,
        metavar="NAME",
        help="Count this IngressClass as ours in files that do not hold it. May be repeated.",
    ),
    click.option(
        "--compatibility",
        type=click.Choice(["kubernetes", "incumbent"]),
        default=None,
        show_default="kubernetes; incumbent with --take-over",
        help="Whose reading of an Ingress applies: the Kubernetes API's or the incumbent's.",
    ),
    click.option(
        "--target-mode",
        type=click.Choice(["auto", "pod", "node-port"]),
        default=None,
        help="How traffic reaches pods where nobody says.",
    ),
    click.option(
        "--scheme",
        type=click.Choice(["internal", "external"]),
        default=None,
        help="Scheme of load balancers where nobody says.",
    ),
    click.option(
        "--tag",
        "tags",
        multiple=True,
        metavar="KEY=VALUE",
        help="A tag for everything that takes tags. May be repeated.",
    ),
    click.option(
        "--node-growth",
        type=click.FloatRange(min=1.0),
        default=1.0,
        show_default=True,
        help="Factor on the number of nodes in the arithmetic of node-port mode.",
    ),
    click.option(
        "--pods-routable/--no-pods-routable",
        default=None,
        help="What to assume of pod addresses while there are no pods.",
    ),
)
WAIT_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.option(
        "--settle-seconds",
        type=click.FloatRange(min=0),
        default=None,
        help="Time that a change of weights takes to reach the data plane (AWS: 30, Google: 360).",
    ),
    click.option(
        "--drain-seconds",
        type=click.FloatRange(min=0),
        default=None,
        help="Upper limit on waiting for connections to end.",
    ),
    click.option(
        "--drain-dns-seconds",
        type=click.FloatRange(min=0),
        default=3600.0,
        show_default=True,
        help="How long a replaced load balancer stays for clients that know its address.",
    ),
    click.option(
        "--health-deadline-seconds",
        type=click.FloatRange(min=0),
        default=600.0,
        show_default=True,
        help="How long to wait for a new backend before the switch is given up.",
    ),
)
PLANNING_OPTIONS: Final = (
    *SOURCE_OPTIONS,
    *FILE_MODE_OPTIONS,
    *CLOUD_OPTIONS,
    *ACCOUNT_OPTIONS,
    *MEANING_OPTIONS,
    *WAIT_OPTIONS,
)
"""What every command takes that plans."""

TAKE_OVER_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.option(
        "--take-over",
        is_flag=True,
        help="Compare with what the incumbent controller made: its Ingresses and its resources "
        "count as ours. Such a plan cannot be applied.",
    ),
)
"""What ``plan`` takes besides."""

REFUSED_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.option("--take-over", is_flag=True, hidden=True),
)
"""What commands that write take only to refuse it by name."""

RUN_OPTIONS: Final = (
    *KUBECONFIG_OPTIONS,
    *CLOUD_OPTIONS,
    *MEANING_OPTIONS,
    *WAIT_OPTIONS,
)
"""The same for the controller, which reads no files."""


def stacked(options: Sequence[Decorator], command: Command) -> Command:
    """Apply decorators so that help lists the options in the order given here."""
    for option in reversed(options):
        command = option(command)
    return command


def request_options(*groups: Sequence[Decorator]) -> Decorator:
    """Give a command these options, and one ``request`` argument in place of them all."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def wrapper(**values: object) -> int | None:
            given = {name: values.pop(name) for name in _REQUEST_FIELDS if name in values}
            return command(request=_request(given), **values)

        return stacked([option for group in groups for option in group], wrapper)

    return decorate


def _request(given: dict[str, object]) -> Request:
    """Return the request that these option values say; None stands for "not given"."""
    defaults = {field.name: field.default for field in fields(Request)}
    # click has checked every value against its option's type, which mypy cannot follow.
    chosen = {k: defaults[k] if v is None else v for k, v in given.items()}
    return Request(**chosen)  # type: ignore[arg-type]  # see the line above


def _remember_format(ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if isinstance(ctx.obj, Session) and value == "json":
        ctx.obj.json = True
    return value


def _remember_debug(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's protocol
    if isinstance(ctx.obj, Session) and value:
        ctx.obj.debug = True


debug_option: Final = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    callback=_remember_debug,
    help="Show the traceback of an unexpected error.",
)


def output_options(*formats: str) -> Decorator:
    """Give a command ``-o`` with these formats, ``--out`` and ``--debug``."""

    def decorate(command: Command) -> Command:
        options: tuple[Decorator, ...] = (
            click.option(
                "-o",
                "--output",
                type=click.Choice(formats),
                default=None,
                callback=_remember_format,
                help="Format. Default: what the name of --out says, else text.",
            ),
            click.option("--out", default="", metavar="FILE", help="Write to this file."),
            debug_option,
        )
        return stacked(options, command)

    return decorate


_EXIT_CODE_OPTIONS: Final[tuple[Decorator, ...]] = (
    click.option(
        "--detailed-exitcode", is_flag=True, help="Exit with 2 where there are changes to make."
    ),
    click.option(
        "--fail-on",
        type=click.Choice(["never", "error", "warning"]),
        default=None,
        help="Exit with 1 on diagnostics of this weight. Default: errors in your files; without "
        "files, only when nothing could be planned.",
    ),
)


def exit_code_options(command: Command) -> Command:
    """Give a command the options that decide its exit code."""
    return stacked(_EXIT_CODE_OPTIONS, command)

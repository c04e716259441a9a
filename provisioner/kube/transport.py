"""One HTTP request to the API server: bytes out, bytes back.

Everything that is hard about it comes from the kubernetes client: kubeconfig, exec credentials,
client certificates, proxies, token refresh. What the client would add on top is left out: its
retries (ours sit above the fence; a hidden second attempt could outlive our leadership) and its
models.

Importing this module imports the kubernetes client (0.26 s), so only ``connect`` does.
"""

from __future__ import annotations

from pathlib import Path

import urllib3
import yaml
from kubernetes import client as kubernetes_client
from kubernetes import config as kubernetes_config
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException

from provisioner.kube.errors import NoCluster
from provisioner.kube.requests import Connection, NoAnswer, Request, Response, Timeouts

_BROKEN = (
    ConfigException,
    yaml.YAMLError,
    RecursionError,
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
)
_REQUEST_FAILURES = (urllib3.exceptions.HTTPError, ApiException, OSError, ConfigException)

_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class ApiTransport:
    """Sends requests with the credentials of one configuration."""

    def __init__(
        self, configuration: kubernetes_client.Configuration, *, namespace: str = ""
    ) -> None:
        configuration.retries = False
        self._api = kubernetes_client.ApiClient(configuration)
        self._api.user_agent = "ingress-provisioner"
        self.server = str(configuration.host)
        self.namespace = namespace or "default"

    def send(self, request: Request, timeouts: Timeouts) -> Response:
        """Send one request, once.

        Raises:
            NoAnswer: There was none; a write may or may not have been carried out.
        """
        headers = {"Accept": "application/json", **self._api.default_headers}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        try:
            self._api.update_params_for_auth(
                headers, [], ["BearerToken"], request.path, request.method, None
            )
            answer = self._api.rest_client.pool_manager.request(
                request.method,
                self.server + request.target,
                body=request.body,
                headers=headers,
                timeout=urllib3.Timeout(connect=timeouts.connect, read=timeouts.read),
                retries=False,
            )
        except _REQUEST_FAILURES as err:
            raise NoAnswer(_reason(err)) from err
        return Response(answer.status, answer.data)

    def connection(self) -> Connection:
        """Return the credentials as they are now; the client refreshes those that expire."""
        settings = self._api.configuration
        token = settings.get_api_key_with_prefix("authorization") or ""
        return Connection(
            server=self.server,
            ca_path=settings.ssl_ca_cert or "",
            insecure=not settings.verify_ssl,
            token=token.removeprefix("Bearer ").removeprefix("bearer "),
            username=settings.username or "",
            password=settings.password or "",
            certificate_path=settings.cert_file or "",
            private_key_path=settings.key_file or "",
        )

    def close(self) -> None:
        """Close all connections."""
        self._api.close()  # type: ignore[no-untyped-call]  # the client annotates it not


def from_kubeconfig(path: str, context: str | None) -> ApiTransport:
    """Return the transport that a kubeconfig describes; the file is never written to.

    Raises:
        NoCluster: The file, or the context in it, cannot be used.
    """
    configuration = kubernetes_client.Configuration()
    try:
        kubernetes_config.load_kube_config(  # type: ignore[no-untyped-call]  # likewise
            config_file=path,
            context=context,
            client_configuration=configuration,
            persist_config=False,
        )
    except _BROKEN as err:
        which = f"context {context!r} of " if context else ""
        raise NoCluster(
            f"The {which}kubeconfig {path} cannot be used: {_one_line(err)}.",
            hint="Run: kubectl config get-contexts",
        ) from err
    return ApiTransport(configuration, namespace=_namespace(path, context))


def _namespace(path: str, context: str | None) -> str:
    """Return the namespace that a context prefers, "" where it has none."""
    contexts, current = kubernetes_config.list_kube_config_contexts(  # type: ignore[no-untyped-call]  # likewise
        config_file=path
    )
    chosen = next((c for c in contexts if c["name"] == context), current)
    return str((chosen.get("context") or {}).get("namespace") or "")


def in_cluster() -> ApiTransport:
    """Return the transport of a pod's service account.

    Raises:
        NoCluster: This is no pod, or its token is not mounted.
    """
    configuration = kubernetes_client.Configuration()
    try:
        kubernetes_config.load_incluster_config(  # type: ignore[no-untyped-call]  # likewise
            client_configuration=configuration
        )
    except _BROKEN as err:
        raise NoCluster(
            f"This process is not a pod with a service account: {_one_line(err)}.",
            hint="Outside a cluster, name a kubeconfig.",
        ) from err
    return ApiTransport(configuration, namespace=_pod_namespace())


def _pod_namespace() -> str:
    try:
        return _POD_NAMESPACE.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _one_line(err: Exception) -> str:
    return " ".join(str(err).split()).rstrip(".") or type(err).__name__


def _reason(err: Exception) -> str:
    """Return why there was no answer, in few words."""
    match err:
        case urllib3.exceptions.ConnectTimeoutError() | urllib3.exceptions.ReadTimeoutError():
            return "timed out"
        case urllib3.exceptions.NameResolutionError():
            return "the host name cannot be resolved"
        case urllib3.exceptions.NewConnectionError():
            return "connection refused"
        case _:
            return _one_line(err)

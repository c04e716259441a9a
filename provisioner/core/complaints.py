"""What can be wrong with a single Ingress, in sentences: code, object, field, message, way out."""

from __future__ import annotations

from provisioner.core import report
from provisioner.core.reading import Said
from provisioner.core.service_ports import DEFAULT_BACKEND
from provisioner.model.diagnostic import Diagnostic, error, info, warning
from provisioner.model.intent import PathType
from provisioner.model.kube import HttpPath, IngressBackend, Key


class Complaints:
    """The diagnostics of one Ingress, in one voice."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self.subject = f"Ingress {key}"

    def _error(self, code: str, message: str, *, field: str, hint: str) -> Diagnostic:
        return error(
            code,
            self.subject,
            message=message,
            field=field,
            hint=hint,
            ingress=self._key,
        )

    def bad_host(self, host: str, field: str, trouble: str) -> Diagnostic:
        """Refuse a host."""
        return self._error(
            "HOST-INVALID",
            f'host "{host}" cannot be served: {trouble}',
            field=field,
            hint='write a name such as "shop.example.com" or "*.example.com"',
        )

    def bad_type(self, path: HttpPath, field: str) -> Diagnostic:
        """Refuse a path type."""
        said = f'path type "{path.path_type}" does not exist' if path.path_type else "it has none"
        return self._error(
            "PATH-TYPE",
            f'path "{path.path}" needs a path type: {said}',
            field=field,
            hint="write " + ", ".join(PathType),
        )

    def bad_path(self, path: HttpPath, field: str, trouble: str) -> Diagnostic:
        """Refuse a path."""
        return self._error(
            "PATH-INVALID",
            f'{path.path_type} path "{path.path}" cannot be served: {trouble}',
            field=field,
            hint='write an absolute path such as "/cart"',
        )

    def resource(self, backend: IngressBackend, field: str) -> Diagnostic:
        """Refuse a backend that is not a Service."""
        return report.unsupported(
            f"Serving {backend.resource} as a backend",
            self.subject,
            field=f"{field}.backend.resource" if field != DEFAULT_BACKEND else f"{field}.resource",
            hint="name a Service",
            ingress=self._key,
        )

    def no_backend(self, field: str) -> Diagnostic:
        """Refuse a path without a backend."""
        return self._error(
            "BACKEND-MISSING", "no backend is named", field=field, hint="name a Service and a port"
        )

    def entry_lost(self, service: Key, field: str) -> Diagnostic:
        """Say that a Service asks clients for something that the rule would not ask for."""
        return self._error(
            "PATH-ENTRY-LOST",
            f"Service {service} says who may come in, but the path leads to others as well, and a"
            " rule has one way in",
            field=field,
            hint="say it on the Ingress",
        )

    def no_action(self, name: str, field: str) -> Diagnostic:
        """Refuse a reference to an action that nothing defines."""
        return self._error(
            "BACKEND-ACTION-MISSING",
            f"no annotation defines the action {name}",
            field=field,
            hint=f"add annotation actions.{name}, or name a port of a Service",
        )

    def no_paths(self, field: str) -> Diagnostic:
        """Tell that a rule does nothing."""
        return info(
            "HOST-WITHOUT-PATHS",
            self.subject,
            message="a rule without paths has no effect here",
            field=field,
            ingress=self._key,
        )

    def no_default(self, host: str, field: str) -> Diagnostic:
        """Tell that a host answers 404."""
        return warning(
            "HOST-WITHOUT-PATHS",
            self.subject,
            message=f"host {host} has no paths and its Ingress no default backend,"
            " so it answers 404",
            field=field,
            hint="add paths or a default backend",
            ingress=self._key,
        )

    def tls_unused(self) -> Diagnostic:
        """Tell that TLS hosts are served without TLS."""
        return warning(
            "LISTENER-TLS-UNUSED",
            self.subject,
            message="spec.tls alone opens no HTTPS port, so its hosts are served without TLS",
            field="spec.tls",
            hint='add annotation ingress-provisioner.io/listen-ports: "HTTPS:443"',
            ingress=self._key,
        )

    def unused(self, suffix: str, said: Said[object]) -> Diagnostic:
        """Tell that an annotation about a backend meets no path."""
        return warning(
            "ANNOTATION-UNUSED",
            self.subject,
            message=f'annotation {said.key} has no effect: no path names "{suffix}"',
            field=said.field,
            hint=f'name "{suffix}" as the backend service of a path',
            ingress=self._key,
        )


def softened(problem: Diagnostic) -> Diagnostic:
    """Return a problem that the incumbent tolerates as a warning."""
    return warning(
        problem.code,
        problem.subject,
        message=f"{problem.message}; requests for it are answered with 503",
        field=problem.field,
        hint=problem.hint,
        ingress=problem.ingress,
    )

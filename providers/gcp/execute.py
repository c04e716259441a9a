"""The one way to write to Google Cloud: a call goes out, and its operation is waited for.

What happens to a call depends on its verb alone:

* ``insert`` sends the resource. One of that name which exists already and bears our mark for this
  very address is the work of an earlier attempt, and as good as ours.
* ``update`` and ``patch`` read the resource first: an update changes only fields that are ours and
  sends everything else back as it was, a patch carries the fingerprint. Somebody who was faster
  makes the fingerprint stale; then both start over.
* ``setNamedPorts`` does the same with a list that other people keep their ports in.
* everything else is sent as it stands.

A call counts as made when its operation is over, not when it was accepted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from providers.gcp import marks
from providers.gcp.client import Client, Object, decoded
from providers.gcp.errors import EXISTS, STALE
from providers.gcp.gcloud import firewall_line
from providers.gcp.links import path_of, place_of, shortened
from providers.gcp.live.journal import Journal
from providers.gcp.live.merge import merged, merged_ports
from providers.gcp.live.operations import finished
from providers.gcp.methods import UnknownMethodError, getter, method
from providers.shell.sending import found_in, refusal, thawed
from provisioner.model.change import Call
from provisioner.model.errors import Conflict, Denied, ProviderError, Rejected
from provisioner.ports import CloudTarget, Fence

Json: TypeAlias = object

log = logging.getLogger(__name__)

NOTHING: Mapping[str, str] = MappingProxyType({})
STALE_ATTEMPTS = 5
STALE_PAUSE = 0.2

_NEW_FIREWALL, _OTHER_FIREWALL = "firewalls.insert", "firewalls.update"
_RESOURCE = "resource."
_MEMBERSHIP = frozenset(  # no listing tells who is in a group
    {"attachNetworkEndpoints", "detachNetworkEndpoints", "addInstances", "removeInstances"}
)
_PLACES = ("region", "zone", "project")  # said by the URL, not by the body


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """A call's parameters, taken apart."""

    call: Call
    scope: str
    name: str
    project: str
    body: Mapping[str, Json]
    removed: tuple[str, ...]
    key_name: str

    @property
    def operation(self) -> str:
        return self.call.operation


def open_writer(target: CloudTarget, fence: Fence, reader: object = None) -> GcpWriter:
    """Return a writer to the project behind ``target``; it tells ``reader`` what it has written.

    Raises:
        ConfigError: There are no credentials, or no project is named.
    """
    client = Client(target, fence=fence)
    journal = getattr(reader, "journal", None)
    return GcpWriter(
        client, journal=journal if isinstance(journal, Journal) else Journal(client.clock)
    )


class GcpWriter:
    """Implements ``ports.Writer``; safe to share between threads."""

    def __init__(self, client: Client, *, journal: Journal) -> None:
        """Write through ``client``, which holds the fence; tell ``journal`` what was written."""
        self._client = client
        self._journal = journal

    def send(self, call: Call, parameters: Mapping[str, object]) -> Mapping[str, str]:
        """Make one call, wait for its operation, and return the outputs that it names.

        Raises:
            NotLeader: The fence is down; nothing was sent.
            ProviderError: Google said no, at once or in the operation, or said nothing.
        """
        request = _request(call, parameters)
        try:
            outputs = self._carry_out(request)
        except ProviderError as error:
            told = refusal(error, call)
            if told is not None:
                raise _with_a_way_out(told, request) from None
            return NOTHING
        log.info("%s for %s: done", call.operation, call.address)
        return outputs

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _carry_out(self, request: _Request) -> Mapping[str, str]:
        match method(request.operation).verb:
            case "insert":
                return self._insert(request)
            case "update":
                self._edit(request, lambda current: _updated(current, request.body))
            case "patch":
                self._edit(request, lambda current: _patched(current, request.body))
            case "setNamedPorts":
                self._edit(request, lambda current: _with_ports(current, request))
            case "delete":
                over = self._send(request, body=None)
                self._journal.deleted(path_of(str(over.get("targetLink", ""))))
            case "deleteSignedUrlKey":
                self._send(request, body=None, query={"keyName": request.key_name})
            case _:
                self._send(request, body=msgspec.json.encode(_without_nones(request.body)))
        return NOTHING

    def _insert(self, request: _Request) -> Mapping[str, str]:
        body = {key: value for key, value in request.body.items() if key not in _PLACES}
        try:
            over = self._send(request, body=msgspec.json.encode(_without_nones(body)))
        except Conflict as error:
            if error.code != EXISTS:
                raise
            return self._present(request, error)
        link = path_of(str(over.get("targetLink", "")))
        made = self._read(request, link)
        self._journal.created(link, made)
        return _outputs(request.call, over, made)

    def _present(self, request: _Request, error: Conflict) -> Mapping[str, str]:
        """Return the outputs of what has the name already, if it is what we wanted to make."""
        name, wanted = str(request.body.get("name", "")), str(request.body.get("description", ""))
        content = self._client.get(
            getter(request.operation), request.scope, name, project=request.project
        )
        found = _short(content)
        present = str(found.get("description", ""))
        ours = marks.owner_of(wanted) and marks.owner_of(present) == marks.owner_of(wanted)
        if not ours or marks.address_of(present) != marks.address_of(wanted):
            raise Conflict(
                f"{error.message}; it is not ours to use",
                hint=f"rename or delete {name}, which somebody else has made",
                operation=error.operation,
                code=error.code,
            ) from None
        log.info("%s for %s: exists already", request.operation, request.call.address)
        self._journal.created(str(found.get("selfLink", "")), found)
        return _outputs(request.call, {"targetLink": found.get("selfLink", "")}, found)

    def _edit(self, request: _Request, edit: Callable[[bytes], bytes]) -> None:
        """Read a resource, change it, and send it back; start over where somebody was faster."""
        reading = getter(request.operation)
        for attempt in range(1, STALE_ATTEMPTS + 1):
            current = self._client.get(
                reading, request.scope, request.name, project=request.project
            )
            try:
                self._send(request, body=edit(current))
            except Conflict as error:
                if error.code != STALE or attempt == STALE_ATTEMPTS:
                    raise
                self._client.clock.sleep(STALE_PAUSE * attempt)
                continue
            self._remember(request, current)
            return

    def _remember(self, request: _Request, before: bytes) -> None:
        """Tell the journal what a resource is now, where its fingerprint says what it was."""
        old = _short(before)
        link, fingerprint = str(old.get("selfLink", "")), str(old.get("fingerprint", ""))
        if fingerprint:
            self._journal.changed(link, self._read(request, link), before=fingerprint)

    def _read(self, request: _Request, link: str) -> Object:
        """Return a resource as it is now."""
        place = place_of(link)
        if place is None:
            raise Rejected(
                f"the answer to {request.operation} names no resource",
                hint="plan again: what was created will be found by its description",
                operation=request.operation,
            )
        reading = getter(request.operation)
        return _short(self._client.get(reading, place.scope, place.name, project=place.project))

    def _send(
        self, request: _Request, *, body: bytes | None, query: Mapping[str, str] = NOTHING
    ) -> Object:
        path = self._client.path(
            request.operation, request.scope, request.name, project=request.project
        )
        asked = method(request.operation)
        try:
            answer = self._client.call(request.operation, path, query=query, body=body)
            return finished(self._client, answer, request.operation)
        finally:
            if asked.verb not in _MEMBERSHIP:
                self._journal.wrote(asked.collection, request.project or self._client.project)


def _with_a_way_out(error: ProviderError, request: _Request) -> ProviderError:
    """Say what others can do: firewall rules of a Shared VPC are often for them alone to make."""
    name, body = request.name, request.body
    if isinstance(error, Denied) and request.operation in {_NEW_FIREWALL, _OTHER_FIREWALL}:
        new = request.operation == _NEW_FIREWALL
        name = str(body.get("name", "")) if new else name
        line = firewall_line(body, name=name, project=request.project, new=new)
        error.hint = f"have it done by an administrator of the network: {line}"
    return error


def _request(call: Call, parameters: Mapping[str, object]) -> _Request:
    """Return a call's parameters, taken apart.

    Raises:
        Rejected: They are none that this writer can send; a bug.
    """
    plain = thawed(parameters)
    fields = plain if isinstance(plain, dict) else {}
    body, removed = fields.get("body", {}), fields.get("remove", [])
    try:
        method(call.operation)
    except UnknownMethodError as error:
        raise _malformed(call, str(error)) from error
    if not fields.get("scope") or not isinstance(body, dict) or not isinstance(removed, list):
        raise _malformed(call, "it lacks a scope, or its body is no object")
    return _Request(
        call=call,
        scope=str(fields["scope"]),
        name=str(fields.get("name", "")),
        project=str(fields.get("project", "")),
        body=body,
        removed=tuple(str(name) for name in removed),
        key_name=str(fields.get("keyName", "")),
    )


def _malformed(call: Call, why: str) -> Rejected:
    return Rejected(
        f"{call.operation} for {call.address} cannot be sent: {why}",
        hint="this is a bug in Ingress Provisioner; please report it",
        operation=call.operation,
    )


def _updated(current: bytes, wanted: Mapping[str, Json]) -> bytes:
    present, description = decoded(current).get("description", ""), wanted.get("description")
    if isinstance(description, str) and isinstance(present, str):
        wanted = {**wanted, "description": marks.merged(present, description)}
    return merged(current, {k: v for k, v in wanted.items() if k not in _PLACES})


def _patched(current: bytes, wanted: Mapping[str, Json]) -> bytes:
    fingerprint = decoded(current).get("fingerprint")
    guard = {"fingerprint": fingerprint} if fingerprint else {}
    return msgspec.json.encode({**wanted, **guard})


def _with_ports(current: bytes, request: _Request) -> bytes:
    ports = request.body.get("namedPorts", [])
    wanted = [port for port in ports if isinstance(port, dict)] if isinstance(ports, list) else []
    return merged_ports(current, wanted, request.removed)


def _without_nones(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_nones(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nones(item) for item in value]
    return value


def _short(content: bytes) -> Object:
    short = shortened(decoded(content))
    return short if isinstance(short, dict) else {}


def _outputs(call: Call, over: Object, made: Object) -> Mapping[str, str]:
    """Return what a call gives, links without their host.

    They are fields of its operation, or of the resource that it is about.
    """
    return {name: _output(path, call, over, made) for name, path in sorted(call.outputs.items())}


def _output(path: str, call: Call, over: Object, made: Object) -> str:
    answer = made if path.startswith(_RESOURCE) else over
    return path_of(found_in(answer, path.removeprefix(_RESOURCE), call, mark="description"))

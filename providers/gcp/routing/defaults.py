"""What answers where no path of a host, or no host at all, matched.

A URL map always has an answer for that. Where nobody has a default backend it is 404. The classic
load balancer cannot give one itself; there it takes GKE's default backend, and where there is none
either, whatever answers for the whole load balancer, which its Ingresses are told.

The default backend of an Ingress that cannot be planned stays what answers, as long as it is what
answers now.
"""

from __future__ import annotations

from collections.abc import Sequence

from providers.gcp.routing.canonical import ANY_HOST
from providers.gcp.routing.drafts import Answer
from providers.gcp.routing.scenes import Scene
from provisioner.model.intent import FixedResponse, Member, PathRule
from provisioner.model.resource import Spec


def map_answer(scene: Scene) -> Answer | None:
    """Return what answers where no host rule matches, None where a URL map cannot be made."""
    listener = scene.listener
    owner = listener.default_ingress
    present = scene.present.get(("", ""))
    if owner is None:
        if present is not None and present.ingress in scene.held:
            return Answer(action=present.action, owner=present.ingress)
        return _nobodys(scene.not_found())
    if scene.default_refused(owner):
        stays = scene.present_answer("", owner)
        if stays is not None:
            return stays
        if listener.default == FixedResponse():
            return _nobodys(scene.not_found())
    action = scene.default_action(owner, listener.default, listener.default_options)
    if action is not None:
        return Answer(action=action, owner=owner)
    return scene.present_answer("", owner) or _unavailable(scene)


def host_answer(scene: Scene, host: str, rules: Sequence[PathRule], whole: Answer) -> Answer:
    """Return what answers where no path of a host matches.

    Args:
        scene: The URL map.
        host: The host, as the map calls it.
        rules: The planned paths of the host.
        whole: What answers for the load balancer.
    """
    present = scene.present.get((host, ""))
    if present is not None and present.ingress in scene.held:
        return Answer(action=present.action, owner=present.ingress)
    member = _with_default(scene, rules)
    if member is None:  # a rule for any host has none of its own: what is left is everybody's
        return whole if host == ANY_HOST else _unwanted(scene, host, rules, whole)
    if not scene.default_refused(member.ingress) and member.default_backend is not None:
        options = member.default_options
        action = scene.default_action(member.ingress, member.default_backend, options)
        if action is not None:
            return Answer(action=action, owner=member.ingress)
    return scene.present_answer(host, member.ingress) or _unavailable(scene) or whole


def _unwanted(scene: Scene, host: str, rules: Sequence[PathRule], whole: Answer) -> Answer:
    """Return what answers for the other paths of a host whose Ingresses have no default backend.

    A classic load balancer may have no 404. Then it is a service without backends, rather than a
    default backend of another namespace: who gets requests for somebody's host can prove to a
    certificate authority that the host is theirs.
    """
    nobodys = _nobodys(scene.not_found())
    if nobodys is not None:
        return nobodys
    kept = (entry.ingress for entry in scene.kept(host) if entry.ingress is not None)
    namespaces = {key.namespace for key in (*(rule.ingress for rule in rules), *kept)}
    if whole.owner is None or namespaces == {whole.owner.namespace}:
        return whole
    return _nobodys(scene.destinations.unavailable()) or whole


def falls_to_others(scene: Scene, rules: Sequence[PathRule], answer: Answer) -> bool:
    """Tell whether somebody else's default backend answers for hosts of Ingresses without one."""
    return (
        answer.owner is not None
        and answer.owner not in scene.held
        and _with_default(scene, rules) is None
    )


def _with_default(scene: Scene, rules: Sequence[PathRule]) -> Member | None:
    """Return the first member of a host that has a default backend."""
    keys = sorted({rule.ingress for rule in rules}, key=scene.place)
    members = (scene.members[key] for key in keys if key in scene.members)
    return next((member for member in members if member.default_backend is not None), None)


def _nobodys(action: Spec | None) -> Answer | None:
    return None if action is None else Answer(action=action)


def _unavailable(scene: Scene) -> Answer | None:
    return _nobodys(scene.destinations.unavailable() or scene.not_found())

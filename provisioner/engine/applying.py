"""Walk a plan: every step whose time has come, in parallel where the order allows.

A step runs when all steps before it are complete and its wait is over. What fails stops what
depends on it and nothing else. With *patience* (the command line) waits are polled until they end
or their deadline passes; without (the controller) a run does what it can, says what it waits for,
and returns: the next plan recognises every stage from the cloud itself.

All Refs are resolved right before sending, from what was observed and from what earlier steps made;
in the same moment, and in no other, a fingerprint gives way to the secret behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

from provisioner.model.change import Action, Call, Step, Wait
from provisioner.model.errors import NotLeader, ProvisionerError
from provisioner.model.plan import Plan
from provisioner.model.resource import Fingerprint, Ref, Unknown, Value
from provisioner.model.settings import Settings
from provisioner.ports import Clock, Reader, Writer

W = TypeVar("W")
F = TypeVar("F")

_WORKERS = 8


class Status(StrEnum):
    """How a step ended."""

    DONE = "done"
    WAITING = "waiting"  # its wait is not over (controller), it will be planned again
    FAILED = "failed"
    SKIPPED = "skipped"  # something before it failed or waits
    STARTED = "started"  # progress only


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Something that happened to one step. ``detail`` is for logs; the rest is in the step."""

    step: Step
    status: Status
    detail: str = ""
    error: ProvisionerError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a plan: the last word on every step that does something, by step id."""

    results: Mapping[str, Progress]
    outputs: Mapping[str, Mapping[str, str]]

    def of(self, status: Status) -> tuple[Progress, ...]:
        """Return the results with this status, in step order."""
        return tuple(r for r in self.results.values() if r.status is status)

    @property
    def complete(self) -> bool:
        """Whether every step was carried out."""
        return all(r.status is Status.DONE for r in self.results.values())


@dataclass(slots=True)
class Settling:
    """When this process last saw each address change, or first saw it at all.

    Settle times and health deadlines count from here. A new process knows nothing and waits the
    full time again, which is safe and needs no stored state.

    Attributes:
        since: Address -> when it was last written, or first asked about.
        held: Load balancer -> step id -> since when that step waits. The same change may be made
            again much later, under the same id: what is no longer planned waits no longer.
    """

    since: dict[str, float] = field(default_factory=dict)
    held: dict[str, dict[str, float]] = field(default_factory=dict)

    def touched(self, address: str, now: float) -> None:
        """Note a write."""
        self.since[address] = now

    def age(self, address: str, now: float) -> float:
        """Return the seconds since the last write, or since this was first asked."""
        return now - self.since.setdefault(address, now)

    def begin(self, group: str, steps: Iterable[str]) -> None:
        """Forget the waits of a load balancer but for those of the steps that are planned now."""
        planned, before = frozenset(steps), self.held.get(group, {})
        self.held[group] = {name: since for name, since in before.items() if name in planned}

    def waited(self, step: Step, now: float) -> float:
        """Return the seconds for which a step has been waiting."""
        return now - self.held.setdefault(step.group, {}).setdefault(step.id, now)

    def went_on(self, step: Step) -> None:
        """Note that a step waits no longer."""
        self.held.get(step.group, {}).pop(step.id, None)


Listener: TypeAlias = Callable[[Progress], None]


class Applier(Generic[W, F]):
    """Carries out plans against one account.

    Args:
        reader: For polling waits.
        writer: The one way to write.
        settings: Durations.
        clock: Time.
        settling: Shared between runs of one process.
        poll_seconds: How often waits are looked at, with patience.
    """

    def __init__(
        self,
        reader: Reader[W, F],
        writer: Writer,
        settings: Settings,
        clock: Clock,
        *,
        settling: Settling | None = None,
        poll_seconds: float = 2.0,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._settings = settings
        self._clock = clock
        self._settling = settling if settling is not None else Settling()
        self._poll_seconds = poll_seconds

    def run(
        self, plan: Plan, *, patient: bool, report: Listener = lambda _progress: None
    ) -> Outcome:
        """Carry out the applyable parts of a plan.

        Args:
            plan: As computed just now.
            patient: Poll waits until they end; otherwise leave waiting steps for the next plan.
            report: Called in this thread with everything that happens.

        Raises:
            NotLeader: Somebody else may write now; what was done so far stays recognisable.
        """
        # Among load balancers the shared part may lack what only a plan of its own can know.
        for part in plan.load_balancers or (plan.shared,):
            self._settling.begin(part.group, (step.id for step in part.changes))
        return _Run(self, plan, patient=patient, report=report).walk()

    def over(self, step: Step, outputs: Mapping[str, Mapping[str, str]]) -> bool:
        """Tell whether a step's wait is over."""
        waiting = step.wait
        if waiting is None:
            return True
        now = self._clock.now()
        match waiting.kind:
            case Wait.SETTLED:
                ages = [self._settling.age(address, now) for address in waiting.on]
                least = waiting.seconds or self._settings.settle_seconds
                return all(age >= least for age in ages)
            case Wait.ACTIVE | Wait.HEALTHY | Wait.DRAINED:
                return self._reader.holds(waiting, outputs)

    def expired(self, step: Step) -> bool:
        """Tell whether a step has waited longer than its deadline."""
        waited = self._settling.waited(step, self._clock.now())
        return waited > self._settings.health_deadline_seconds + (self._settings.drain_seconds or 0)

    def send(self, step: Step, outputs: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        """Make a step's calls in order and return the outputs of its resource.

        A secret that nobody read is found out before the first of them.
        """
        for call in step.calls:
            _demand_secrets(call.parameters, call)
        self._settling.went_on(step)
        made: dict[str, str] = {}
        for call in step.calls:
            known = {**outputs, step.address: {**outputs.get(step.address, {}), **made}}
            made.update(self._writer.send(call, resolved(call, known)))
        self._settling.touched(step.address, self._clock.now())
        return made

    def pause(self) -> None:
        """Wait until it is time to look again."""
        self._clock.sleep(self._poll_seconds)


class _Run:
    """One walk over one plan."""

    def __init__(
        self, applier: Applier[W, F], plan: Plan, *, patient: bool, report: Listener
    ) -> None:
        self._applier = applier
        self._patient = patient
        self._report = report
        parts = [part for part in plan.parts if part.applyable]
        self._steps = {
            step.id: step for part in parts for step in part.steps if step.action is not Action.NOOP
        }
        self._outputs = {address: dict(values) for address, values in plan.outputs.items()}
        self._results: dict[str, Progress] = {}
        self._running: dict[Future[dict[str, str]], Step] = {}
        self._announced: set[str] = set()

    def walk(self) -> Outcome:
        with ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="apply") as pool:
            while self._advance(pool):
                pass
        self._give_up()
        order = {step_id: self._results[step_id] for step_id in self._steps}
        return Outcome(results=order, outputs=self._outputs)

    def _advance(self, pool: ThreadPoolExecutor) -> bool:
        """Start what may start, collect what ended; False when nothing more will happen."""
        held = [step for step in self._ready() if not self._start(pool, step)]
        if self._running:
            done, _ = wait(self._running, return_when=FIRST_COMPLETED)
            for future in done:
                self._collect(future)
            return True
        if not held or not self._patient:
            return False
        if all(self._results.get(step.id) for step in held):
            return True
        self._applier.pause()
        return True

    def _ready(self) -> list[Step]:
        running = {step.id for step in self._running.values()}
        return [
            step
            for step in self._steps.values()
            if step.id not in self._results
            and step.id not in running
            and all(self._is_done(earlier) for earlier in step.after)
        ]

    def _is_done(self, step_id: str) -> bool:
        if step_id not in self._steps:
            return True
        result = self._results.get(step_id)
        return result is not None and result.status is Status.DONE

    def _start(self, pool: ThreadPoolExecutor, step: Step) -> bool:
        """Start a step; False where its wait is not over."""
        if not self._applier.over(step, self._outputs):
            self._hold(step)
            return False
        self._say(Progress(step=step, status=Status.STARTED))
        outputs = {address: dict(values) for address, values in self._outputs.items()}
        self._running[pool.submit(self._applier.send, step, outputs)] = step
        return True

    def _hold(self, step: Step) -> None:
        if self._applier.expired(step):
            error = ProvisionerError(
                f"gave up waiting for {_waits_for(step)}",
                hint="what served before still serves; look at the new targets' health",
            )
            self._finish(Progress(step=step, status=Status.FAILED, error=error))
        elif step.id not in self._announced:
            self._announced.add(step.id)
            self._say(Progress(step=step, status=Status.WAITING, detail=_waits_for(step)))

    def _collect(self, future: Future[dict[str, str]]) -> None:
        step = self._running.pop(future)
        try:
            made = future.result()
        except NotLeader:
            self._drain()
            raise
        except ProvisionerError as error:
            self._finish(Progress(step=step, status=Status.FAILED, error=error))
            return
        self._outputs.setdefault(step.address, {}).update(made)
        self._finish(Progress(step=step, status=Status.DONE))

    def _drain(self) -> None:
        """Let calls under way end before the error that stops everything is raised."""
        wait(self._running)

    def _give_up(self) -> None:
        """Give every step that never ran its last word."""
        for step in self._steps.values():
            if step.id in self._results:
                continue
            if all(self._is_done(earlier) for earlier in step.after):
                result = Progress(step=step, status=Status.WAITING, detail=_waits_for(step))
                self._results[step.id] = result
            else:
                detail = "something before it failed or waits"
                self._finish(Progress(step=step, status=Status.SKIPPED, detail=detail))

    def _finish(self, progress: Progress) -> None:
        self._results[progress.step.id] = progress
        self._say(progress)

    def _say(self, progress: Progress) -> None:
        self._report(progress)


def _waits_for(step: Step) -> str:
    if step.wait is None:
        return step.address
    return f"{', '.join(step.wait.on)} to be {step.wait.kind.value}"


def resolved(call: Call, outputs: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    """Return a call's parameters with every Ref replaced by what it stands for.

    Raises:
        ProvisionerError: A value is not known: the plan was made without the world that knows it,
            or it stands for a secret that was not read.
    """
    return {key: _resolve(value, call, outputs) for key, value in call.parameters.items()}


def _demand_secrets(value: Value, call: Call) -> None:
    """Refuse a call that needs a secret which was not read."""
    match value:
        case Fingerprint(secret=""):
            raise ProvisionerError(
                f"{call.operation} needs a secret that was not read",
                hint="plan again where the Secret can be read",
            )
        case tuple():
            for item in value:
                _demand_secrets(item, call)
        case Mapping():
            for item in value.values():
                _demand_secrets(item, call)
        case _:
            return


def _resolve(value: Value, call: Call, outputs: Mapping[str, Mapping[str, str]]) -> object:
    match value:
        case Ref(address=address, field=name):
            found = outputs.get(address, {}).get(name)
            if found is None:
                raise ProvisionerError(f"{call.operation} needs {value}, which does not exist")
            return found
        case Unknown(why=why):
            raise ProvisionerError(f"{call.operation} needs a value that is not known: {why}")
        case Fingerprint(secret=secret):
            return secret
        case tuple():
            return [_resolve(item, call, outputs) for item in value]
        case Mapping():
            return {key: _resolve(item, call, outputs) for key, item in value.items()}
        case None | bool() | int() | float() | str():
            return value

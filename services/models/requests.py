"""Activation of a model by two people: one requests it, another approves.

The setting ``model_second_person`` says whether activation takes two. A rollback never does: it
only lets a model decide again that did before, and has to be quick.
"""

from collections.abc import Callable
from dataclasses import replace

from fanzha.errors import FanzhaError, InvalidInput, NotAllowed
from services.audit.audited_actions import AuditedActions
from services.audit.events import Audit, AuditKind
from services.auth import identity
from services.decision.model_kinds import ModelKind
from services.models.request_store import ModelRequest, ModelRequestStore, RequestState
from services.models.service import ModelControl

_MOST_REASON = 1000


class ModelRequests:
    """Takes requests, and lets another person decide them."""

    def __init__(
        self,
        control: ModelControl,
        store: ModelRequestStore,
        *,
        audit: Audit,
        now_ms: Callable[[], int],
        rule: identity.SecondPersonRule = "off",
    ) -> None:
        self._control = control
        self._store = store
        self._trail = AuditedActions(audit, of="model")
        self._now_ms = now_ms
        self._rule = rule

    @property
    def second_person_needed(self) -> bool:
        """Whether who asks now may not activate a model alone."""
        return identity.second_person_needed(self._rule)

    def check_alone(self) -> None:
        """Raise `NotAllowed` where activation takes a second person."""
        if self.second_person_needed:
            raise NotAllowed(
                "a second person has to approve that a model is activated: propose it "
                "(fanzha models propose)"
            )

    async def all(self) -> list[ModelRequest]:
        """Return the requests, the newest first."""
        return await self._store.all()

    async def propose(self, kind: ModelKind, version: str, *, reason: str, by: str) -> ModelRequest:
        """Request that *version* decides; raises `NotFound` when no worker has it."""
        author = identity.author(by)
        if not reason.strip() or len(reason) > _MOST_REASON:
            raise InvalidInput("reason: required, at most {most} characters", most=_MOST_REASON)
        await self._control.check_known(kind, version)
        running = await self._control.running(kind)
        if version == running:
            raise InvalidInput(
                "version: {kind} {version} decides already", kind=kind, version=version
            )
        request = ModelRequest(
            number=await self._store.next_number(),
            kind=kind,
            version=version,
            running=running,
            reason=reason.strip(),
            author=author,
            made_at_ms=self._now_ms(),
        )
        await self._recorded(request, "propose", author, None)
        return request

    async def approve(self, number: int, *, note: str, by: str) -> ModelRequest:
        """Activate what is requested; raises `NotAllowed` for the author."""
        before, who = await self._waiting(number), identity.author(by)
        if identity.same_person(who, [before.author]):
            raise NotAllowed(
                "model request {number} is of {by}: a second person has to approve it",
                number=number,
                by=who,
            )
        running = await self._control.running(before.kind)
        if running != before.running:
            raise InvalidInput(
                "model request {number} was made while {kind} {was} decided, now {now} does: "
                "reject it, and propose anew",
                number=number,
                kind=before.kind,
                was=before.running or "–",
                now=running or "–",
            )
        await self._control.check_known(before.kind, before.version)
        after = self._decided(before, RequestState.APPROVED, who, note)
        await self._recorded(after, "approve", who, before)
        try:
            await self._control.activate(before.kind, before.version, by=by)
        except FanzhaError:
            # Nothing was activated: the request waits again.
            await self._store.replace(after, before)
            raise
        return after

    async def reject(self, number: int, *, note: str, by: str) -> ModelRequest:
        """Refuse a request, or withdraw one's own."""
        before, who = await self._waiting(number), identity.author(by)
        after = self._decided(before, RequestState.REJECTED, who, note)
        await self._recorded(after, "reject", who, before)
        return after

    async def _waiting(self, number: int) -> ModelRequest:
        found = await self._store.get(number)
        if found.state is not RequestState.WAITING:
            raise InvalidInput(
                "model request {number} is {state} already", number=number, state=found.state
            )
        return found

    def _decided(
        self, before: ModelRequest, state: RequestState, by: str, note: str
    ) -> ModelRequest:
        if len(note) > _MOST_REASON:
            raise InvalidInput("note: at most {most} characters", most=_MOST_REASON)
        return replace(
            before, state=state, decided_by=by, decided_at_ms=self._now_ms(), note=note.strip()
        )

    async def _recorded(
        self, after: ModelRequest, what: str, by: str, before: ModelRequest | None
    ) -> None:
        details = {"what": what, "request": str(after.number), "active": after.version}
        await self._trail.around(
            AuditKind.MODEL_CHANGED,
            after.kind.value,
            by,
            details,
            self._store.replace(before, after),
        )

"""A conversation in a call: says what the script says, hears keys, silence, and a hang-up.

A key stops the text that is being said. Whoever hangs up ends the conversation, and how much they
had heard by then says whether they were reached or have listened.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Protocol

from infra.rtp.g711 import SAMPLES_PER_SECOND, Samples
from services.warning.cases.events import HeardReply
from services.warning.robot import dialogue
from services.warning.robot.dialogue import RobotDialogue
from services.warning.robot.script import Meaning, RobotOutcome, RobotScript

MOST_REPEATS = 3
"""How often the key that repeats does so in one state; then it has no meaning."""
LISTENED_SHARE = 0.6
"""Share of the warning after which whoever hangs up has listened to it."""


class VoicePhone(Protocol):
    """The other end of a call, as a conversation knows it."""

    keys: "asyncio.Queue[str]"
    """Keys as they are pressed."""
    ended: "asyncio.Future[str]"
    """Done when the call is over: by whom."""
    machine: asyncio.Event
    """Set once a machine seems to have taken the call."""

    async def play(self, samples: Samples) -> bool:
        """Play audio; return True at its end, False where it was stopped."""

    def stop(self) -> None:
        """Stop what is playing."""


class _Heard(Enum):
    """What came instead of a key."""

    SILENCE = "silence"
    HUNG_UP = "hung up"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPlan:
    """What is talked about."""

    script: RobotScript
    prompts: Mapping[str, Samples]
    """Audio of each place that says something."""
    on_outcome: Callable[[RobotOutcome, HeardReply | None], Awaitable[None]]
    """Called as soon as an end is certain, while its text is said; with the key, or the silence,
    that led there, None for a hang-up."""


@dataclass(slots=True, kw_only=True)
class CallTranscript:
    """What was said and heard, without the audio."""

    lines: list[str] = field(default_factory=list)

    def add(self, seconds: float, what: str) -> None:
        """Add an event, so many seconds after the call was taken."""
        self.lines.append(f"{seconds:.0f} s {what}")

    def __str__(self) -> str:
        return "; ".join(self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkResult:
    """How a conversation ended."""

    dialogue: RobotDialogue
    """With its outcome, unless a machine has taken the call."""
    transcript: CallTranscript
    machine: bool = False


class VoiceConversation:
    """One conversation; `run` it once the call was taken."""

    def __init__(self, plan: ConversationPlan, phone: VoicePhone) -> None:
        self._script = plan.script
        self._prompts = plan.prompts
        self._on_outcome = plan.on_outcome
        self._phone = phone
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._listened = False
        self._transcript = CallTranscript()

    async def run(self) -> TalkResult:
        """Talk until the script or the call ends."""
        now = dialogue.begun(self._script)
        repeats = 0
        while not now.is_over:
            heard = await self._say_and_hear(now.place)
            if heard is _Heard.MACHINE:
                self._note("a machine has taken the call")
                return TalkResult(dialogue=now, transcript=self._transcript, machine=True)
            if heard is _Heard.HUNG_UP:
                return await self._left(now)
            if heard == self._script.repeat_key and repeats < MOST_REPEATS:
                repeats += 1
                self._note(f"key {heard}: again")
                continue
            now, reply = self._turn(now, heard)
            repeats = 0
            if now.outcome is not None:
                await self._end(now.place, now.outcome, reply)
        return TalkResult(dialogue=now, transcript=self._transcript)

    async def _end(self, place: str, outcome: RobotOutcome, reply: HeardReply) -> None:
        """Tell of the end and say its text, at once both: a store may be slow."""
        telling = asyncio.ensure_future(self._on_outcome(outcome, reply))
        try:
            await self._say_last(place)
        finally:
            await telling

    def _turn(self, now: RobotDialogue, heard: "str | _Heard") -> tuple[RobotDialogue, HeardReply]:
        if isinstance(heard, _Heard):
            meaning, what = Meaning.SILENCE, "no key"
        else:
            meaning, what = self._script.keys.get(heard, Meaning.OTHER), f"key {heard}"
        after = dialogue.heard(self._script, now, meaning)
        self._note(f"{what} ({meaning.value}): {now.place} → {after.place}")
        reply = HeardReply(
            text=what,
            meaning=meaning.value,
            before=now.place,
            after=after.place,
            script=after.script,
        )
        return after, reply

    async def _left(self, now: RobotDialogue) -> TalkResult:
        outcome = RobotOutcome.LISTENED if self._listened else RobotOutcome.REACHED
        self._note("the person has hung up")
        await self._on_outcome(outcome, None)
        return TalkResult(dialogue=replace(now, outcome=outcome), transcript=self._transcript)

    async def _say_and_hear(self, place: str) -> "str | _Heard":
        """Say a text and wait for a key; it also stops the text."""
        self._drain_keys()
        prompt = self._prompts[place]
        key = asyncio.create_task(self._phone.keys.get())
        machine = asyncio.create_task(self._phone.machine.wait())
        playing = asyncio.create_task(self._phone.play(prompt))
        began, patience = self._clock(), self._script.wait_seconds
        others: set[asyncio.Future[Any]] = {key, machine, self._phone.ended}
        try:
            await asyncio.wait({playing, *others}, return_when=asyncio.FIRST_COMPLETED)
            share = (self._clock() - began) / max(len(prompt) / SAMPLES_PER_SECOND, 0.1)
            ended_by_itself = playing.done() and not any(one.done() for one in others)
            self._listened = (
                self._listened or key.done() or ended_by_itself or share >= LISTENED_SHARE
            )
            if ended_by_itself:
                await asyncio.wait(others, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            return self._first(key, machine)
        finally:
            self._phone.stop()
            for task in (key, machine, playing):
                task.cancel()
            await asyncio.gather(key, machine, playing, return_exceptions=True)

    def _first(self, key: "asyncio.Task[str]", machine: "asyncio.Task[bool]") -> "str | _Heard":
        """Return what came; a key that came before the end of the call counts."""
        if key.done():
            return key.result()
        if self._phone.ended.done():
            return _Heard.HUNG_UP
        return _Heard.MACHINE if machine.done() else _Heard.SILENCE

    async def _say_last(self, place: str) -> None:
        prompt = self._prompts.get(place)
        if prompt is None or self._phone.ended.done():
            return
        playing = asyncio.create_task(self._phone.play(prompt))
        try:
            ends: set[asyncio.Future[Any]] = {playing, self._phone.ended}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._phone.stop()
            playing.cancel()
            with suppress(asyncio.CancelledError):
                await playing
        self._note("the end was said" if not self._phone.ended.done() else "hung up at the end")

    def _drain_keys(self) -> None:
        """Forget keys that were pressed too often: each text is answered by one."""
        while not self._phone.keys.empty():
            self._phone.keys.get_nowait()

    def _note(self, what: str) -> None:
        self._transcript.add(self._clock() - self._began, what)

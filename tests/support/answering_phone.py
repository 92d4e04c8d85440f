"""Telephones behind one trunk that take every call at once, each with audio of its own.

Calls are told apart by their Call-ID: each has a task, a port for audio and keys of its own, and
ends by itself, so that none waits for another. What was called, and what was heard, is kept.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from infra.sip.codec import RawSip
from tests.support.sip_phone import RawPhone, RecordedMedia, raw_phone, recorded_media


@dataclass(kw_only=True)
class TakenCall:
    """One call that came, under way or over."""

    number: str
    """The user that was called, as the request has it."""
    invite: RawSip
    invites: int = 1
    """How often it was asked for: more than once where a datagram was late."""
    media: RecordedMedia | None = None
    """Its audio, from when it was taken."""
    ended: str = ""
    """BYE or CANCEL, once the caller said so."""
    task: "asyncio.Task[None] | None" = field(default=None, repr=False)


WhatPeopleDo: TypeAlias = Callable[[TakenCall, RecordedMedia], Awaitable[None]]
"""What somebody does who took a call, until they have nothing more to do."""


def presses(keys: Sequence[str], *, after_seconds: float) -> WhatPeopleDo:
    """Return people who press one key after the other, each after so many seconds."""

    async def press(_call: TakenCall, media: RecordedMedia) -> None:
        for place, key in enumerate(keys):
            await asyncio.sleep(after_seconds)
            media.press(key, timestamp=80_000 * (place + 1))

    return press


class AnsweringPhones:
    """Takes each call, and does what people do."""

    def __init__(self, phone: RawPhone, people: WhatPeopleDo) -> None:
        self.calls: dict[str, TakenCall] = {}
        """By Call-ID, in the order in which they came; those that are over, too."""
        self._phone = phone
        self._people = people

    @property
    def port(self) -> int:
        """Where calls come in, on 127.0.0.1."""
        return self._phone.port

    @property
    def under_way(self) -> list[TakenCall]:
        """The calls that are not over."""
        return [one for one in self.calls.values() if not one.ended]

    @property
    def tasks(self) -> "list[asyncio.Task[None]]":
        """Tasks of calls that still run."""
        return [one.task for one in self.calls.values() if one.task and not one.task.done()]

    async def run(self) -> None:
        """Serve calls until cancelled; end all of them then."""
        try:
            while True:
                self._take(await self._phone.came.get())
        finally:
            unfinished = self.tasks
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    def _take(self, message: RawSip) -> None:
        method = message.first_line.partition(" ")[0]
        call = self.calls.get(message.headers.first("call-id"))
        if method == "INVITE" and call is None:
            call = TakenCall(number=_called(message), invite=message)
            self.calls[message.headers.first("call-id")] = call
            call.task = asyncio.create_task(self._serve(call))
        elif method == "INVITE" and call is not None:
            call.invites += 1
            if call.media is not None and not call.ended:
                self._answer(call, call.media)
        elif method in ("BYE", "CANCEL"):
            self._end(call, method, message)

    def _end(self, call: TakenCall | None, method: str, message: RawSip) -> None:
        self._phone.answer(message, 200 if call else 481)
        if call is None or call.ended or (method == "CANCEL" and call.media is not None):
            return  # who has been answered can only hang up
        call.ended = method
        if method == "CANCEL":
            self._phone.answer(call.invite, 487)
        if call.task is not None:
            call.task.cancel()

    async def _serve(self, call: TakenCall) -> None:
        self._phone.answer(call.invite, 180)
        async with recorded_media() as media:
            self._answer(call, media)
            call.media = media
            await self._people(call, media)
            await asyncio.Event().wait()  # until it is hung up

    def _answer(self, call: TakenCall, media: RecordedMedia) -> None:
        self._phone.answer(call.invite, 200, body=media.description())


def _called(invite: RawSip) -> str:
    return invite.first_line.partition("sip:")[2].partition("@")[0]


@asynccontextmanager
async def answering_phones(people: WhatPeopleDo) -> AsyncIterator[AnsweringPhones]:
    """Run phones of people who take each call."""
    async with raw_phone() as phone:
        phones = AnsweringPhones(phone, people)
        answering = asyncio.create_task(phones.run())
        try:
            yield phones
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)

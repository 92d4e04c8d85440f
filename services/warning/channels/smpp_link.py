"""One bound SMPP connection: matches answers to requests, and sends keep-alives.

A link is used once. It is up from the end of `open` until the first fault. Then all pending
requests fail with `LinkLost`, and the caller opens another link.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from services.warning.channels import pdus
from services.warning.channels.pdus import Pdu, Unreadable

LOG = logging.getLogger(__name__)
_LAST_SEQUENCE = 0x7FFFFFFF
_UNBIND_SECONDS = 2.0


class LinkLost(ConnectionError):
    """The connection ended or could not be established."""


class BindRefused(LinkLost):
    """The message centre refused the bind; retry later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppEndpoint:
    """Address and credentials of a message centre."""

    host: str
    port: int
    system_id: str
    password: str
    system_type: str = ""
    tls: ssl.SSLContext | None = None
    connect_seconds: float = 10.0
    answer_seconds: float = 10.0
    """Timeout of an answer."""
    enquire_seconds: float = 30.0
    """Idle time before an enquire_link."""


class SmppLink:
    """A bound connection."""

    def __init__(
        self,
        centre: SmppEndpoint,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_deliver: Callable[[Pdu], Awaitable[int]],
    ) -> None:
        self._centre = centre
        self._reader = reader
        self._writer = writer
        self._on_deliver = on_deliver
        self._pending: dict[int, asyncio.Future[Pdu]] = {}
        self._sequence = 0
        self._heard = asyncio.get_running_loop().time()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Resolves with the reason once the link is down."""
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._enquire())]
        self._delivering: set[asyncio.Task[None]] = set()
        self.unreadable = 0

    @classmethod
    async def open(cls, centre: SmppEndpoint, on_deliver: Callable[[Pdu], Awaitable[int]]) -> Self:
        """Connect and bind. Raises `LinkLost` or `BindRefused`."""
        try:
            async with asyncio.timeout(centre.connect_seconds):
                reader, writer = await asyncio.open_connection(
                    centre.host, centre.port, ssl=centre.tls
                )
        except (OSError, TimeoutError) as error:
            raise LinkLost(f"cannot connect: {str(error) or 'timeout'}") from error
        link = cls(centre, reader, writer, on_deliver)
        try:
            answer = await link.request(
                lambda number: pdus.bind(
                    centre.system_id, centre.password, centre.system_type, number
                )
            )
        except TimeoutError as error:
            await link.close()
            raise LinkLost("no answer to the bind") from error
        except BaseException:
            await link.close()
            raise
        if answer.status != pdus.OK:
            await link.close()
            raise BindRefused(f"bind refused: {pdus.status_text(answer.status)}")
        return link

    @property
    def up(self) -> bool:
        """Whether the link is bound."""
        return not self.ended.done()

    async def request(self, make: Callable[[int], bytes]) -> Pdu:
        """Send the PDU that *make* builds from a sequence number, and return the answer.

        Raises `LinkLost` or `TimeoutError`; either way the message centre may have received it.
        """
        if not self.up:
            raise LinkLost(self.ended.result())
        number = self._number()
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._pending[number] = answer
        try:
            self._writer.write(make(number))
            async with asyncio.timeout(self._centre.answer_seconds):
                await self._writer.drain()
                return await answer
        except LinkLost:
            raise
        except OSError as error:
            if not isinstance(error, TimeoutError):
                self._end(f"cannot write: {error}")
                raise LinkLost(str(error)) from error
            raise
        finally:
            self._pending.pop(number, None)
            if answer.done() and not answer.cancelled():
                answer.exception()  # it may have failed while we gave up

    async def close(self) -> None:
        """Say goodbye, if anybody listens, and hang up."""
        if self.up:
            try:
                async with asyncio.timeout(_UNBIND_SECONDS):
                    await self.request(lambda number: pdus.plain("unbind", number))
            except (OSError, TimeoutError):
                pass
        self._end("closed by us")
        for task in (*self._tasks, *self._delivering):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._delivering, return_exceptions=True)
        try:
            async with asyncio.timeout(_UNBIND_SECONDS):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            pass

    def _number(self) -> int:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        return self._sequence

    async def _read(self) -> None:
        try:
            while True:
                length = int.from_bytes(await self._reader.readexactly(4))
                if not pdus.HEADER <= length <= pdus.LARGEST:
                    self._end(f"a PDU of {length} octets: the stream is out of step")
                    return
                data = length.to_bytes(4) + await self._reader.readexactly(length - 4)
                self._heard = asyncio.get_running_loop().time()
                self._take(data)
        except asyncio.IncompleteReadError:
            self._end("the centre hung up")
        except OSError as error:
            self._end(f"the connection broke: {error}")

    def _take(self, data: bytes) -> None:
        try:
            pdu = pdus.read(data)
        except Unreadable as error:
            self._refuse(error)
            return
        if pdu.command.endswith("_resp") or pdu.command == "generic_nack":
            answer = self._pending.get(pdu.sequence)
            if answer is not None and not answer.done():
                answer.set_result(pdu)
        elif pdu.command == "deliver_sm":
            task = asyncio.create_task(self._deliver(pdu))
            self._delivering.add(task)
            task.add_done_callback(self._delivering.discard)
        elif pdu.command == "enquire_link":
            self._writer.write(pdus.plain("enquire_link_resp", pdu.sequence))
        elif pdu.command == "unbind":
            self._writer.write(pdus.plain("unbind_resp", pdu.sequence))
            self._end("the centre unbound us")
        else:
            self._writer.write(pdus.plain("generic_nack", pdu.sequence, 0x03))

    def _refuse(self, error: Unreadable) -> None:
        self.unreadable += 1
        LOG.warning("smpp: a PDU 0x%08x cannot be read: %s", error.command_id, error)
        if error.command_id == 0x05:  # noqa: PLR2004 - deliver_sm
            self._writer.write(pdus.plain("deliver_sm_resp", error.sequence, pdus.NO_USE))
        elif not error.command_id & 0x80000000:
            self._writer.write(pdus.plain("generic_nack", error.sequence, 0x03))

    async def _deliver(self, pdu: Pdu) -> None:
        # The message centre discards an answered receipt, so it is stored first.
        status = await self._on_deliver(pdu)
        if self.up:
            self._writer.write(pdus.plain("deliver_sm_resp", pdu.sequence, status))

    async def _enquire(self) -> None:
        loop = asyncio.get_running_loop()
        while self.up:
            wait = self._heard + self._centre.enquire_seconds - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
                continue
            try:
                await self.request(lambda number: pdus.plain("enquire_link", number))
            except TimeoutError:
                self._end("the centre does not answer")
            except LinkLost:
                return

    def _end(self, why: str) -> None:
        if self.ended.done():
            return
        self.ended.set_result(why)
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(LinkLost(why))
        self._writer.close()

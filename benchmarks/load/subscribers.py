"""Traffic as the subscribers of a carrier make it: hardly anybody twice, and hardly anything fraud.

The rows of `benchmarks.scenarios` come again after a second, with the numbers and times they had:
their callers look like diallers, and what a second look says of them is cached. Here requests are
prepared, too, but what is different about each real one is written into them right before they are
sent: the numbers of both sides, the time, and every digit of a text or a link. That costs some
microseconds a request, the tenth of what sending it does.

Callers, senders and receivers are any of `SUBSCRIBERS` numbers. Of all rows, `fraud_share` are
fraud. Half of these come from listed numbers. The other half are fraud by what they do: calls of
`_DIALLERS` numbers, which are others every ten minutes; texts that defraud. Links have no numbers:
theirs all look like links of fraud. With the same seed, all but the times and the numbers of
diallers is the same.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks import scenarios
from benchmarks.h2load import PREFIX_BYTES
from benchmarks.load import subscriber_words, traffic
from benchmarks.load.traffic import Body
from fanzha.tables import Int64s
from fanzha.v1 import interception_pb2 as pb

FRAUD_SHARE = 0.002
"""The default: two rows in a thousand."""
SUBSCRIBERS = 200_000_000
DIFFERENT_ROWS = 16_384
"""Prepared rows of each channel."""
_FIRST_SUBSCRIBER = 8_619_800_000_000
_FIRST_DIALLER = 8_619_700_000_000
_DIALLERS, _DIALLER_SECONDS = 50, 600
_DIGITS = 13
_FOUR = np.array([list(f"{number:04d}".encode()) for number in range(10_000)], np.uint8)
"""Digits of four-digit numbers."""
_ASCII_DIGITS = b"0123456789"
_TIME_BYTES = 6
"""Of a time in milliseconds as protobuf writes it, from 2004 to 2109."""
_SHIFTS = 7 * np.arange(_TIME_BYTES)
_MORE = np.array([0x80] * (_TIME_BYTES - 1) + [0], np.uint8)
_REQUESTS_AT_ONCE = 32
"""Written anew together: more would keep requests waiting that are due."""
_TEMPLATE_MS = 1_764_000_000_000
_NUMBER = f"+{_FIRST_SUBSCRIBER}".encode()
_TIME_FIELD = {"call": 3, "text": 4, "link": 3}
_CONTENT_FIELD = {"text": 3, "link": 1}
"""Whose digits change."""
_FROM_FIELD, _TO_FIELD = 1, 2

Places: TypeAlias = NDArray[np.int64]
"""Positions in the bytes of some requests."""


class SubscriberTraffic:
    """Endless requests of a mix of channels."""

    def __init__(
        self,
        mix: dict[str, float],
        *,
        rows: int,
        listed: int,
        seed: int,
        fraud_share: float = FRAUD_SHARE,
    ) -> None:
        """*rows* of each request, up to `DIFFERENT_ROWS`; *listed* numbers are on the list."""
        chance = np.random.default_rng(seed)
        self._stocks = {
            channel: _Stock(channel, rows, listed, fraud_share, chance) for channel in mix
        }
        names = list(mix)
        order = chance.choice(len(names), DIFFERENT_ROWS, p=list(mix.values()))
        self._order = cycle(names[number] for number in order)

    def samples(self) -> list[Body]:
        """Return a request of each channel."""
        return [stock.next() for stock in self._stocks.values()]

    def __iter__(self) -> Iterator[Body]:
        return self

    def __next__(self) -> Body:
        return self._stocks[next(self._order)].next()


class _Stock:
    """Prepared requests of a channel, some of which are written anew at a time."""

    def __init__(
        self, channel: str, rows: int, listed: int, fraud_share: float, chance: np.random.Generator
    ) -> None:
        fraud = np.zeros(DIFFERENT_ROWS, np.bool_)
        wanted = round(fraud_share * DIFFERENT_ROWS)
        fraud[chance.choice(DIFFERENT_ROWS, wanted, replace=False)] = True
        made = _MAKERS[channel](fraud, chance)
        bodies = traffic.bodies(channel, made, rows)
        self._chance = chance
        frauds = np.where(fraud, np.cumsum(fraud) % 2 + 1, 0).tolist()
        at_once = _REQUESTS_AT_ONCE
        # All of them now: to look for what changes takes some milliseconds each.
        pieces = [
            _Piece.of(bodies[at : at + at_once], frauds[at * rows :], listed)
            for at in range(0, len(bodies), at_once)
        ]
        self._pieces = cycle(pieces)
        self._ready: Iterator[Body] = iter(())

    def next(self) -> Body:
        """Return the next request."""
        body = next(self._ready, None)
        if body is None:
            self._ready = next(self._pieces).written(self._chance, time.time_ns() // 1_000_000)
            body = next(self._ready)
        return body


@dataclass(slots=True)
class _Found:
    """Positions of what changes, as rows are read one by one."""

    listed: int
    times: list[range] = field(default_factory=list)
    senders: list[range] = field(default_factory=list)
    receivers: list[range] = field(default_factory=list)
    digits: list[int] = field(default_factory=list)
    of_listed: list[int] = field(default_factory=list)
    of_diallers: list[int] = field(default_factory=list)

    def add(self, channel: str, data: bytearray, begin: int, end: int, fraud: int) -> None:
        """Read a row; *fraud*: 1 by a listed number, where there are some, 2 by another."""
        fields = {name: range(at, to) for name, at, to in _fields(data, begin, end)}
        self.times.append(fields[_TIME_FIELD[channel]])
        if channel in _CONTENT_FIELD:
            places = fields[_CONTENT_FIELD[channel]]
            self.digits += [at for at in places if data[at] in _ASCII_DIGITS]
        if channel == "link":
            return
        self.receivers.append(fields[_TO_FIELD][1:])
        sender = fields[_FROM_FIELD]
        if data[sender.start : sender.stop] != _NUMBER:
            return
        if fraud == 1 and self.listed:
            self.of_listed.append(len(self.senders))
        elif fraud and channel == "call":
            self.of_diallers.append(len(self.senders))
        self.senders.append(sender[1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """Some requests, one after the other in *data*, and where in it what changes."""

    data: NDArray[np.uint8]
    requests: tuple[tuple[Body, int, int], ...]
    """Where each begins and ends."""
    listed: int
    times: Places
    """A row for each; so are numbers."""
    senders: Places
    receivers: Places
    digits: Places
    of_listed: Places
    """Rows of *senders*."""
    of_diallers: Places

    @classmethod
    def of(cls, bodies: Sequence[Body], frauds: Sequence[int], listed: int) -> "_Piece":
        """Look for what changes in *bodies*; *frauds* says of each row 0, or 1 and 2 in turn."""
        data, requests, found = bytearray(), list[tuple[Body, int, int]](), _Found(listed)
        kinds = iter(frauds)
        for body in bodies:
            start = len(data)
            data += body.data
            requests.append((body, start, len(data)))
            for _, begin, end in _fields(data, start + PREFIX_BYTES, len(data)):
                found.add(body.channel, data, begin, end, next(kinds))
        return cls(
            data=np.frombuffer(data, np.uint8),
            requests=tuple(requests),
            listed=listed,
            times=_places(found.times, _TIME_BYTES),
            senders=_places(found.senders, _DIGITS),
            receivers=_places(found.receivers, _DIGITS),
            digits=np.array(found.digits, np.int64),
            of_listed=np.array(found.of_listed, np.int64),
            of_diallers=np.array(found.of_diallers, np.int64),
        )

    def written(self, chance: np.random.Generator, now_ms: int) -> Iterator[Body]:
        """Write numbers, times and digits anew; give the requests."""
        senders = _subscribers(len(self.senders), chance)
        if count := len(self.of_listed):
            senders[self.of_listed] = scenarios.FIRST_LISTED + chance.integers(
                0, self.listed, count
            )
        if count := len(self.of_diallers):
            turn = now_ms // 1000 // _DIALLER_SECONDS % 10**6
            senders[self.of_diallers] = (
                _FIRST_DIALLER + turn * _DIALLERS + chance.integers(0, _DIALLERS, count)
            )
        data = self.data
        data[self.senders] = _written(senders)
        data[self.receivers] = _written(_subscribers(len(self.receivers), chance))
        data[self.digits] = chance.integers(48, 58, len(self.digits), np.uint8)
        data[self.times] = (now_ms >> _SHIFTS & 0x7F).astype(np.uint8) | _MORE
        whole = data.tobytes()
        for body, start, end in self.requests:
            yield Body(channel=body.channel, path=body.path, rows=body.rows, data=whole[start:end])


def _subscribers(count: int, chance: np.random.Generator) -> Int64s:
    return _FIRST_SUBSCRIBER + chance.integers(0, SUBSCRIBERS, count)


def _written(numbers: Int64s) -> NDArray[np.uint8]:
    millions, rest = np.divmod(numbers, 10**8)
    parts = (millions // 10_000, millions % 10_000, rest // 10_000, rest % 10_000)
    return np.concatenate([_FOUR[part] for part in parts], axis=1)[:, -_DIGITS:]


def _places(rows: Sequence[range], width: int) -> Places:
    return np.array([list(row) for row in rows], np.int64).reshape(len(rows), width)


def _fields(data: bytearray, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Give number, begin and end of the value of each field: varints, texts and messages."""
    while at < end:
        tag, at = _varint(data, at)
        if tag & 7:
            size, begin = _varint(data, at)
            at = begin + size
        else:
            begin, at = at, _varint(data, at)[1]
        yield tag >> 3, begin, at


def _varint(data: bytearray, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at


def _calls(fraud: NDArray[np.bool_], chance: np.random.Generator) -> list[pb.Call]:
    call = pb.Call(
        caller=_NUMBER.decode(),
        callee=_NUMBER.decode(),
        attempted_at_ms=_TEMPLATE_MS,
        ingress=pb.INGRESS_INTERCONNECT,
        trunk="tg-12",
    )
    return [call] * len(fraud)


def _texts(fraud: NDArray[np.bool_], chance: np.random.Generator) -> list[pb.Text]:
    made = []
    for bad in fraud.tolist():
        sender, body = subscriber_words.text(chance, fraud=bad)
        made.append(
            pb.Text(
                sender=sender or _NUMBER.decode(),
                receiver=_NUMBER.decode(),
                body=body,
                submitted_at_ms=_TEMPLATE_MS,
            )
        )
    return made


def _links(fraud: NDArray[np.bool_], chance: np.random.Generator) -> list[pb.Link]:
    return [
        pb.Link(url=subscriber_words.link(chance, fraud=bad), requested_at_ms=_TEMPLATE_MS)
        for bad in fraud.tolist()
    ]


_MAKERS: dict[str, Any] = {"call": _calls, "text": _texts, "link": _links}

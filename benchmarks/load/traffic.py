"""Prepared requests of a load test, of a mix of channels or of a file of traffic.

A mix ``call=7,text=2,link=1`` counts rows: of ten rows seven are calls. It is seeded, and so are
the rows of `benchmarks.scenarios`. Files are those of `fanzha replay`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import scenarios
from fanzha.v1 import interception_pb2 as pb
from services.cli._common import channel_words
from services.cli._common.files import open_table
from services.cli.replay import traffic as tables

CHANNELS = ("call", "text", "link")
DIFFERENT_ROWS = 16_384
"""Prepared rows of each channel, sent repeatedly."""
_SERVICE = "/fanzha.v1.InterceptionService/"
_READERS = {"call": tables.calls, "text": tables.texts, "link": tables.links}
_COLUMNS = {"call": "caller", "text": "text", "link": "url"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One request, ready to be sent."""

    channel: str
    path: str
    rows: tuple[Any, ...]
    """Messages, for the client that integrators import."""
    data: bytes
    """The same as a gRPC message with its prefix."""


def read_mix(text: str) -> dict[str, float]:
    """Read ``call=7,text=2,link=1``, or one channel alone; return shares of rows."""
    weights = {}
    for part in text.split(","):
        name, _, weight = part.partition("=")
        name = channel_words.canonical(name)
        if name not in CHANNELS or not (weight or "1").replace(".", "", 1).isdigit():
            raise ValueError(f"{text}: a mix looks like call=7,text=2,link=1")
        weights[name] = float(weight or 1)
    total = sum(weights.values())
    if not total:
        raise ValueError(f"{text}: nothing to ask")
    return {name: weight / total for name, weight in weights.items() if weight}


def from_scenarios(mix: dict[str, float], rows: int, listed: int, seed: int) -> list[Body]:
    """Make requests of *rows* rows each, in the shares of *mix*."""
    made = {
        channel: bodies(channel, scenarios.MAKERS[channel](DIFFERENT_ROWS, listed, seed), rows)
        for channel in mix
    }
    chance = np.random.default_rng(seed)
    names, shares = list(mix), list(mix.values())
    count = max(DIFFERENT_ROWS // rows, 1) * len(mix)
    order = [names[number] for number in chance.choice(len(names), count, p=shares)]
    given = {channel: cycle(requests) for channel, requests in made.items()}
    return [next(given[channel]) for channel in order]


def several(channel: str, rows: int, listed: int, seed: int, count: int) -> list[Body]:
    """Make *count* different requests of *rows* rows each."""
    return bodies(channel, scenarios.MAKERS[channel](rows * count, listed, seed), rows)


def from_file(file: Path, channel: str, rows: int) -> list[Body]:
    """Read up to `DIFFERENT_ROWS` rows of a file of one channel."""
    with open_table(file, single_column=_COLUMNS[channel]) as table:
        kind = _READERS[channel](table)
        messages = [kind.message(row) for row in islice(table.rows, max(DIFFERENT_ROWS, rows))]
    if not messages:
        raise ValueError(f"{file.name}: no rows")
    if len(messages) < rows:
        messages = (messages * (rows // len(messages) + 1))[:rows]
    return bodies(channel, messages, rows)


def bodies(channel: str, messages: Sequence[Any], rows: int) -> list[Body]:
    """Make requests of *rows* messages each of a channel."""
    name = channel.capitalize()
    # The last rows that fill no request are left out: all requests are of the same size.
    starts = range(0, len(messages) - rows + 1, rows)
    made = []
    for start in starts:
        chunk = tuple(messages[start : start + rows])
        if rows == 1:
            method, request = f"Decide{name}", f"Decide{name}Request"
            message = getattr(pb, request)(**{channel: chunk[0]})
        else:
            method, request = f"Decide{name}s", f"Decide{name}sRequest"
            message = getattr(pb, request)(**{f"{channel}s": chunk})
        data = message.SerializeToString()
        framed = b"\0" + len(data).to_bytes(4, "big") + data
        made.append(Body(channel=channel, path=_SERVICE + method, rows=chunk, data=framed))
    return made

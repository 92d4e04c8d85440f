"""The work of both sides: listed numbers and names, and traffic with a share of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import scenarios
from fanzha.v1 import interception_pb2 as pb

QUERIES = 20_000
"""Rows of traffic written for generators that walk through a file."""
_HOST_STEP = 7919
"""A prime, so that neighbours in the list are not neighbours in the alphabet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Lists of one size, and a folder to write them and the traffic into."""

    listed: int
    folder: Path

    def numbers(self) -> list[int]:
        """Return the listed numbers, without the plus."""
        return list(range(scenarios.FIRST_LISTED, scenarios.FIRST_LISTED + self.listed))

    def hosts(self) -> list[str]:
        """Return the listed names."""
        return [self.host(row) for row in range(self.listed)]

    def host(self, row: int) -> str:
        """Return one listed name."""
        return f"h{row * _HOST_STEP % self.listed:08d}.example"

    def calls(self, rows: int = QUERIES) -> list[tuple[str, str]]:
        """Return callers and callees, without the plus; the scenario's share is listed."""
        made = scenarios.calls(rows, self.listed)
        return [(call.caller[1:], call.callee[1:]) for call in made]

    def names(self, rows: int = QUERIES) -> list[str]:
        """Return query names for a resolver, the scenario's share of them listed."""
        chance = np.random.default_rng(scenarios.SEED)
        hits = chance.random(rows) < scenarios.LISTED_SHARE
        which = chance.integers(0, self.listed, rows).tolist()
        return [
            self.host(row) if hit else f"w{row:08d}.example"
            for hit, row in zip(hits.tolist(), which, strict=True)
        ]

    def urls(self, rows: int = QUERIES) -> list[str]:
        """Return links of some 80 characters, deep paths on `names`."""
        made = scenarios.links(rows, self.listed)
        return [
            f"https://{name}/{link.url.split('/', 3)[3]}"
            for name, link in zip(self.names(rows), made, strict=True)
        ]

    def texts(self, rows: int = QUERIES) -> list[str]:
        """Return bodies of some 70 characters, a third with a link."""
        return [text.body for text in scenarios.texts(rows, self.listed)]

    def requests(self, channel: str, rows: int, count: int) -> tuple[str, list[bytes]]:
        """Return the method, and *count* different requests of *rows* rows of the same traffic."""
        made = self._messages(channel, rows * count)
        name = "Link" if channel == "name" else channel.capitalize()
        if rows == 1:
            word, request = name.lower(), getattr(pb, f"Decide{name}Request")
            return f"Decide{name}", [request(**{word: row}).SerializeToString() for row in made]
        word, request = f"{name.lower()}s", getattr(pb, f"Decide{name}sRequest")
        chunks = (made[start : start + rows] for start in range(0, len(made), rows))
        return f"Decide{name}s", [request(**{word: one}).SerializeToString() for one in chunks]

    def _messages(self, channel: str, rows: int) -> Sequence[Any]:
        if channel in ("call", "text"):
            return scenarios.MAKERS[channel](rows, self.listed)
        links = self.urls(rows) if channel == "link" else [f"http://{n}/" for n in self.names(rows)]
        return [pb.Link(url=url, requested_at_ms=1_764_000_000_000) for url in links]

    def write(self, name: str, lines: list[str]) -> Path:
        """Write *lines* into a file of the folder."""
        file = self.folder / name
        file.write_text("".join(f"{line}\n" for line in lines))
        return file

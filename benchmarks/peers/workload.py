"""The work of both sides: listed numbers and names, and traffic with a share of them."""

from dataclasses import dataclass
from pathlib import Path

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

    def request(self, channel: str, rows: int) -> tuple[str, bytes]:
        """Return method and request message with *rows* rows of the same traffic."""
        if channel in ("call", "text"):
            method, message = scenarios.request(channel, rows, self.listed)
            return method, message.SerializeToString()
        links = self.urls(rows) if channel == "link" else [f"http://{n}/" for n in self.names(rows)]
        messages = [pb.Link(url=url, requested_at_ms=1_764_000_000_000) for url in links]
        if rows == 1:
            return "DecideLink", pb.DecideLinkRequest(link=messages[0]).SerializeToString()
        return "DecideLinks", pb.DecideLinksRequest(links=messages).SerializeToString()

    def write(self, name: str, lines: list[str]) -> Path:
        """Write *lines* into a file of the folder."""
        file = self.folder / name
        file.write_text("".join(f"{line}\n" for line in lines))
        return file

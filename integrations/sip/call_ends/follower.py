"""Follows files to which a switch appends ended calls, and reports them.

Files are those of a pattern such as ``/var/spool/kamailio/call-ends/*.jsonl``; rotation makes new
ones, or renames old ones that the pattern still names. A state file says how far each was read, by
its inode, so that a restart neither loses nor repeats records: only a crash between a report and
the next write of the state repeats one batch. While no service answers, nothing is read. What was
there before the first start is passed over.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fanzha.client import CallEnd
from fanzha.errors import Unavailable
from infra import atomic_file
from integrations.sip.call_ends.record import CallEndReader, MalformedRecord

_LOGGER = logging.getLogger(__name__)
MOST_ENDS = 1024
"""In one report."""
_CHUNK = 1 << 20
_MOST_LINE_BYTES = 65_536

ReportCallEnds = Callable[[Sequence[CallEnd]], Awaitable[int | None]]
"""Returns how many were counted in; None where no service answered."""


@dataclass(slots=True, kw_only=True)
class _Place:
    """How far a file was read."""

    offset: int
    header: tuple[str, ...] = ()


class CallEndFollower:
    """Follows one pattern; `step` is run periodically."""

    def __init__(
        self,
        *,
        pattern: Path,
        state: Path,
        reader: CallEndReader,
        report: ReportCallEnds,
        count: Callable[[str, int], None],
    ) -> None:
        self._pattern = pattern
        self._state = state
        self._reader = reader
        self._report = report
        self._count = count
        self._places = self._restored()
        self._save()

    async def step(self) -> None:
        """Report what is new; `Unavailable` where no service answers."""
        for file in sorted(self._files()):
            while await self._advance(file):
                pass

    async def _advance(self, file: Path) -> bool:
        """Report some lines of one file; return whether there may be more."""
        try:
            key, size = _identity(file)
            place = self._places.get(key) or _Place(offset=0)
            if size < place.offset:
                place = _Place(offset=0)  # truncated: it begins anew
            data = _whole_lines(file, place.offset)
        except OSError as error:
            _LOGGER.warning("%s: %s", file, error.strerror)
            return False
        if not data:
            return False
        ends, used, malformed, header = self._read(data, place)
        if ends:
            accepted = await self._report(ends)
            if accepted is None:
                raise Unavailable("no service took the call ends")
            self._count("accepted", accepted)
            self._count("refused", len(ends) - accepted)
        self._count("malformed", malformed)
        self._places[key] = _Place(offset=place.offset + used, header=header)
        self._save()
        return True

    def _read(self, data: bytes, place: _Place) -> tuple[list[CallEnd], int, int, tuple[str, ...]]:
        """Return the records of some lines, how many bytes those are, and how many are none."""
        ends: list[CallEnd] = []
        used, malformed, header = 0, 0, place.header
        for line in data.splitlines(keepends=True):
            first = place.offset + used == 0
            used += len(line)
            text = line.decode("utf-8", "replace").strip()
            if not text:
                continue
            try:
                if first and self._reader.needs_header:
                    header = self._reader.header(text)
                else:
                    ends.append(self._reader.read(text, header))
            except MalformedRecord:
                malformed += 1
            if len(ends) >= MOST_ENDS:
                break
        return ends, used, malformed, header

    def _files(self) -> Iterator[Path]:
        return self._pattern.parent.glob(self._pattern.name)

    def _restored(self) -> dict[str, _Place]:
        try:
            state = json.loads(self._state.read_text("utf-8"))
            return {
                key: _Place(offset=int(offset), header=tuple(header))
                for key, (offset, header) in state.items()
            }
        except FileNotFoundError:
            return self._present()
        except (OSError, ValueError, TypeError, AttributeError) as error:
            _LOGGER.warning("%s cannot be read, and is made anew: %s", self._state, error)
            return self._present()

    def _present(self) -> dict[str, _Place]:
        places = {}
        for file in self._files():
            key, size = _identity(file)
            header = self._header_of(file) if self._reader.needs_header else ()
            places[key] = _Place(offset=size, header=header)
        return places

    def _header_of(self, file: Path) -> tuple[str, ...]:
        with file.open("rb") as opened:
            line = opened.readline(_MOST_LINE_BYTES)
        try:
            return self._reader.header(line.decode("utf-8", "replace").strip())
        except MalformedRecord:
            return ()

    def _save(self) -> None:
        there = set()
        for file in self._files():
            try:
                there.add(_identity(file)[0])
            except OSError:
                continue
        self._places = {key: place for key, place in self._places.items() if key in there}
        state = {key: (place.offset, place.header) for key, place in self._places.items()}
        atomic_file.write(self._state, json.dumps(state))


def _identity(file: Path) -> tuple[str, int]:
    stat = file.stat()
    return f"{stat.st_dev}:{stat.st_ino}", stat.st_size


def _whole_lines(file: Path, offset: int) -> bytes:
    """Return lines from *offset* on; the last of a file may still be written."""
    with file.open("rb") as opened:
        opened.seek(offset)
        data = opened.read(_CHUNK)
    whole = data[: data.rfind(b"\n") + 1]
    # A line that fills the chunk is none of a switch: it is passed over, and counted as malformed.
    return whole or (data if len(data) == _CHUNK else b"")

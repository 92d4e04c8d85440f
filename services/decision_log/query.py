"""Queries the decision log: decisions about a number or host, and counts of decisions.

DuckDB reads the segments in this process. It fetches nothing from the network, reads nothing but
the log, and spills to a folder of the log. Blocking: call it from a thread.
"""

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar

import duckdb

from fanzha.decisions import Action, Reason
from fanzha.errors import InvalidInput, Unavailable
from fanzha.phone import HomePlan, number_text
from fanzha.tables import Channel
from infra import atomic_file
from services.decision_log import schema, segment_files
from services.decision_log.conditions import Conditions
from services.decision_log.partitions import HourPartition
from services.decision_log.search import row_places, segment_keys
from services.decision_log.search.catalog import SegmentCatalog

MEMORY = "1GB"
_TRIES = 5
_SPILL = "query-"
_Answer = TypeVar("_Answer")

BY = {
    "channel": "channel",
    "action": "action",
    "reason": "reason",
    "fraud_type": "coalesce(fraud_type, '–')",
    "source": "coalesce(source, CASE WHEN reason = 'SCORED' THEN 'MODEL' ELSE '–' END)",
    "hour": "strftime(epoch_ms(decided_at_ms // 3600000 * 3600000), '%Y-%m-%d %H:00')",
    "ingress": "coalesce(ingress, '–')",
    "list_version": "CAST(list_version AS VARCHAR)",
    "model_version": "coalesce(model_version, '–')",
}
"""What decisions can be counted by, as SQL; one word of the command line each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPage:
    """Decisions, newest first."""

    rows: Sequence[Mapping[str, Any]]
    total: int
    """Logged decisions that fit, shown or not; counted for the first page only."""
    events: int
    """How many decisions these stand for, by their weights; likewise."""
    torn: Sequence[Path] = field(default_factory=tuple)
    """Segments that could not be read, and are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCount:
    """How many decisions have these values in common."""

    values: tuple[str, ...]
    rows: int
    """Logged decisions."""
    events: int
    """How many they stand for."""


class DecisionQuery:
    """Queries the log in one folder."""

    def __init__(self, folder: Path, home: HomePlan, *, memory: str = MEMORY) -> None:
        self.folder = folder
        self._home = home
        self._memory = memory
        self._catalog = SegmentCatalog()

    @property
    def exists(self) -> bool:
        """Return whether there is a log: in a cluster its folder may be on other hosts only."""
        return self.folder.is_dir()

    def find(self, conditions: Conditions, *, counted: bool = True) -> DecisionPage:
        """Find decisions, newest first; *counted*: count all that fit, where this is a first page.

        Hours are read from the newest back until the page is full. Counting reads all of them, for
        what `search.segment_keys` does not narrow down.
        """
        torn: list[Path] = []
        hours = self._hours(conditions)
        rows: list[dict[str, Any]] = []
        wanted = conditions.keys(self._home)

        def candidates(hour: HourPartition) -> int:
            return len(self._catalog.segments([hour], torn, wanted))

        parts = row_places.HoursNewestFirst(hours, candidates)
        while len(rows) < conditions.limit and (some := parts.take(len(rows), conditions.limit)):
            rows += self._page(conditions, some, conditions.limit - len(rows), torn)
        total = events = 0
        if counted and conditions.after is None:
            # Afterwards: it reads few columns, and would not notice what a page finds torn.
            total, events = self._count(conditions, hours, torn)
        return DecisionPage(rows=rows, total=total, events=events, torn=tuple(torn))

    def _hours(self, conditions: Conditions) -> list[HourPartition]:
        channels = [conditions.channel] if conditions.channel else list(Channel)
        ends_ms = conditions.until_ms
        if conditions.after is not None:
            # The place in the order is a moment, of which there may be more rows.
            after_ms = conditions.after[0] + 1
            ends_ms = after_ms if ends_ms is None else min(ends_ms, after_ms)
        return [
            hour
            for channel in channels
            for hour in self._catalog.hours(
                self.folder, schema.FOLDERS[channel], conditions.since_ms
            )
            if ends_ms is None or hour.start_ms < ends_ms
        ]

    def _count(
        self, conditions: Conditions, hours: Sequence[HourPartition], torn: list[Path]
    ) -> tuple[int, int]:
        where, values = conditions.sql(self._home)

        def ask(connection: Any, files: list[str]) -> tuple[int, int]:
            total, events = connection.execute(
                f"SELECT count(*), coalesce(sum(weight), 0) FROM {FILES} WHERE {where}",  # noqa: S608
                [files, *values],
            ).fetchone()
            return total, int(events)

        return self._ask(hours, torn, ask, (0, 0), conditions.keys(self._home))

    def _page(
        self, conditions: Conditions, hours: Sequence[HourPartition], most: int, torn: list[Path]
    ) -> list[dict[str, Any]]:
        where, values = conditions.sql(self._home)

        def ask(connection: Any, files: list[str]) -> list[dict[str, Any]]:
            # The place first, from the few columns that the conditions read, then all columns of
            # the rows of one page: a fifth of the time of reading all columns for all that fit.
            found = connection.execute(
                f"SELECT filename, file_row_number, decision_id FROM {row_places.PLACES} "  # noqa: S608
                f"WHERE {where} ORDER BY decided_at_ms DESC, decision_id LIMIT ?",
                [files, *values, most],
            ).fetchall()
            return row_places.rows_at(connection, found)

        nothing: list[dict[str, Any]] = []
        return self._ask(hours, torn, ask, nothing, conditions.keys(self._home))

    def fresh(self, since_ms: int, seen: set[str]) -> list[str]:
        """Return segments of hours since then that writers added, and put them into *seen*.

        What a compaction made of others is nothing new.
        """
        hours = self._decisions(since_ms)
        written = self._catalog.written(hours, [])
        new = [name for name in map(str, written) if name not in seen]
        seen.intersection_update(map(str, written))
        seen.update(new)
        return new

    def sample(self, segments: Sequence[str], conditions: Conditions) -> DecisionPage:
        """Return decisions of *segments*, the newest first; of too many some, blocks before others.

        `DecisionPage.total` counts all that fit.
        """
        where, values = conditions.sql(self._home)
        present = [name for name in segments if Path(name).exists()]
        if not present:
            return DecisionPage(rows=(), total=0, events=0)
        try:
            with self._connection() as connection:
                found = connection.execute(
                    "SELECT filename, file_row_number, decision_id, decided_at_ms, "  # noqa: S608
                    f"count(*) OVER (), sum(weight) OVER () FROM {row_places.PLACES} WHERE {where} "
                    "ORDER BY action = 'BLOCK' DESC, hash(decision_id) LIMIT ?",
                    [present, *values, conditions.limit],
                ).fetchall()
                found.sort(key=lambda place: -place[3])
                rows = row_places.rows_at(connection, [place[:3] for place in found])
        except duckdb.Error as error:
            # Merged in this moment, or torn: a tail goes on with what comes.
            raise Unavailable("the decision log: {error}", error=error) from error
        total, events = found[0][4:] if found else (0, 0)
        return DecisionPage(rows=rows, total=total, events=int(events))

    def why(
        self,
        decision_id: int,
        *,
        since_ms: int = 0,
        progress: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> Mapping[str, Any] | None:
        """Return one decision with all that is logged of it; None when it is not logged.

        The newest day is searched first; *progress* is told how many days of how many are done.
        """
        days = self._days(since_ms)
        for done, hours in enumerate(days):
            progress(done, len(days))
            found = self._one(decision_id, hours)
            if found is not None:
                return found
        progress(len(days), len(days))
        return None

    def content(self, decision_id: int, decided_at_ms: int) -> Mapping[str, Any] | None:
        """Return what a text said, where that is logged and still kept."""
        hours = list(self._catalog.hours(self.folder, schema.TEXT_CONTENT, decided_at_ms))[:1]
        return self._one(decision_id, hours)

    def several(
        self, decision_ids: Collection[int], *, since_ms: int = 0
    ) -> dict[int, Mapping[str, Any]]:
        """Return those decisions that are logged and still kept, by id."""
        return self._several(decision_ids, self._decisions(since_ms))

    def contents(
        self, decision_ids: Collection[int], *, since_ms: int = 0
    ) -> dict[int, Mapping[str, Any]]:
        """Return what texts said, where that is logged and still kept, by decision id."""
        hours = list(self._catalog.hours(self.folder, schema.TEXT_CONTENT, since_ms))
        return self._several(decision_ids, hours)

    def stats(
        self, since_ms: int, by: Sequence[str], *, limit: int = 100_000
    ) -> Sequence[DecisionCount]:
        """Count decisions by some of `BY`, the most events first; by hour, in order of time."""
        unknown = [name for name in by if name not in BY]
        if unknown or not by:
            raise InvalidInput(
                "by: one or more of {by}; not {unknown}",
                by=", ".join(BY),
                unknown=", ".join(unknown),
            )
        columns = ", ".join(BY[name] for name in by)
        places = ", ".join(str(place) for place in range(1, len(by) + 1))
        order = f"{by.index('hour') + 1}, events DESC" if "hour" in by else "events DESC"

        def ask(connection: Any, files: list[str]) -> list[DecisionCount]:
            rows = connection.execute(
                f"SELECT {columns}, count(*), sum(weight) AS events FROM {FILES} "  # noqa: S608
                f"WHERE decided_at_ms >= ? GROUP BY {places} ORDER BY {order} LIMIT ?",
                [files, since_ms, limit],
            ).fetchall()
            return [
                DecisionCount(values=tuple(map(str, row[:-2])), rows=row[-2], events=int(row[-1]))
                for row in rows
            ]

        return self.over(list(schema.FOLDERS.values()), since_ms, [], ask, [])

    def over(
        self,
        folders: Sequence[str],
        since_ms: int,
        torn: list[Path],
        ask: Callable[[Any, list[str]], _Answer],
        nothing: _Answer,
    ) -> _Answer:
        """Let *ask* ask about the segments of some folders; *nothing* where there are none."""
        hours = [
            hour
            for folder in folders
            for hour in self._catalog.hours(self.folder, folder, since_ms)
        ]
        return self._ask(hours, torn, ask, nothing)

    def _one(self, decision_id: int, hours: Sequence[HourPartition]) -> Mapping[str, Any] | None:
        def ask(connection: Any, files: list[str]) -> list[dict[str, Any]]:
            return row_places.dicts(
                connection.execute(
                    f"SELECT * FROM {FILES} WHERE decision_id = ?",  # noqa: S608
                    [files, decision_id],
                )
            )

        nothing: list[dict[str, Any]] = []
        wanted = (segment_keys.of_decision(decision_id),)
        rows = self._ask(hours, [], ask, nothing, wanted)
        return rows[0] if rows else None

    def _several(
        self, decision_ids: Collection[int], hours: Sequence[HourPartition]
    ) -> dict[int, Mapping[str, Any]]:
        def ask(connection: Any, files: list[str]) -> list[dict[str, Any]]:
            return row_places.dicts(
                connection.execute(
                    f"SELECT * FROM {FILES} "  # noqa: S608
                    "WHERE decision_id IN (SELECT unnest(CAST(? AS UBIGINT[])))",
                    [files, list(decision_ids)],
                )
            )

        nothing: list[dict[str, Any]] = []
        rows = self._ask(hours, [], ask, nothing) if decision_ids else nothing
        return {int(row["decision_id"]): row for row in rows}

    def _decisions(self, since_ms: int) -> list[HourPartition]:
        return [
            hour
            for folder in schema.FOLDERS.values()
            for hour in self._catalog.hours(self.folder, folder, since_ms)
        ]

    def _days(self, since_ms: int) -> list[list[HourPartition]]:
        days: dict[str, list[HourPartition]] = {}
        for folder in schema.FOLDERS.values():
            for hour in self._catalog.hours(self.folder, folder, since_ms):
                days.setdefault(hour.folder.parent.name, []).append(hour)
        return [days[day] for day in sorted(days, reverse=True)]

    def _ask(
        self,
        hours: Sequence[HourPartition],
        torn: list[Path],
        ask: Callable[[Any, list[str]], _Answer],
        nothing: _Answer,
        wanted: Sequence[int] = (),
    ) -> _Answer:
        """Ask about the segments of *hours* that may have the keys *wanted*.

        Anew when a compaction took one away meanwhile, or one is torn in the middle.
        """
        for _ in range(_TRIES):
            files = list(map(str, self._catalog.segments(hours, torn, wanted)))
            if not files:
                return nothing
            try:
                with self._connection() as connection:
                    return ask(connection, files)
            except duckdb.Error as error:
                gone = [path for path in files if not Path(path).exists()]
                if not gone and not segment_files.read_through(map(Path, files), torn):
                    raise Unavailable("the decision log: {error}", error=error) from error
        raise Unavailable("the decision log: its segments changed too often; ask again")

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        spill = Path(mkdtemp(prefix=_SPILL, dir=self._spill_folder()))
        try:
            with duckdb.connect(
                ":memory:",
                config={
                    "autoinstall_known_extensions": "false",
                    "autoload_known_extensions": "false",
                    "memory_limit": self._memory,
                    "temp_directory": str(spill),
                },
            ) as connection:
                connection.execute("SET allowed_directories = ?", [[str(self.folder), str(spill)]])
                connection.execute("SET enable_external_access = false")
                connection.execute("SET lock_configuration = true")
                yield connection
        finally:
            shutil.rmtree(spill, ignore_errors=True)

    def _spill_folder(self) -> Path:
        folder = self.folder / "tmp"
        atomic_file.make_folder(folder)
        return folder


FILES = "read_parquet(?, union_by_name = true, hive_partitioning = false)"


def party(row: Mapping[str, Any], side: str) -> str:
    """Write the party on one *side*, from or to, of a decision; empty when nobody is known."""
    name = row.get("from_name") if side == "from" else None
    return name or number_text(int(row[f"{side}_key"]))


def is_blocked(row: Mapping[str, Any]) -> bool:
    """Return whether a decision was to block."""
    return bool(row["action"] == Action.BLOCK.name)


_BY_MODEL = frozenset(
    reason.name
    for reason in (
        *(Reason.SCORED, Reason.LINK_SCORED, Reason.SENDER_HISTORY),
        *(Reason.SPAM, Reason.VELOCITY, Reason.REVIEW),
    )
)


def by_model(row: Mapping[str, Any]) -> bool:
    """Return whether a model decided."""
    return row["reason"] in _BY_MODEL

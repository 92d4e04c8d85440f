"""Reads the operator's file of facts on domains (`host_facts_file`): CSV or Parquet.

A column ``domain`` and any of ``registered_on``, ``first_seen_on`` (dates such as 2026-11-30) and
``popularity_rank`` (from 1 on). Dates, not days, so that a file does not age. An empty cell is
unknown. One wrong row refuses the whole file and is named, for nobody would notice that half of a
table is missing.

A file may have millions of rows and is read again beside decisions, in a thread: what is not done
outside of Python's lock is done in small pieces.
"""

import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from blocklists.entry_table import keys_of_bytes
from fanzha.errors import InvalidConfiguration
from fanzha.hosts import canonical_host, is_address
from fanzha.tables import Bools, Int64s
from services.decision.domain_facts.table import UNKNOWN_DAY, UNKNOWN_RANK, DomainFacts

DOMAIN, RANK = "domain", "popularity_rank"
DATES = ("registered_on", "first_seen_on")
COLUMNS = (DOMAIN, *DATES, RANK)
MAX_DOMAINS = 5_000_000
_PARQUET = b"PAR1"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PLAIN_DOMAIN = r"^([a-z0-9_-]{1,63}\.)+[a-z][a-z0-9-]{1,62}$"
"""As it is, canonical; the few others are read one by one."""
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_RANK = r"^[1-9][0-9]{0,8}$"
_AT_ONCE = 2048
"""Domains hashed before decisions get their turn: less than a millisecond."""
_SHOWN = 80
_FIRST_LINE = 2
"""Of the rows of a CSV file with a heading."""


class FactsFile:
    """The columns of a file, as texts."""

    def __init__(self, table: pa.Table, *, place: Callable[[int], str]) -> None:
        """Take a *table*; *place* says in words where a row is."""
        self._place = place
        names = table.column_names
        unknown = [name for name in names if name not in COLUMNS]
        if unknown or DOMAIN not in names or len(names) != len({*names}) or len(names) == 1:
            raise InvalidConfiguration(
                "columns: domain, and one or more of {columns}; not {names}",
                columns=", ".join(COLUMNS[1:]),
                names=", ".join(names)[:_SHOWN],
            )
        if table.num_rows > MAX_DOMAINS:
            raise InvalidConfiguration(
                "{rows:,} domains, more than {most:,}", rows=table.num_rows, most=MAX_DOMAINS
            )
        self._columns = {name: _texts(table.column(name), name) for name in names}
        self._rows = table.num_rows

    def read(self) -> DomainFacts:
        """Return the facts; `InvalidConfiguration` names the first wrong row of a column."""
        keys = self._keys()
        order = np.argsort(keys, kind="stable")
        same = np.flatnonzero(np.diff(keys[order]) == 0)
        if len(same):
            first, second = order[same[0]], order[same[0] + 1]
            raise InvalidConfiguration(
                "{cell}: in {other}, too",
                cell=self._cell(DOMAIN, int(second)),
                other=self._place(int(first)),
            )
        registered_on, first_seen_on = (self._days(name)[order] for name in DATES)
        return DomainFacts(
            keys=keys[order],
            registered_on=registered_on,
            first_seen_on=first_seen_on,
            popularity_rank=self._ranks()[order],
        )

    def _keys(self) -> Int64s:
        names = pc.utf8_rtrim(pc.utf8_lower(self._columns[DOMAIN]), ".")
        plain = _matches(names, _PLAIN_DOMAIN)
        keys = np.empty(self._rows, np.int64)
        for at in range(0, self._rows, _AT_ONCE):
            some = names.slice(at, _AT_ONCE).to_pylist()
            for within in np.flatnonzero(~plain[at : at + _AT_ONCE]).tolist():
                some[within] = self._canonical(at + within, some[within])
            keys[at : at + len(some)] = keys_of_bytes(list(map(str.encode, some)))
            time.sleep(0)
        return keys

    def _canonical(self, row: int, name: str) -> str:
        host = canonical_host(name)
        if not host or "." not in host or is_address(host):
            raise InvalidConfiguration("{cell}: no domain", cell=self._cell(DOMAIN, row))
        return host

    def _days(self, name: str) -> npt.NDArray[np.int32]:
        if name not in self._columns:
            return np.full(self._rows, UNKNOWN_DAY, np.int32)
        known, texts, bad = self._known(name, _DATE)
        try:
            dates = texts.cast(pa.date32())
        except pa.ArrowInvalid:
            bad = next(at for at, one in enumerate(texts.to_pylist()) if not _is_date(one))
        if bad is not None:
            cell = self._cell(name, int(np.flatnonzero(known)[bad]))
            raise InvalidConfiguration("{cell}: no date such as 2026-11-30", cell=cell)
        days = np.full(self._rows, UNKNOWN_DAY, np.int32)
        days[known] = dates.cast(pa.int32()).to_numpy()
        return days

    def _ranks(self) -> npt.NDArray[np.uint32]:
        ranks = np.full(self._rows, UNKNOWN_RANK, np.uint32)
        if RANK in self._columns:
            known, texts, bad = self._known(RANK, _RANK)
            if bad is not None:
                cell = self._cell(RANK, int(np.flatnonzero(known)[bad]))
                raise InvalidConfiguration("{cell}: no rank from 1 to 999999999", cell=cell)
            ranks[known] = texts.cast(pa.uint32()).to_numpy()
        return ranks

    def _known(self, name: str, pattern: str) -> tuple[Bools, Any, int | None]:
        """Return which cells are not empty, their texts, and the first that is not *pattern*."""
        texts = self._columns[name]
        known = pc.not_equal(texts, "")
        found = texts.filter(known)
        mask: Bools = known.to_numpy(zero_copy_only=False)
        bad = np.flatnonzero(~_matches(found, pattern))
        return mask, found, int(bad[0]) if len(bad) else None

    def _cell(self, name: str, row: int) -> str:
        """Return where a cell is, and what it holds."""
        return f"{self._place(row)}: {name} {str(self._columns[name][row])[:_SHOWN]!r}"


def read_domain_facts(data: bytes) -> DomainFacts:
    """Read a file; `InvalidConfiguration` if wrong."""
    try:
        if data.startswith(_PARQUET):
            table = pa.parquet.read_table(io.BytesIO(data), use_threads=False)
            return FactsFile(table, place=lambda row: f"row {row + 1}").read()
        table = _csv(data.removeprefix(_BYTE_ORDER_MARK))
        return FactsFile(table, place=lambda row: f"line {row + _FIRST_LINE}").read()
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise InvalidConfiguration("neither CSV nor Parquet: {error}", error=error) from error


def _csv(data: bytes) -> pa.Table:
    # All cells as texts: what a column should hold is checked here, with its line.
    return pa.csv.read_csv(
        io.BytesIO(data),
        read_options=pa.csv.ReadOptions(use_threads=False),
        parse_options=pa.csv.ParseOptions(ignore_empty_lines=False),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(COLUMNS, pa.string()), strings_can_be_null=False
        ),
    )


def _texts(column: Any, name: str) -> Any:
    """Return a column of either kind of file as trimmed texts, empty where unknown."""
    kind = column.type
    if name in DATES and pa.types.is_timestamp(kind):
        column = column.cast(pa.date32())
    if pa.types.is_floating(kind):
        # Writers turn a column of whole numbers with gaps into this.
        column = column.cast(pa.int64())
    texts = pc.fill_null(column.cast(pa.string()), "")
    return pc.utf8_trim_whitespace(texts).combine_chunks()


def _matches(texts: Any, pattern: str) -> Bools:
    found: Bools = pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
    return found


def _is_date(text: str) -> bool:
    try:
        pa.scalar(text).cast(pa.date32())
    except pa.ArrowInvalid:
        return False
    return True

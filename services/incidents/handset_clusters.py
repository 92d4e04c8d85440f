"""Handsets from which many numbers called, blocked or not (一机多卡), by the hashes of the log.

A SIM bank or a farm of phones puts card after card into one device; a person has two or three
cards, and each slot of a phone with two has a handset number (IMEI) of its own. Repair shops, test
devices and phones that a family shares do the same slowly, and copied handset numbers over a whole
province: so the figures tell how many numbers called within an hour and a day, how much of it was
blocked, over how many trunks, and in how many handsets one of the numbers was within a day
(一卡多机).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fanzha.errors import NotFound
from fanzha.phone import number_text
from services.decision_log import schema
from services.decision_log.query import FILES, DecisionQuery

_MOST_HANDSETS = 1000
"""Those with the most blocked numbers, then with the most numbers."""
_DIGITS = 16
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000

# Segments of earlier versions have no such column, and a log may have no others.
_CALLS = f"""(
  SELECT handset_hash, from_key, occurred_at_ms, action, weight, trunk FROM (
    SELECT CAST(NULL AS UBIGINT) AS handset_hash WHERE false UNION ALL BY NAME
    SELECT * FROM {FILES.replace("?", "$files")})
  WHERE handset_hash IS NOT NULL AND from_key > 0 AND from_name IS NULL AND decided_at_ms >= $since
)"""  # noqa: S608 - the place of the files

_SHARED = f"""
CREATE TEMP TABLE shared AS
SELECT handset_hash, count(DISTINCT from_key) AS numbers,
  count(DISTINCT from_key) FILTER (action = 'BLOCK') AS blocked_numbers,
  count(DISTINCT trunk) AS trunks
FROM {_CALLS} WHERE $handset IS NULL OR handset_hash = $handset GROUP BY handset_hash
HAVING numbers >= $fewest ORDER BY blocked_numbers DESC, numbers DESC, handset_hash
LIMIT {_MOST_HANDSETS}
"""  # noqa: S608 - texts of ours

_MEMBERS = f"""
CREATE TEMP TABLE members AS
SELECT handset_hash, from_key, occurred_at_ms // {_HOUR_MS} AS hour, sum(weight) AS calls,
  coalesce(sum(weight) FILTER (action = 'BLOCK'), 0) AS blocked,
  min(occurred_at_ms) AS first_ms, max(occurred_at_ms) AS last_ms
FROM {_CALLS} SEMI JOIN shared USING (handset_hash) GROUP BY ALL
"""  # noqa: S608 - texts of ours

_MOST_HANDSETS_OF_A_NUMBER = f"""
SELECT handset_hash, max(handsets) FROM (SELECT DISTINCT handset_hash, from_key FROM members) JOIN (
  SELECT from_key, occurred_at_ms // {_DAY_MS} AS day, count(DISTINCT handset_hash) AS handsets
  FROM {_CALLS} SEMI JOIN members USING (from_key) GROUP BY ALL) USING (from_key)
GROUP BY handset_hash
"""  # noqa: S608 - texts of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedHandset:
    """A handset, and the numbers that called from it."""

    handset: str
    """Its hash, 16 hexadecimal digits."""
    numbers: Sequence[str]
    """Those with the most blocked calls first, then with the most calls; some at most."""
    size: int
    """How many there are."""
    blocked: int
    """Calls that were blocked."""
    first_ms: int
    last_ms: int
    evidence: Mapping[str, float]


def shared_handsets(
    logged: DecisionQuery, since_ms: int, fewest: int, *, most: int, handset: str = ""
) -> list[SharedHandset]:
    """Return handsets of *fewest* numbers since a time, or the one *handset*. Blocking.

    Those with the most blocked numbers come first; *most* numbers of each are named. `NotFound`
    where no handset is logged.
    """

    def ask(connection: Any, files: list[str]) -> list[SharedHandset] | None:
        asked = {"files": files, "since": since_ms}
        which = {"fewest": fewest, "handset": int(handset, 16) if handset else None}
        connection.execute(_SHARED, asked | which)
        shared = connection.execute("SELECT * FROM shared").fetchall()
        if not shared:
            known = connection.execute(f"SELECT 1 FROM {_CALLS} LIMIT 1", asked)  # noqa: S608
            return [] if known.fetchone() else None
        connection.execute(_MEMBERS, asked)
        in_handsets = dict(connection.execute(_MOST_HANDSETS_OF_A_NUMBER, asked).fetchall())
        callers = _numbers(connection, most)
        figures = _figures(connection)
        return [
            _handset(row, callers[row[0]], figures[row[0]], in_handsets[row[0]]) for row in shared
        ]

    calls = [schema.FOLDERS[one] for one in schema.FOLDERS if one.name == "CALL"]
    nothing: list[SharedHandset] | None = None
    found = logged.over(calls, since_ms, [], ask, nothing)
    if found is None:
        raise NotFound(
            "clusters: no handset is logged: {setting} is off, or no switch sends one",
            setting="decision_log_handsets",
        )
    return found


def is_handset(text: str) -> bool:
    """Return whether a text is the hash of a handset, as clusters write it."""
    return len(text) == _DIGITS and not set(text) - set("0123456789abcdef")


def _numbers(connection: Any, most: int) -> dict[int, list[str]]:
    rows = connection.execute(
        "SELECT handset_hash, list(from_key ORDER BY blocked DESC, calls DESC, from_key)[:?] FROM ("
        "SELECT handset_hash, from_key, sum(blocked) AS blocked, sum(calls) AS calls FROM members "
        "GROUP BY ALL) GROUP BY handset_hash",
        [most],
    ).fetchall()
    return {handset: [number_text(int(key)) for key in keys] for handset, keys in rows}


def _figures(connection: Any) -> dict[int, Sequence[Any]]:
    """Return calls, blocked ones, first, last, most numbers of an hour and of a day, by handset."""
    rows = connection.execute(
        "SELECT handset_hash, sum(calls), sum(blocked), min(first_ms), max(last_ms), "  # noqa: S608
        "max(of_hour), max(of_day) FROM (SELECT *, "
        "count(DISTINCT from_key) OVER (PARTITION BY handset_hash, hour) AS of_hour, "
        f"count(DISTINCT from_key) OVER (PARTITION BY handset_hash, hour // {_DAY_MS // _HOUR_MS}) "
        "AS of_day FROM members) GROUP BY handset_hash"
    ).fetchall()
    return {handset: rest for handset, *rest in rows}


def _handset(
    row: Sequence[Any], numbers: Sequence[str], figures: Sequence[Any], in_handsets: int
) -> SharedHandset:
    handset, size, blocked_numbers, trunks = row
    calls, blocked, first_ms, last_ms, an_hour, a_day = map(int, figures)
    return SharedHandset(
        handset=f"{handset:0{_DIGITS}x}",
        numbers=numbers,
        size=size,
        blocked=blocked,
        first_ms=first_ms,
        last_ms=last_ms,
        evidence={
            "calls": calls,
            "blocked_share": blocked / max(calls, 1),
            "blocked_numbers": blocked_numbers,
            "numbers_an_hour": an_hour,
            "numbers_a_day": a_day,
            "trunks": trunks,
            "handsets_a_number": in_handsets,
        },
    )

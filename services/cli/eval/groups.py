"""What `fanzha eval --by` tells rows apart by: a column, or what is read out of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from fanzha import url as urls
from fanzha.translation.catalogue import gettext
from services.cli._common.console import fail
from services.cli._common.files import OpenTable, Row, column
from services.cli.eval.model_runner import URL_COLUMNS, ModelRunner, needed

DATE_COLUMNS = ("date", "dateadded", "first_seen", "submitted", "submission_time", "time",
                "timestamp", "month", "year")  # fmt: skip
"""The first of these that a table has dates its rows."""

_DATE = re.compile(r"(\d{4})[-/.年]?(0[1-9]|1[0-2])?")
_SECONDS = re.compile(r"1\d{9}(\d{3})?(\.\d+)?")


LANGUAGE_COLUMNS = ("language", "lang")


def groupings(
    table: OpenTable, file: str, by: Sequence[str], model: ModelRunner
) -> dict[str, Callable[[Row], str]]:
    """Return the functions that name the groups of a row, by what they are told apart by.

    Without *by* these are its source, language and month, as far as the table has them.
    """
    if by:
        return {name: grouping(table, file, name, model) for name in by}
    found = {"source": grouping(table, file, "", model)}
    for name, columns in (("language", LANGUAGE_COLUMNS), ("month", DATE_COLUMNS)):
        if column(table.columns, *columns):
            found[name] = grouping(table, file, name, model)
    return found


def told_apart(groups: Mapping[str, npt.NDArray[np.str_]]) -> dict[str, npt.NDArray[np.str_]]:
    """Return the first of *groups*, and the others that tell any rows apart."""
    first = next(iter(groups))
    return {by: names for by, names in groups.items() if by == first or len(np.unique(names)) > 1}


def grouping(table: OpenTable, file: str, by: str, model: ModelRunner) -> Callable[[Row], str]:
    """Return the function that names the group of a row; ends the command for an unknown *by*."""
    if by and by not in table.columns:
        if by in _OF_LINKS:
            if model.single != "url":
                fail(gettext("--group-by {by} is of links only", by=by))
            read, link = _OF_LINKS[by], needed(table, file, *URL_COLUMNS)
            return lambda row: read(row[link])
        if by == "language":
            spoken = needed(table, file, *LANGUAGE_COLUMNS)
            return lambda row: row[spoken]
        if by in _OF_DATES:
            length, date = _OF_DATES[by], needed(table, file, *DATE_COLUMNS)
            return lambda row: month(row[date])[:length]
    group = needed(table, file, by) if by else column(table.columns, "source")
    return lambda row: row.get(group, "")


def month(text: str) -> str:
    """Read the year and month of a date, such as 2026-01-05, 20260105 or Unix time; else empty."""
    if _SECONDS.fullmatch(text):
        seconds = float(text) / (1000 if float(text) >= 1e12 else 1)  # noqa: PLR2004 - milliseconds
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m}"
    found = _DATE.match(text.strip())
    return "-".join(filter(None, found.groups())) if found else ""


def suffix(url: str) -> str:
    """Return the public suffix: ``com``, or the domain of a free host."""
    return urls.registrable(_host(url)).partition(".")[2]


def top_level(url: str) -> str:
    """Return the last label of a host; empty for an address."""
    return _host(url).rpartition(".")[2] if urls.registrable(_host(url)) else ""


def _host(url: str) -> str:
    readable = urls.canonical(url)
    return urls.split(readable)[0] if readable else ""


_OF_LINKS = {"suffix": suffix, "tld": top_level}
_OF_DATES = {"month": 7, "year": 4}
"""Characters of a month that are kept."""

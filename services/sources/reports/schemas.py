"""Schemas of files of reports: what each column is called."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from blocklists.importers.tables.columns import plain
from fanzha import toml_files
from fanzha.errors import InvalidConfiguration, InvalidInput

FIELDS = ("reference", "reporter", "number", "sender", "link", "reported_at", "category")
SUBJECTS = ("number", "sender", "link")
"""The first of them that a row has is what was reported."""


@cache
def load() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return the names of columns, by schema and field."""
    source = files("services.sources.reports") / "schemas.toml"
    found: dict[str, Mapping[str, tuple[str, ...]]] = {}
    for schema, fields in toml_files.read_table(source).items():
        if set(fields) != set(FIELDS):
            raise InvalidConfiguration("{where}: has {names}", where=schema, names=FIELDS)
        found[schema] = {
            name: tuple(plain(one) for one in toml_files.read_words(names, f"{schema}: {name}"))
            for name, names in fields.items()
        }
    return found


def layout(schema: str, columns: Mapping[str, str], header: Sequence[str]) -> Mapping[str, str]:
    """Return which column of *header* holds each field; `InvalidInput` where one is missing.

    *columns* are further names, by the field that they hold, which go before.
    """
    written = {plain(name): name for name in header}
    own = {plain(name): field for name, field in columns.items()}
    found: dict[str, str] = {}
    for field in FIELDS:
        names = [*(name for name, holds in own.items() if holds == field), *load()[schema][field]]
        column = next((written[name] for name in names if name in written), None)
        if column is not None:
            found[field] = column
    missing = [name for name in ("reporter", "reported_at") if name not in found]
    if not any(one in found for one in SUBJECTS):
        missing.append(" / ".join(SUBJECTS))
    if missing:
        # A header may be a row with personal data, so it is not quoted.
        raise InvalidInput(
            "first line: no column is known to hold {missing}", missing=", ".join(missing)
        )
    return found

"""Lists as text that can be imported again: CSV with everything, names or numbers alone."""

from datetime import datetime
from io import StringIO

from blocklists.entries import Entry, EntryKind
from blocklists.exporters.forms import ALL_KINDS, HOSTS, NUMBERS, Context, ExportForm
from infra.csv_cells import SafeWriter

CSV_COLUMNS = (
    "type", "pattern", "action", "direction", "fraud_type", "source", "reason", "legal_basis",
    "expires", "campaign", "review", "mode", "region",
)  # fmt: skip


def columns(entry: Entry) -> tuple[str, ...]:
    """Write an entry as the columns of a CSV file that can be imported again."""
    return (
        "url" if entry.kind is EntryKind.URL_PREFIX else entry.kind.name.lower(),
        entry.pattern,
        entry.action.name.lower(),
        (entry.direction.name or "").lower(),
        entry.fraud_type.name.lower() if entry.fraud_type else "",
        entry.source.name.lower(),
        entry.reason,
        entry.legal_basis,
        _moment(entry.expires_at) if entry.ends else "never",
        entry.campaign,
        _moment(entry.review_at) if entry.review_at else "",
        entry.mode.name.lower(),
        entry.region,
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _line(cells: tuple[str, ...]) -> str:
    text = StringIO()
    SafeWriter(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _columns(entry: Entry, _context: Context) -> str:
    return _line(columns(entry))


def _pattern(entry: Entry, _context: Context) -> str:
    return f"{entry.pattern}\n"


CSV = ExportForm(
    kinds=ALL_KINDS,
    head=lambda _context: _line(CSV_COLUMNS),
    row=_columns,
    allows=True,
    for_others=False,
    # Both entries of a pattern stand in it: here, nothing has to decide between them.
    key=lambda entry: f"{entry.action} {entry.pattern}",
)
DOMAINS = ExportForm(kinds=HOSTS, row=_pattern)
NUMBERS_ALONE = ExportForm(kinds=NUMBERS, row=_pattern)

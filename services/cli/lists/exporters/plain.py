"""Lists as text that can be imported again: CSV with everything, names or numbers alone."""

from io import StringIO

from fanzha.csv_cells import SafeWriter
from fanzha.v1 import blocklist_pb2 as pb
from services.cli.lists import display
from services.cli.lists.exporters.forms import ALL_KINDS, HOSTS, NUMBERS, Context, ExportForm


def _line(cells: tuple[str, ...]) -> str:
    text = StringIO()
    SafeWriter(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _columns(entry: pb.Entry, _context: Context) -> str:
    return _line(display.columns(entry))


def _pattern(entry: pb.Entry, _context: Context) -> str:
    return f"{entry.pattern}\n"


CSV = ExportForm(
    kinds=ALL_KINDS,
    head=lambda _context: _line(display.CSV_COLUMNS),
    row=_columns,
    allows=True,
    for_others=False,
    # Both entries of a pattern stand in it: here, nothing has to decide between them.
    key=lambda entry: f"{entry.action} {entry.pattern}",
)
DOMAINS = ExportForm(kinds=HOSTS, row=_pattern)
NUMBERS_ALONE = ExportForm(kinds=NUMBERS, row=_pattern)

"""Shows tables, in the terminal and on the page."""

import io
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from examples import lists_tour_site

_WIDTH = 110


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Show a table, numbers to the right."""
    shown = Table(*heads, box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*row)
    for column in shown.columns:
        if all(str(cell).isdigit() for cell in column.cells):
            column.justify = "right"
    lists_tour_site.console.print(shown)
    paper = Console(file=io.StringIO(), width=_WIDTH)
    paper.print(shown)
    lines = [line.rstrip() for line in paper.file.getvalue().splitlines()]  # type: ignore[attr-defined]
    lists_tour_site.page.append("\n".join(["```text", *lines, "```\n"]))

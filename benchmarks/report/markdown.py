"""Writes tables and figures as Markdown."""

from collections.abc import Iterable, Sequence

_SIGNIFICANT = 3


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Write a table; all columns but the first are right-aligned."""
    marks = ["---", *["---:"] * (len(head) - 1)]
    return [_line(head), _line(marks), *map(_line, rows), ""]


def words(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Write a table of words, left-aligned."""
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows), ""]


def count(value: float) -> str:
    """Write a figure with three significant digits: 354,000 or 2.31."""
    if not value:
        return "0"
    digits = _SIGNIFICANT - len(str(int(abs(value)))) if abs(value) >= 1 else _SIGNIFICANT
    return f"{round(value, digits):,.{max(digits, 0)}f}"


def share(value: float) -> str:
    """Write a share in percent."""
    return f"{value * 100:.1f} %" if value else "0"


def plot(name: str, title: str) -> list[str]:
    """Refer to a plot of this page."""
    return [f"![{title}](plots/{name}.svg)", ""]


def missing(command: str) -> list[str]:
    """Return a note on a missing measurement, with its command."""
    return [f"Not measured: `{command}`.", ""]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

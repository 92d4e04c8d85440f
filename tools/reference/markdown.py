"""Text for Markdown pages: cells of tables, and lines of prose."""

from collections.abc import Iterable, Sequence


def cell(text: str) -> str:
    """Return *text* on one line, safe inside a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def prose(text: str) -> str:
    """Return *text* with nothing in it that Markdown takes for HTML."""
    return text.replace("<", "&lt;")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table, and an empty one after it."""
    lines = [header, ["---"] * len(header), *rows]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]

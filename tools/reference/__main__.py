"""Writes the pages in docs/reference that come from code: ``python -m tools.reference``."""

import sys
from pathlib import Path

from tools.reference import pages

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> None:
    """Write all pages, and remove those of services that are gone."""
    written = pages.write_all()
    folder = DOCS / "reference"
    for left in {*(folder / "proto").glob("*.md")} - {folder / name for name in written}:
        left.unlink()
    for name, text in written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    sys.stdout.write(f"{len(written)} pages in {folder.relative_to(DOCS.parent)}\n")


if __name__ == "__main__":
    main()

"""Makes benchmarks and capacity of docs/reference, plots and figures of READMEs from results.

    python -m benchmarks.report

Of each kind of result in ``benchmarks/results`` the newest of a clean tree counts. Plots need
matplotlib (the extra `bench`).
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import results
from benchmarks.capacity import published
from benchmarks.report import latest_results, pages, readme
from services.cli._common.console import err, fail, out

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main(
    *,
    folder: Annotated[
        Path, typer.Option("--results", exists=True, file_okay=False, help="JSON of real runs.")
    ] = results.FOLDER,
    docs: Annotated[Path, typer.Option(file_okay=False, help="Folder to write into.")] = DOCS,
) -> None:
    """Write the pages and the plots."""
    if find_spec("matplotlib") is None:
        fail("matplotlib is missing: pip install -e '.[bench]'")
    from benchmarks.report import plots  # noqa: PLC0415  needs matplotlib

    try:
        measured = latest_results.newest(folder)
        left_out = latest_results.dirty(folder)
        if left_out:
            err.print(f"left out, of trees with uncommitted changes: {', '.join(left_out)}")
        if not measured:
            fail(f"{folder}: no results of a clean tree; see fanzha bench all --help")
        pages.complete(measured)
    except latest_results.Unreadable as error:
        fail(str(error))
    try:
        drawn = plots.draw_all(measured, docs / "reference" / "plots")
        for name, text in pages.write(measured).items():
            (docs / "reference" / name).write_text(text)
        if (explained := docs / published.PAGE).exists():
            explained.write_text(published.write(measured, explained.read_text()))
        for name, language in readme.FILES.items():
            if (front := docs.parent / name).exists():
                front.write_text(readme.write(measured, front.read_text(), language))
    except OSError as error:
        fail(f"not written: {error}")
    out.print(f"{len(measured)} results: {', '.join(pages.WRITERS)} and {len(drawn)} plots")


if __name__ == "__main__":
    typer.run(main)

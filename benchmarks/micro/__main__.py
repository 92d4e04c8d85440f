"""Measures the hot functions one by one, with pytest-benchmark (the extra `bench`).

    python -m benchmarks.micro --save
    python -m benchmarks.micro --quick -k score

A busy machine disturbs the fastest round least, so that is the figure; the median is beside it.
Without --quick lists of ten million are built, which takes minutes and some gigabytes.
"""

import json
import os
import sys
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import pytest
import typer
from rich.markup import escape
from rich.table import Table

from benchmarks import results
from benchmarks.load import options as common
from services.cli._common.console import err, fail

_FOLDER = Path(__file__).parent


def main(
    *,
    quick: Annotated[bool, typer.Option(help="Short, without the largest lists.")] = False,
    only: Annotated[str, typer.Option("-k", help="Those whose name matches, as of pytest.")] = "",
    save: common.Save = False,
) -> None:
    """Measure, and print microseconds a call."""
    if find_spec("pytest_benchmark") is None:
        fail("pytest-benchmark is missing: pip install -e '.[bench]'")
    # Its own set of threads would compete with what is measured.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with TemporaryDirectory(prefix="fanzha-micro-") as name:
        file = Path(name) / "micro.json"
        # Standard output is for JSON.
        with redirect_stdout(sys.stderr):
            status = pytest.main(_arguments(file, quick=quick, only=only))
        if not file.exists():
            fail(f"nothing was measured; is a function called {only}?" if only else "see above")
        measured = json.loads(file.read_text())["benchmarks"]
    figures = [figure(one) for one in measured]
    _show(figures)
    # A partial result must not replace a full one.
    kind = "micro-part" if quick or only else "micro"
    results.write(kind, {"functions": figures}, save=save)
    sys.exit(int(status))


def figure(measured: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of one function."""
    times = measured["stats"]
    return {
        "name": measured["name"].removeprefix("bench_"),
        "least_microseconds": round(times["min"] * 1e6, 2),
        "median_microseconds": round(times["median"] * 1e6, 2),
        "rounds": times["rounds"],
    }


def _arguments(file: Path, *, quick: bool, only: str) -> list[str]:
    return [
        str(_FOLDER),
        "--quiet",
        "--override-ini=python_files=bench_*.py",
        "--override-ini=python_functions=bench_*",
        "--override-ini=timeout=0",
        "-Wignore:Not saving anything",
        "--override-ini=markers=large: lists of ten million",
        f"--benchmark-json={file}",
        f"--benchmark-max-time={0.2 if quick else 1.0}",
        "--benchmark-min-rounds=20",
        "--benchmark-disable-gc",
        "--benchmark-quiet",
        *(["-m", "not large"] if quick else []),
        *(["-k", only] if only else []),
    ]


def _show(figures: list[dict[str, Any]]) -> None:
    table = Table("function", title="microseconds a call")
    for heading in ("least", "median"):
        table.add_column(heading, justify="right")
    for one in figures:
        least, median = one["least_microseconds"], one["median_microseconds"]
        table.add_row(escape(one["name"]), f"{least:,.1f}", f"{median:,.1f}")
    err.print(table)


if __name__ == "__main__":
    typer.run(main)

"""What a row of the decision log takes on disk, by channel, as hours of a made-up day.

    python -m benchmarks.capacity.logged_rows --save

Rows are those of `benchmarks.decision_log_days`: half a million decisions and as many ends of calls
of one hour, as maintenance leaves a large segment. Real rows have more evidence, or less.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import pyarrow.parquet as pq
import typer

from benchmarks import decision_log_days, results

ROWS = 500_000


def measure(folder: Path, rows: int = ROWS) -> dict[str, float]:
    """Return the bytes of a row, by the folder of its channel."""
    decision_log_days.a_day(folder, rows, rows, hours=1)
    sizes: dict[str, list[int]] = {}
    for file in folder.rglob("*.parquet"):
        name = file.relative_to(folder).parts[0]
        counted = sizes.setdefault(name, [0, 0])
        counted[0] += file.stat().st_size
        counted[1] += pq.read_metadata(file).num_rows
    return {name: size / count for name, (size, count) in sorted(sizes.items())}


def main(
    *, save: Annotated[bool, typer.Option("--save", help="Keep it in benchmarks/results.")] = False
) -> None:
    """Write an hour of a decision log, and measure it."""
    with TemporaryDirectory() as folder:
        found = measure(Path(folder))
    results.write("logged-rows", {"rows": ROWS, "bytes_a_row": found}, save=save)


if __name__ == "__main__":
    typer.run(main)

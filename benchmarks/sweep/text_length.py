"""Throughput and p99 over the length of texts, one worker."""

import csv
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import scenarios, service
from benchmarks.sweep.cells import Pace, RequestShape, measure

LENGTHS, FEW_LENGTHS = (10, 35, 70, 140, 280, 560, 1120), (10, 70, 560)
"""Characters; 70 fill one message in UCS-2."""
LISTED, FEW_LISTED = 1_000_000, 10_000
ROWS = 256
DIFFERENT_TEXTS = 4096


def run(pace: Pace, *, quick: bool) -> dict[str, Any]:
    """Measure all lengths."""
    listed, points = FEW_LISTED if quick else LISTED, []
    with (
        TemporaryDirectory(prefix="fanzha-sweep-") as name,
        service.running(workers=1, listed=listed, cores=pace.server_cores) as running,
    ):
        for characters in FEW_LENGTHS if quick else LENGTHS:
            file = write_texts(Path(name) / f"{characters}.csv", characters)
            shape = RequestShape(channel="text", rows=ROWS, listed=listed, file=file)
            point = measure(running, shape, pace, f"texts of {characters} characters")
            points.append({"characters": characters} | point)
    return {"workers": 1, "listed": listed, "points": points}


def write_texts(file: Path, characters: int, count: int = DIFFERENT_TEXTS) -> Path:
    """Write texts of exactly *characters* characters, joined from those of the scenarios."""
    bodies = cycle(text.body + " " for text in scenarios.texts(count, 0))
    with file.open("w", encoding="utf-8", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(["sender", "receiver", "text"])
        for row in range(count):
            body = ""
            while len(body) < characters:
                body += "".join(islice(bodies, 1))
            # A trailing blank would be stripped, and shorten the text.
            body = body[: characters - 1].rstrip().ljust(characters, "。")
            table.writerow([f"1069{row:07}", f"+86198{row:08}", body])
    return file

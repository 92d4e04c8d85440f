"""Writes labelled examples to a file as the server sends them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TextIO, TypeAlias

from fanzha.translation.catalogue import gettext
from fanzha.v1 import warning_operations_pb2 as pb
from infra import atomic_file
from infra.csv_cells import SafeWriter
from services.cli._common.console import progress

CSV = ".csv"
SUFFIXES = frozenset({CSV, ".jsonl"})

Write: TypeAlias = "Callable[[pb.TrainingExample], object]"


def write(file: Path, answers: Iterable[pb.ExportExamplesResponse]) -> pb.ExampleCounts:
    """Write examples, for the owner of the file only; return what the export counted.

    The file is there once it is whole.
    """
    beside = file.with_name(f".{file.name}.new")
    counts = pb.ExampleCounts()
    with atomic_file.replacing_text(file, beside=beside) as lines, progress(bar=False) as bar:
        task = bar.add_task(gettext("cases"), total=None, note="")
        put = _csv(lines) if file.suffix == CSV else _jsonl(lines)
        for answer in answers:
            for example in answer.examples:
                put(example)
            counts.MergeFrom(answer.counts)
            bar.update(task, completed=answer.cases)
    return counts


def as_row(example: pb.TrainingExample) -> dict[str, Any]:
    """Return an example as a row of the file; an absent number is an empty text."""
    fields = example.DESCRIPTOR.fields
    message: Any = example
    return {
        field.name: ""
        if field.has_presence and not message.HasField(field.name)
        else getattr(message, field.name)
        for field in fields
    }


def _csv(lines: TextIO) -> Write:
    table = SafeWriter(lines)
    table.writerow(field.name for field in pb.TrainingExample.DESCRIPTOR.fields)
    return lambda one: table.writerow(as_row(one).values())


def _jsonl(lines: TextIO) -> Write:
    return lambda one: lines.write(json.dumps(as_row(one), ensure_ascii=False) + "\n")

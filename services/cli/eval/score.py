"""`fanzha score`: runs the models alone, in this process, at the shipped thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from fanzha.fraud import FraudType
from fanzha.translation.catalogue import gettext
from infra import atomic_file
from services.cli._common import command_help
from services.cli._common.channel_words import ChannelWord
from services.cli._common.console import err, one_sentence, progress
from services.cli._common.files import column, open_table
from services.cli.eval import model_runner
from services.cli.eval.model_runner import CHUNK, ModelRunner, ModelScores

app = typer.Typer(
    no_args_is_help=True,
    help="Run the models only: no lists, no server, at the thresholds of their cards.",
)

Data = Annotated[
    Path,
    typer.Option(exists=True, dir_okay=False, help="TSV or CSV with a header, or .gz of it."),
]
Out = Annotated[Path, typer.Option(dir_okay=False, help="TSV to write: one row out per row in.")]
Models = Annotated[
    Path | None, typer.Option(envvar="FANZHA_MODELS_DIR", help="Folder of model bundles.")
]

COLUMNS = ("action", "p_fraud", "fraud_type")


@app.command("text")
def text(data: Data, out: Out, models_dir: Models = None) -> None:
    """Score texts: column text (or body), and optionally sender and id."""
    _run(data, out, model_runner.load(ChannelWord.TEXT, models_dir), (*COLUMNS, "p_spam"))


@app.command("link")
def link(data: Data, out: Out, models_dir: Models = None) -> None:
    """Score links: column url (or domain), and optionally id."""
    _run(data, out, model_runner.load(ChannelWord.LINK, models_dir), COLUMNS)


@app.command()
def call(data: Data, out: Out, models_dir: Models = None) -> None:
    """Score callers by their behaviour: the columns named in docs/models/caller.md."""
    _run(data, out, model_runner.load(ChannelWord.CALL, models_dir), COLUMNS)


def _run(data: Path, out: Path, model: ModelRunner, columns: tuple[str, ...]) -> None:
    with (
        one_sentence(data.name),
        open_table(data, single_column=model.single) as table,
        atomic_file.replacing_text(out) as file,
    ):
        score = model.scorer(table, data.name)
        name = column(table.columns, "id", "user")
        file.write("\t".join(("id", *columns)) + "\n")
        done = 0
        with progress() as display:
            task: Any = display.add_task(gettext("scoring"), total=table.total_bytes, note="")
            while rows := list(islice(table.rows, CHUNK)):
                for offset, fields in enumerate(_fields(score(rows), model.threshold)):
                    identity = rows[offset].get(name) or str(done + offset + 1)
                    file.write("\t".join((identity, *fields)) + "\n")
                done += len(rows)
                display.update(
                    task, completed=table.bytes_read(), note=gettext("{done:,} rows", done=done)
                )
    err.print(gettext("{done:,} rows scored", done=done))


def _fields(scored: ModelScores, threshold: float) -> Iterator[tuple[str, ...]]:
    for row, (score, kind) in enumerate(zip(scored.p_fraud, scored.fraud_types, strict=True)):
        name = FraudType(int(kind)).name.lower() if kind else ""
        fields = _action(score, threshold), _number(score), name
        yield fields if scored.p_spam is None else (*fields, _number(scored.p_spam[row]))


def _action(score: np.float32, threshold: float) -> str:
    # NaN, a row that cannot be read, is let through.
    return "block" if score >= np.float32(threshold) else "allow"


def _number(score: np.float32) -> str:
    return "" if np.isnan(score) else f"{score:.6f}"


command_help.add_aliases(app)

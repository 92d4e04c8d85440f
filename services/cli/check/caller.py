"""`fanzha check caller`: one subscriber of a table, scored by the caller model and explained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from fanzha import tables
from fanzha.translation.catalogue import gettext
from services.cli._common.console import fail, one_sentence, out, print_json
from services.cli._common.enum_words import enum_word
from services.cli._common.exit_status import ExitStatus
from services.cli._common.files import Row, column, open_table
from services.cli._common.options import AsJson
from services.cli.check import explanation


def caller(
    data: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help="Table as for `fanzha score call`."),
    ],
    who: Annotated[str, typer.Option("--id", help="The subscriber: its cell in id or user.")],
    models_dir: Annotated[
        Path | None, typer.Option(envvar="FANZHA_MODELS_DIR", help="Folder of model bundles.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score one subscriber by its behaviour, and show which features weighed most."""
    from classifiers import bundles
    from classifiers.caller.classifier import activity_from_table

    row = _find(data, who)
    model = bundles.load_caller(models_dir)
    activity = activity_from_table(
        {name: _cell(row[name]) for name in model.table_columns if name in row}
        or {model.table_columns[0]: _cell("")}
    )
    score = float(model.score(activity)[0])
    action = "block" if np.float32(score) >= np.float32(model.threshold) else "allow"
    why = explanation.of_subscriber(model, activity)
    if as_json:
        words = {"action": action, "score": round(score, 4), "threshold": model.threshold}
        print_json({**words, "model_version": model.version, "explanation": why.as_words()})
        return
    out.print(
        gettext(
            "{action}: the score is {score:.4f}, the threshold {threshold:.4f}",
            action=enum_word("action", action),
            score=score,
            threshold=model.threshold,
        )
    )
    explanation.show(why)


def _find(data: Path, who: str) -> Row:
    with one_sentence(data.name), open_table(data, single_column="user") as table:
        name = column(table.columns, "id", "user")
        if not name:
            fail(
                gettext(
                    "{name}: needs a column id or user, has {columns}",
                    name=data.name,
                    columns=", ".join(table.columns),
                )
            )
        found = next((row for row in table.rows if row[name] == who), None)
    if found is None:
        fail(
            gettext("{name}: has no row {who!r}", name=data.name, who=who),
            status=ExitStatus.NOT_FOUND,
        )
    return found


def _cell(text: str) -> tables.Float32s:
    try:
        return np.array([float(text)], np.float32)
    except ValueError:
        return np.array([np.nan], np.float32)

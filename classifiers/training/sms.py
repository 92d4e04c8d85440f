"""Trains the text model: `python -m classifiers.training.sms --data FOLDER --out BUNDLE`.

One thread, about ten minutes with the sources left out one by one, two without. All choices are
made on validation rows; the test rows are scored once, at the end.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.progress import Progress

from classifiers.evaluation import threshold_for
from classifiers.training import sms_bundle, sms_calls, sms_report
from classifiers.training.common import BUDGET, SMALL_SOURCE, budget_threshold
from classifiers.training.sms_data import FRAUD, LANGUAGES, SPAM, TRAIN, VALIDATION, Row, read
from classifiers.training.sms_network import Trained, logits, train
from classifiers.training.sms_scores import fraud_margins, probabilities
from fanzha.tables import Float32s

LEFT_OUT = (
    ("fbs",),
    ("inbox",),
    ("nus",),
    ("mendeley",),
    ("indonesian_sms", "indonesian_reports"),
    ("thai_sms",),
)
LOWEST_THRESHOLD = 0.7
"""A reserve for sources never seen."""


def main(
    *,
    data: Annotated[Path, typer.Option(help="Folder with the labelled texts.")],
    out: Annotated[Path, typer.Option(help="Bundle to write; its name is the version.")],
    epochs: int = 6,
    seed: int = 20261124,
    page: Annotated[Path | None, typer.Option(help="Page to render from the card.")] = None,
    leave_out: Annotated[bool, typer.Option(help="Also train without each of some.")] = True,
) -> None:
    """Train, measure and write a text model."""
    rows = read(data, seed)
    runs: list[tuple[str, ...]] = [(), *(LEFT_OUT if leave_out else ())]
    with Progress() as progress:
        task = progress.add_task("training", total=epochs * len(runs))

        def tell(_epoch: int, loss: float) -> None:
            progress.update(task, advance=1, description=f"loss {loss:.3f}")

        trained = _train(rows, epochs=epochs, seed=seed, tell=tell)
        left_out = [_left_out(rows, one, epochs=epochs, seed=seed, tell=tell) for one in runs[1:]]
    figures = [figure for one in left_out for figure in one]
    sms_bundle.write(out, rows, trained, left_out=figures, seed=seed)
    if page is not None:
        page.write_text(sms_report.page(out), encoding="utf-8")


def _train(
    rows: Sequence[Row], *, epochs: int, seed: int, tell: Callable[[int, float], None]
) -> Trained:
    network = train([r for r in rows if r.split == TRAIN], epochs=epochs, seed=seed, progress=tell)
    # Synthetic calls teach, but what they call harmless sets no threshold.
    validation = [r for r in rows if r.split == VALIDATION and r.source not in sms_calls.SOURCES]
    found = logits(network, [row.text for row in validation])
    caution = _caution(validation, fraud_margins(found))
    careful = probabilities(found, caution)
    is_bad = np.array([row.label != "ham" for row in validation])
    spam, _ = budget_threshold(
        careful[:, SPAM], is_bad, np.array([row.source for row in validation])
    )
    return Trained(
        network=network,
        caution=caution,
        threshold=_threshold(validation, careful[:, FRAUD]),
        spam_threshold=spam,
    )


def _caution(rows: Sequence[Row], margins: Float32s) -> Float32s:
    """Return what the logit of fraud must lose in each language so that 0.5 keeps the budget."""
    caution = np.zeros(len(LANGUAGES), np.float32)
    enough = np.zeros(len(LANGUAGES), np.bool_)
    for language in range(len(LANGUAGES)):
        of_language = [row.language == language and row.label == "ham" for row in rows]
        enough[language] = sum(of_language) >= SMALL_SOURCE
        for source in {row.source for row in rows}:
            ham = np.array([row.source == source for row in rows]) & of_language
            if ham.any():
                caution[language] = max(caution[language], _highest_allowed(margins[ham]))
    # Where little ham can speak for a language, it is treated as the hardest known one.
    caution[~enough] = np.maximum(caution[~enough], caution[enough].max(initial=0))
    return caution


def _threshold(rows: Sequence[Row], p_fraud: Float32s) -> float:
    found = LOWEST_THRESHOLD
    for source in {row.source for row in rows}:
        ham = np.array([row.source == source and row.label == "ham" for row in rows])
        if ham.any():
            found = max(found, threshold_for(p_fraud[ham], BUDGET))
    return found


def _highest_allowed(margins: Float32s) -> float:
    return float(np.sort(margins)[-1 - int(len(margins) * BUDGET)])


def _left_out(
    rows: Sequence[Row],
    sources: tuple[str, ...],
    *,
    epochs: int,
    seed: int,
    tell: Callable[[int, float], None],
) -> sms_report.Figures:
    kept = [row for row in rows if row.source not in sources]
    trained = _train(kept, epochs=epochs, seed=seed, tell=tell)
    out = [row for row in rows if row.source in sources]
    found = logits(trained.network, [row.text for row in out])
    p_fraud = probabilities(found, trained.caution)[:, FRAUD]
    return sms_report.by_source(out, p_fraud, trained.threshold)


if __name__ == "__main__":
    typer.run(main)

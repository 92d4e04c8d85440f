"""Runs one model over the rows of a file, whatever its channel; for `score` and `eval`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from classifiers import bundles, card
from fanzha import phone, tables
from fanzha import url as urls
from fanzha.translation.catalogue import gettext
from fanzha.translation.message import alternatives
from services.cli._common.channel_words import ChannelWord
from services.cli._common.console import err, fail, fault_text
from services.cli._common.files import OpenTable, Row, column
from services.decision.model_kinds import ModelKind

CHUNK = 1024
"""Rows scored at once."""
URL_COLUMNS = ("url", "domain", "host", "link")
"""The first of these that a table has holds its links."""

_MOST_NAMES = 20
_LONGEST_NAME = 40


class ModelScores(NamedTuple):
    """What a model said of some rows."""

    p_fraud: tables.Float32s
    """NaN where a row could not be scored."""
    fraud_types: tables.Uint8s
    p_spam: tables.Float32s | None = None
    """Of texts only."""


Score: TypeAlias = Callable[[Sequence[Row]], ModelScores]


class ModelRunner(NamedTuple):
    """A model that is loaded, and how to score the rows of a table with it."""

    version: str
    threshold: float
    single: str
    """Name of the column of a file that has no header."""
    scorer: Callable[[OpenTable, str], Score]
    """Made for a table, and the name of its file."""
    calibrated_at: float | None = None
    """Share of fraud where scores were calibrated; None where the card does not tell."""
    review_threshold: float | None = None
    """The score from which a person is asked; None where nobody is."""


def load_bundle(channel: ChannelWord, bundle: Path) -> ModelRunner:
    """Load the model in the folder *bundle*, such as ``MODELS/sms/5``."""
    whole = bundle.resolve()
    return load(channel, whole.parent.parent, whole.name)


def load(channel: ChannelWord, models_dir: Path | None, version: str | None = None) -> ModelRunner:
    """Load a model of *channel*, by default the newest; end the command where it is not whole."""
    try:
        model = _LOADERS[channel](models_dir, version)
        bundle = bundles.folder(models_dir, ModelKind(channel.value).folder, model.version)
        about = card.read(bundle)
        return model._replace(
            calibrated_at=about.calibration_prevalence, review_threshold=about.review_threshold
        )
    except ValueError as error:
        fail(fault_text(error))


def _text(models_dir: Path | None, version: str | None) -> ModelRunner:
    """Score texts by column text (or body), and sender where there is one."""
    model = bundles.load_text(models_dir, version)
    home = phone.HomePlan()

    def scorer(table: OpenTable, name: str) -> Score:
        body = needed(table, name, "text", "body", "message", "content")
        sender = column(table.columns, "sender", "from")

        def score(rows: Sequence[Row]) -> ModelScores:
            senders = home.sender_keys([row.get(sender, "") for row in rows])
            scores = model.score_bodies([row[body] for row in rows], senders)
            return ModelScores(scores.p_fraud, scores.fraud_types, scores.p_spam)

        return score

    return ModelRunner(model.version, model.threshold, "text", scorer)


def _link(models_dir: Path | None, version: str | None) -> ModelRunner:
    """Score links by column url (or domain)."""
    model = bundles.load_link(models_dir, version)

    def scorer(table: OpenTable, name: str) -> Score:
        link = needed(table, name, *URL_COLUMNS)
        return lambda rows: _untyped(model.score(urls.canonicals([row[link] for row in rows])))

    return ModelRunner(model.version, model.threshold, "url", scorer)


def _call(models_dir: Path | None, version: str | None) -> ModelRunner:
    """Score callers by the columns of their behaviour."""
    model = bundles.load_caller(models_dir, version)

    def scorer(table: OpenTable, name: str) -> Score:
        needed(table, name, *model.table_columns)
        missing = sorted(set(model.table_columns) - set(table.columns))
        if missing:
            err.print(
                gettext(
                    "taken as empty, for {name} has no such column: {missing}",
                    name=name,
                    missing=", ".join(missing),
                )
            )

        def score(rows: Sequence[Row]) -> ModelScores:
            columns = {
                name: np.array([_float(row[name]) for row in rows], np.float32)
                for name in table.columns
                if name in model.table_columns
            }
            return _untyped(model.score_table(columns))

        return score

    return ModelRunner(model.version, model.threshold, "number", scorer)


_LOADERS = {ChannelWord.TEXT: _text, ChannelWord.LINK: _link, ChannelWord.CALL: _call}


def needed(table: OpenTable, file: str, *names: str) -> str:
    """Return the first of *names* that the table has; end the command when it has none."""
    found = column(table.columns, *names)
    if not found:
        fail(
            gettext(
                "{file}: needs a column {names}, {columns}",
                file=file,
                names=alternatives(names),
                columns=_has(table.columns),
            )
        )
    return found


def _has(columns: Sequence[str]) -> str:
    if columns in ((), ("",)):
        return gettext("is empty")
    # What is no table may have anything for a header.
    short = ["".join(filter(str.isprintable, name))[:_LONGEST_NAME] for name in columns]
    more = len(columns) - _MOST_NAMES
    return gettext("has {short}", short=", ".join(short[:_MOST_NAMES])) + (
        gettext(" and {more} more", more=more) if more > 0 else ""
    )


def _untyped(scores: tables.Float32s) -> ModelScores:
    return ModelScores(scores, np.zeros(len(scores), np.uint8))


def _float(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")

"""What the figures of a round depend on besides the round itself, for `Checkpoints`."""

from collections.abc import Sequence
from dataclasses import asdict
from hashlib import blake2b

from classifiers.text import sentence_encoder
from classifiers.training.checkpoints import digest_of_code
from classifiers.training.text.data import LabelledText
from classifiers.training.text.objectives.options import TrainingOptions
from classifiers.training.text.second_stage.link_facts import link_model

FITTED_BY = (
    "classifiers.evaluation",
    "classifiers.text",
    "classifiers.training.bundle_writer",
    "classifiers.training.link.calibration",
    *(f"classifiers.training.text.{name}" for name in (
        "augmentation", "call_transcripts", "cascade", "data", "embeddings", "evasions", "fit",
        "graph", "logit_adjustment", "network", "objectives", "report", "row_selection", "sampler",
        "scores", "second_stage", "teacher",
    )),
    "classifiers.training.text.rounds.training_rounds",
    "fanzha.text",
)  # fmt: skip
"""Packages and modules on which the figures of a round depend."""


def conditions(
    rows: Sequence[LabelledText], seed: int, options: TrainingOptions, train_only: Sequence[str]
) -> dict[str, object]:
    """Return what figures of rounds depend on; of the rows a digest, no text."""
    digest = blake2b(digest_size=16)
    for row in rows:
        digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return {
        "rows": digest.hexdigest(),
        "seed": seed,
        "options": asdict(options),
        "train_only": list(train_only),
        "encoder": f"{sentence_encoder.PACKAGE} {sentence_encoder.encoder_version()}",
        "link_model": link_model().version,
        "code": digest_of_code(FITTED_BY),
    }

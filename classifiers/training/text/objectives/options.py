"""What a training of the text model does besides fitting labels; each is tried by itself.

`python -m classifiers.training.text.objectives.trials` compares them with sources left out, and
`docs/models/text-rounds.md` reports what each brought.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """Everything off is a plain training; `SHIPPED` is what the command does by default."""

    robust: float = 0.0
    """Step of the group weights (`group_robust`); 0: every text counts the same."""
    reversed_sources: float = 0.0
    """Weight of the reversed source head (`source_head`); 0: none."""
    contrastive: int = 0
    """Epochs of pretraining on texts without labels (`contrastive`)."""
    aligned: int = 0
    """Epochs of pretraining towards the embeddings of the sentence encoder (`contrastive`)."""


PLAIN = TrainingOptions()

SHIPPED = TrainingOptions(reversed_sources=0.3, contrastive=2)
"""What helped with sources left out; the command does it unless told otherwise."""

TRIALS: Mapping[str, TrainingOptions] = {
    "plain": PLAIN,
    "group DRO": TrainingOptions(robust=0.01),
    "reversed source head": TrainingOptions(reversed_sources=0.3),
    "contrastive": TrainingOptions(contrastive=2),
    "towards the encoder": TrainingOptions(aligned=4),
    "reversed, contrastive": TrainingOptions(reversed_sources=0.3, contrastive=2),
    "reversed, contrastive, towards the encoder": TrainingOptions(
        reversed_sources=0.3, contrastive=2, aligned=4
    ),
}
"""What is compared, by the name in the report."""

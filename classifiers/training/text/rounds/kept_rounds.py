"""Keeps the figures of each round in a file as it ends, so that a killed run loses one round.

A file tells what its round was made from: the rows, the seed, the options, the encoder and the
model for links. What differs in any of these is run anew. The code of the training is not among
them: after a change of it, take another folder.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

from classifiers.text import sentence_encoder
from classifiers.training.text.data import LabelledText
from classifiers.training.text.objectives.options import TrainingOptions
from classifiers.training.text.report import Figures
from classifiers.training.text.row_selection import RowSelection
from classifiers.training.text.second_stage.link_facts import link_model
from infra import atomic_file


@dataclass(frozen=True, slots=True)
class KeptRounds:
    """Figures of rounds, a file each, in a folder."""

    folder: Path
    made_from: Mapping[str, object]
    """What the figures depend on besides the round itself."""

    def find(self, one: RowSelection) -> Figures | None:
        """Return the figures of *one*, if a run before made them from the same."""
        file = self.file(one)
        if not file.exists():
            return None
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["round"] != _plain(one) or kept["made_from"] != dict(self.made_from):
            return None
        found: Figures = kept["figures"]
        return found

    def keep(self, one: RowSelection, figures: Figures) -> None:
        """Write the *figures* of *one*."""
        self.folder.mkdir(parents=True, exist_ok=True)
        table = {"round": _plain(one), "made_from": dict(self.made_from), "figures": figures}
        atomic_file.write(self.file(one), json.dumps(table, ensure_ascii=False, indent=1) + "\n")

    def file(self, one: RowSelection) -> Path:
        """Return the file of *one*."""
        # Names of sources are free text where a site brings examples; a digest fits any.
        name = blake2b(json.dumps(_plain(one)).encode(), digest_size=8).hexdigest()
        return self.folder / f"{name}.json"


def made_from(
    rows: Sequence[LabelledText], seed: int, options: TrainingOptions, train_only: Sequence[str]
) -> dict[str, object]:
    """Return what figures of rounds depend on, as it is written into their files."""
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
    }


def _plain(one: RowSelection) -> dict[str, object]:
    return {"left_out": list(one.left_out), "share": one.share, "epochs": one.epochs}

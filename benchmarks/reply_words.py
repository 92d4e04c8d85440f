"""How often the robot's words are right: on answers written by us, and on labelled public texts.

The public texts are not here: `reply_labels.tsv` has labels by a hash of the text, made by one
person by the rule of `tests/cases/replies.toml` before any text was read by the robot. What the
sources are is in docs/how-to/robot.md. Halves by a hash: words were improved on "tuning" only; rows
of the other half whose dialogue is also in the tuning half are left out.

``python -m benchmarks.reply_words --data FOLDER`` with the folder of ``sms_zh.tsv.gz``,
``sms_en.tsv.gz`` and ``calls.tsv.gz``; without, only our own answers.
"""

import argparse
import csv
import gzip
import re
import sys
import tomllib
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from services.warning.robot import meanings, measurement
from services.warning.robot.measurement import ReadingFigures, ReadingShare
from services.warning.robot.script import Meaning

OWN = Path(__file__).parent.parent / "tests/cases/replies.toml"
LABELS = Path(__file__).parent / "reply_labels.tsv"
_FILES = ("calls.tsv.gz", "sms_zh.tsv.gz", "sms_en.tsv.gz")
_SPEAKER = re.compile(r"(left|right|caller|receiver):\s*")
_TURNED = {"right", "receiver"}

Answer = tuple[str, Meaning, str]
"""Text, label, group."""


def digest(text: str) -> str:
    """Return the hash by which a text is known."""
    return blake2b(text.encode(), digest_size=8).hexdigest()


def half(text: str) -> str:
    """Return the half that a text is in."""
    return "held out" if int(digest(text)[-1], 16) % 2 else "tuning"


def own() -> list[Answer]:
    """Return our own answers, by language and half."""
    table = tomllib.loads(OWN.read_text(encoding="utf-8"))
    return [
        (text, measurement.label(word), f"own {language}, {half(text)}")
        for language, by_meaning in table.items()
        for word, texts in by_meaning.items()
        for text in texts
    ]


def public(folder: Path) -> list[Answer]:
    """Return labelled texts of the public sources, by source and half."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        labels = {row["text_hash"]: row for row in csv.DictReader(file, delimiter="\t")}
    texts = {one: text for text in _texts(folder) if (one := digest(text)) in labels}
    tuned = {labels[one]["group"] for one, text in texts.items() if half(text) == "tuning"}
    found = []
    for one, text in sorted(texts.items()):
        row, side = labels[one], half(text)
        if side == "held out" and row["group"] in tuned:
            continue
        found.append((text, measurement.label(row["label"]), f"{row['source']}, {side}"))
    sys.stderr.write(f"{len(texts)} of {len(labels)} labelled texts found, {len(found)} used\n")
    return found


def _texts(folder: Path) -> Iterator[str]:
    for name in _FILES:
        with gzip.open(folder / name, "rt", encoding="utf-8") as file:
            columns = next(file).rstrip("\n").split("\t")
            place = columns.index("text")
            for line in file:
                text = line.rstrip("\n").split("\t")[place]
                yield text
                parts = _SPEAKER.split(text)
                for who, said in zip(parts[1::2], parts[2::2], strict=False):
                    if who in _TURNED:
                        yield said.strip()


def _line(group: str, one: ReadingFigures) -> str:
    cells = [f"{group:28} {one.rows:4} rows, right {_written(one.right)}"]
    for meaning in (Meaning.PAID, Meaning.STOP, Meaning.OFFICER, Meaning.WHO, Meaning.NO):
        recall, precision = one.recall(meaning), one.precision(meaning)
        cells.append(
            f"  {meaning.value:8} recall {_written(recall):20} precision {_written(precision)}"
        )
    return "\n".join(cells)


def _written(share: ReadingShare) -> str:
    if not share.total:
        return "–"
    low, high = share.interval
    return f"{share.count}/{share.total} ({low:.0%}-{high:.0%})"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the public texts")
    given = parser.parse_args()
    answers = [*own(), *(public(given.data) if given.data else ())]
    for group, one in measurement.figures(answers, meanings.shipped()).items():
        sys.stdout.write(f"{_line(group, one)}\n")


if __name__ == "__main__":
    main()

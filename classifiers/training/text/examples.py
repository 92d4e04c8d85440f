"""A site's examples as rows for the text model: one more source, near no row of another side."""

from collections.abc import Sequence
from pathlib import Path

from classifiers.training import examples, examples_card, examples_split
from classifiers.training.examples import ExampleError, Examples, TrainingExample
from classifiers.training.examples_card import LABELS, NO_EXAMPLES, SiteExamples
from classifiers.training.examples_split import ECHO
from classifiers.training.templates import builder
from classifiers.training.text import data as sms_data
from classifiers.training.text.data import EVALUATION_ONLY, TEST, TRAIN, VALIDATION, LabelledText

_SIDES = (TRAIN, VALIDATION, TEST)


def read(
    data: Path, seed: int, templates: int, paths: Sequence[Path]
) -> tuple[list[LabelledText], SiteExamples]:
    """Read the tables in *data*, and the examples of some files where there are any."""
    if not paths:
        return sms_data.read(data, seed, templates), NO_EXAMPLES
    found = examples.read(paths, "text", lambda fields: fields["text"].strip())
    tables = sms_data.read(data, seed, templates)
    more, site = rows(found, tables)
    return tables + more, site


def rows(
    found: Examples, tables: Sequence[LabelledText]
) -> tuple[list[LabelledText], SiteExamples]:
    """Make rows of the examples that are near to none of another side, *tables* included."""
    known = EVALUATION_ONLY | {row.source for row in tables}
    for one in found.rows:
        if one.source in known:
            raise ExampleError(f"source: {one.source!r} is one of the tables; choose another name")
    normal = examples_split.normalised([one.content for one in found.rows])
    places, left_out = examples_split.agreed(found.rows, normal)
    agreed = [found.rows[place] for place in places]
    made = [_row(one) for one in agreed]
    retained = examples_split.without_echoes(
        [normal[place] for place in places],
        [one.sender for one in agreed],
        [row.split for row in made],
        {
            side: examples_split.normalised([row.text for row in tables if row.split == side])
            for side in _SIDES
        },
    )
    left_out[ECHO] = len(made) - len(retained)
    used = [made[place] for place in retained]
    learned = [row.split == TRAIN for row in used]
    return used, examples_card.summed(found, [agreed[n] for n in retained], learned, left_out)


def _row(example: TrainingExample) -> LabelledText:
    return sms_data.labelled(
        source=example.source,
        label=LABELS[example.is_fraud],
        category=example.category,
        group=example.group,
        text=example.content,
        # Told by letters: what is written in Latin ones counts as English.
        language=builder.language(example.content),
    )

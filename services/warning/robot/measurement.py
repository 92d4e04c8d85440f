"""Measures how often answers are understood as a person labelled them.

A robot takes `yes` and `other` alike where nothing is known (it asks), so they count as one. Shares
have Wilson intervals; they say nothing of texts that are unlike those measured.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from classifiers.evaluation.metrics import Interval, share_interval
from fanzha.errors import InvalidInput
from services.warning.robot.meanings import AnswerReader
from services.warning.robot.script import Meaning

MEASURED = tuple(one for one in Meaning if one is not Meaning.YES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingShare:
    """A count of a total, with the interval of its share."""

    count: int
    total: int

    @property
    def interval(self) -> Interval:
        """Return the 95 % interval of the share."""
        return share_interval(self.count, self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingFigures:
    """How the answers of one group were understood."""

    rows: int
    confusion: Mapping[tuple[Meaning, Meaning], int]
    """Answers by what they mean and how they were read."""

    @property
    def right(self) -> ReadingShare:
        """Answers that were understood."""
        return ReadingShare(
            count=sum(self.confusion.get((m, m), 0) for m in Meaning), total=self.rows
        )

    def recall(self, meaning: Meaning) -> ReadingShare:
        """Of the answers that mean it, those read so."""
        total = sum(count for (means, _), count in self.confusion.items() if means is meaning)
        return ReadingShare(count=self.confusion.get((meaning, meaning), 0), total=total)

    def precision(self, meaning: Meaning) -> ReadingShare:
        """Of the answers read so, those that mean it."""
        total = sum(count for (_, read), count in self.confusion.items() if read is meaning)
        return ReadingShare(count=self.confusion.get((meaning, meaning), 0), total=total)

    def read_as(self, meaning: Meaning) -> Sequence[tuple[Meaning, int]]:
        """Return as what else the answers that mean it were read, the most frequent first."""
        others = Counter(
            {
                read: count
                for (means, read), count in self.confusion.items()
                if means is meaning and read is not meaning
            }
        )
        return others.most_common()


def label(text: str) -> Meaning:
    """Read a label; `InvalidInput` for an unknown one."""
    try:
        return _one(Meaning(text.strip().lower()))
    except ValueError:
        known = ", ".join(one.value for one in Meaning)
        raise InvalidInput("label: {text!r} is none of {known}", text=text, known=known) from None


def figures(
    answers: Iterable[tuple[str, Meaning, str]], reader: AnswerReader
) -> dict[str, ReadingFigures]:
    """Measure *reader* on answers with their labels and groups; return the figures by group."""
    confusion: dict[str, Counter[tuple[Meaning, Meaning]]] = {}
    for text, means, group in answers:
        confusion.setdefault(group, Counter())[_one(means), _one(reader.read(text))] += 1
    return {
        group: ReadingFigures(rows=sum(counts.values()), confusion=counts)
        for group, counts in sorted(confusion.items())
    }


def _one(meaning: Meaning) -> Meaning:
    return Meaning.OTHER if meaning is Meaning.YES else meaning

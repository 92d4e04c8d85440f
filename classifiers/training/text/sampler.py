"""Samples training texts, each augmented so that neither source nor context reveals its label."""

from collections.abc import Sequence
from random import Random

from classifiers.training.text import augmentation
from classifiers.training.text.data import OWN, LabelledText

_PER_ROOT = 30
_MOST_REPEATS = 4
_MORE_OF_OWN = 2
"""Our own templates are many; each is written a few times an epoch."""
_FRAMED = 0.25
_CONTEXT = frozenset({"nus", "uci", "mendeley", "w80", "msglog", OWN})
"""Sources whose ham is put around fraud."""

_HARMLESS = frozenset({"ham", "nonfraud"})


class Sampler:
    """Draws training texts: square roots of sizes, so that no source drowns the others."""

    def __init__(self, rows: Sequence[LabelledText], chance: Random) -> None:
        self._chance = chance
        self._cells: dict[tuple[int, str, str], list[LabelledText]] = {}
        self._context: dict[int, list[str]] = {}
        for row in rows:
            self._cells.setdefault((row.language, row.source, row.label), []).append(row)
            if row.label == "ham" and row.source in _CONTEXT:
                self._context.setdefault(row.language, []).append(row.text)

    def epoch(self) -> list[tuple[str, LabelledText]]:
        """Return the mutated texts of one epoch, shuffled, with the rows they come from."""
        drawn = []
        for cell, count in self._quotas():
            drawn += [(self._raw(row, cell), row) for row in self._chance.choices(cell, k=count)]
        self._chance.shuffle(drawn)
        return drawn

    def _quotas(self) -> list[tuple[list[LabelledText], int]]:
        roots = {
            key: int(_PER_ROOT * len(cell) ** 0.5 * (_MORE_OF_OWN if key[1] == OWN else 1))
            for key, cell in self._cells.items()
        }
        # In a language with little ham, ham is drawn more often: to be written in that
        # language must not be evidence.
        for language in {language for language, _, _ in roots}:
            ham = sum(
                n
                for (lang, _, label), n in roots.items()
                if lang == language and label in _HARMLESS
            )
            bad = sum(n for (lang, _, label), n in roots.items() if lang == language) - ham
            if 0 < ham < bad:
                for key, count in roots.items():
                    if key[0] == language and key[2] in _HARMLESS:
                        roots[key] = int(count * min(bad / ham, _MOST_REPEATS))
        return [(self._cells[key], count) for key, count in roots.items()]

    def _raw(self, row: LabelledText, cell: Sequence[LabelledText]) -> str:
        text = row.text
        if row.source == OWN and row.label == "ham":
            text = augmentation.recombined(text, self._chance.choice(cell).text, self._chance)
            text = augmentation.with_link(text, self._chance)
        if row.label == "ham":
            text = augmentation.repeated(text, self._chance)
        if row.source != OWN:
            text = augmentation.join(text, self._chance.choice(cell).text, self._chance)
        context = self._context.get(row.language)
        if row.label == "fraud" and context and self._chance.random() < _FRAMED:
            # Legitimate context does not make a fraud legitimate.
            text = augmentation.framed(text, context, self._chance)
        return augmentation.unmask(text, self._chance)

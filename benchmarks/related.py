"""What related entities cost a row: ``python -m benchmarks.related``.

Times the look-up of 256 callers, and of the sender, link, number and words of 256 texts, among no
suspects, among 100,000, and among 10,000 texts besides. Texts are sketched only where a text is
suspected, or a list has fingerprints: what that costs is timed apart.
"""

import sys
from statistics import median
from time import perf_counter

import numpy as np

from blocklists.snapshot.snapshot import Matches
from fanzha.fingerprint import BatchSketches, fingerprint
from services.decision.list_match import LinksInTexts, NumbersInTexts
from services.decision.related.entities import Suspect, text_entity
from services.decision.related.stage import RelatedStage
from services.decision.related.suspect_set import SuspectSet

ROWS = 256
SUSPECTS = 100_000
TEXTS = 10_000
_ROUNDS = 2000


def main() -> None:
    """Print microseconds per row."""
    for count, text_count in ((0, 0), (SUSPECTS, 0), (SUSPECTS, TEXTS)):
        suspects = SuspectSet()
        suspects.replace([*map(_suspect, range(count)), *map(_suspect_text, range(text_count))])
        stage = RelatedStage(suspects, now_ms=lambda: 0)
        keys = np.random.default_rng(7).integers(8613 * 10**9, 8620 * 10**9, ROWS)
        links = LinksInTexts([f"http://shop{at}.example/a" for at in range(ROWS)], np.arange(ROWS))
        bodies = [_body(at) for at in range(ROWS)]
        sketches = BatchSketches(bodies)
        none = Matches(np.full(ROWS, -1), np.zeros(ROWS, np.uint8), np.zeros(ROWS, np.uint8))
        numbers = NumbersInTexts(keys, np.arange(ROWS))
        calls, texts, sketching = [], [], []
        for _ in range(_ROUNDS):
            start = perf_counter()
            stage.calls(keys, none)
            middle = perf_counter()
            stage.texts((keys, none), (links, none), (numbers, none), (sketches, none), None)
            end = perf_counter()
            BatchSketches(bodies).all()
            calls.append(middle - start)
            texts.append(end - middle)
            sketching.append(perf_counter() - end)
        call, text, sketch = (median(one) / ROWS * 1e6 for one in (calls, texts, sketching))
        sys.stdout.write(
            f"{count} suspects and {text_count} texts: {call:.4f} µs a call, {text:.4f} µs a text "
            f"whose sketch is made, {sketch:.4f} µs to make it\n"
        )


def _body(at: int) -> str:
    letters = np.random.default_rng(at).integers(0x4E00, 0x5FFF, 50).tolist()
    words = "".join(map(chr, letters))
    return f"{words} http://shop{at}.example/a"


def _suspect(at: int) -> Suspect:
    entity = f"+{8613 * 10**9 + at * 7}" if at % 2 else f"link:evil{at}.example"
    return Suspect(entity=entity, confirmed=True, related_to="", since_ms=0, ends_at_ms=1)


def _suspect_text(at: int) -> Suspect:
    entity = text_entity(fingerprint(_body(at + ROWS)))
    return Suspect(entity=entity, confirmed=True, related_to="", since_ms=0, ends_at_ms=1)


if __name__ == "__main__":
    main()

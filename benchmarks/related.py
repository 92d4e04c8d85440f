"""What related entities cost a row: ``python -m benchmarks.related``.

Times the look-up of 256 callers, and of the sender, link and number of 256 texts, among no suspects
and among 100,000.
"""

import sys
from statistics import median
from time import perf_counter

import numpy as np

from blocklists.snapshot.snapshot import Matches
from services.decision.list_match import LinksInTexts, NumbersInTexts
from services.decision.related.stage import RelatedStage
from services.decision.related.suspect_set import Suspect, SuspectSet

ROWS = 256
SUSPECTS = 100_000
_ROUNDS = 2000


def main() -> None:
    """Print microseconds per row."""
    for count in (0, SUSPECTS):
        suspects = SuspectSet()
        suspects.replace([_suspect(at) for at in range(count)])
        stage = RelatedStage(suspects, now_ms=lambda: 0)
        keys = np.random.default_rng(7).integers(8613 * 10**9, 8620 * 10**9, ROWS)
        links = LinksInTexts(
            [f"http://shop{at}.example/a" for at in range(ROWS)], np.arange(ROWS), ()
        )
        none = Matches(np.full(ROWS, -1), np.zeros(ROWS, np.uint8), np.zeros(ROWS, np.uint8))
        numbers = NumbersInTexts(keys, np.arange(ROWS), ())
        calls, texts = [], []
        for _ in range(_ROUNDS):
            start = perf_counter()
            stage.calls(keys, none)
            middle = perf_counter()
            stage.texts(keys, none, (links, none), (numbers, none))
            calls.append(middle - start)
            texts.append(perf_counter() - middle)
        call, text = (median(one) / ROWS * 1e6 for one in (calls, texts))
        sys.stdout.write(f"{count} suspects: {call:.4f} µs a call, {text:.4f} µs a text\n")


def _suspect(at: int) -> Suspect:
    entity = f"+{8613 * 10**9 + at * 7}" if at % 2 else f"link:evil{at}.example"
    return Suspect(entity=entity, confirmed=True, related_to="", since_ms=0, ends_at_ms=1)


if __name__ == "__main__":
    main()

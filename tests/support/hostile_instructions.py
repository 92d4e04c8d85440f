"""Counts the processor's instructions that reading hostile texts takes.

What `tests.support.hostile_texts` counts, a model of the interpreter and of regular expressions,
reaches a megabyte for some families only. ``python -m tests.support.hostile_instructions`` counts
what the processor executes, C code included, for every family at half a megabyte and at a whole
one, under callgrind (Debian package valgrind). It takes most of an hour, so it is run by hand.
Exits with 1 where twice the length takes more than 2.3 times the instructions.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.hostile_texts import FAMILIES, LONGEST, read, text_of

LENGTHS = (LONGEST // 2, LONGEST)
MAX_GROWTH = 2.3
_PART = "--part"
# callgrind starts a new count before each call of this function, which does nothing else.
_MARK = "getppid"
_TOTALS = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)


def main() -> int:
    """Count all families, or those that are named."""
    if sys.argv[1:2] == [_PART]:
        _read_all(sys.argv[2:])
        return 0
    families = sys.argv[1:] or list(FAMILIES)
    failed = False
    for family, shorter, longer in _instructions(families):
        growth = longer / shorter
        failed |= growth > MAX_GROWTH
        sys.stdout.write(f"{growth:6.3f}  {longer / LONGEST:7.0f} a character  {family}\n")
        sys.stdout.flush()
    return int(failed)


def _instructions(families: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Return each family with its instructions at both lengths, as they become known."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [
                *("valgrind", "-q", "--tool=callgrind", f"--dump-before={_MARK}"),
                f"--callgrind-out-file={folder}/out",
                *(sys.executable, "-m", "tests.support.hostile_instructions", _PART, *families),
            ]
        )
        for place, family in enumerate(families):
            # A family ends three parts, the first of which is not counted.
            parts = [Path(folder, f"out.{3 * place + part}") for part in (2, 3)]
            following = Path(folder, f"out.{3 * place + 4}")
            while process.poll() is None and not following.exists():
                time.sleep(1)
            shorter, longer = (int(_TOTALS.findall(part.read_text())[-1]) for part in parts)
            yield family, shorter, longer
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, process.args)


def _read_all(families: list[str]) -> None:
    for family in families:
        read(text_of(family, 1_000))  # what is built on first use is not counted
        for length in LENGTHS:
            text = text_of(family, length)
            os.getppid()
            read(text)
        os.getppid()


if __name__ == "__main__":
    sys.exit(main())

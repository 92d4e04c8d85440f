"""Damages well-formed messages of a protocol, for fuzzing, and watches the memory of who reads."""

import random
from collections.abc import Sequence
from pathlib import Path

_MOST_CHANGES = 6


def damaged_message(
    chance: random.Random, seeds: Sequence[bytes], pieces: Sequence[bytes]
) -> bytes:
    """Return a seed with some of its bytes changed, moved, repeated or cut, or pieces put in."""
    message = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, _MOST_CHANGES)):
        at = chance.randrange(len(message) + 1)
        kind = chance.randrange(4)
        if kind == 0 and at < len(message):
            message[at] = chance.randrange(256)
        elif kind == 1:
            message[at:at] = chance.choice(pieces)
        elif kind == 2:
            del message[at : at + chance.randint(1, 40)]
        else:
            message[at:at] = message[: chance.randint(1, 60)]
    return bytes(message)


def resident_kib(pid: int) -> int:
    """Return the resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))

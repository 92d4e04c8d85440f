"""Feeds damaged inputs to every parser: ``python -m tests.support.parser_fuzz --count 1000000``.

Each parser gets its share of the cases, from well-formed inputs of which bytes are changed, moved,
repeated, cut or put in. ``--only NAME`` takes some; ``--sanitize`` builds the kernels with the
address and undefined-behaviour sanitizers of gcc first, and reads with these. Prints, for each, how
many cases were read, refused and failed, and the longest. The status is 1 where one failed.
"""

import argparse
import faulthandler
import logging
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from fanzha import kernels
from tests.support.checkout import CHECKOUT
from tests.support.temporary_folder import prefer_memory

_SANITIZED = "FUZZ_KERNELS"
_MOST_SHOWN = 3


def main() -> int:
    """Run what the command line says."""
    options = _options()
    if options.sanitize and _SANITIZED not in os.environ:
        return _with_sanitizers()
    if _SANITIZED in os.environ:
        kernels.LIBRARY = Path(os.environ[_SANITIZED])  # before any module declares a kernel
    prefer_memory()
    faulthandler.enable()
    logging.disable(logging.CRITICAL)
    from tests.support.parser_fuzz import cases, targets  # noqa: PLC0415 - loads the kernels

    names = options.only or list(targets.TARGETS)
    whole = sum(targets.TARGETS[name].share for name in names)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        targets.use_folder(Path(folder))
        for name in names:
            target = targets.TARGETS[name]
            count = max(1, round(options.count * target.share / whole))
            found = cases.fuzz(target, count, random.Random(f"{name} {options.seed}"))
            failed += len(found.failures)
            sys.stdout.write(
                f"{name}: {count:,} cases, {found.read:,} read, {found.refused:,} refused, "
                f"{len(found.failures):,} failed; longest {found.longest_seconds:.3f} s\n"
            )
            for one in found.failures[:_MOST_SHOWN]:
                sys.stdout.write(f"  {one}\n")
            sys.stdout.flush()
    return bool(failed)


def _with_sanitizers() -> int:
    """Build the kernels with sanitizers, and start again with these."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "libfanzha.so"
        sources = sorted(map(str, (CHECKOUT / "kernels").glob("*.c")))
        build = ["gcc", "-std=gnu11", "-g", "-O1", "-fno-sanitize-recover=all", "-shared", "-fPIC"]
        sanitizers = "-fsanitize=address,undefined"
        subprocess.run([*build, sanitizers, *sources, "-lm", "-o", library], check=True)
        # That of C++ too: the sanitizer looks at start for what throws errors, which others need.
        preloaded = [_library_of(build[0], name) for name in ("libasan.so", "libstdc++.so.6")]
        environment = os.environ | {
            _SANITIZED: str(library),
            "LD_PRELOAD": " ".join(preloaded),
            "ASAN_OPTIONS": "detect_leaks=0",
            "PYTHONMALLOC": "malloc",  # each object apart, so that reading past one is seen
        }
        command = [sys.executable, "-m", "tests.support.parser_fuzz", *sys.argv[1:]]
        return subprocess.run(command, env=environment, check=False).returncode


def _library_of(compiler: str, name: str) -> str:
    """Return where the *compiler* has a library."""
    command = [compiler, f"-print-file-name={name}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="of all cases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", help="names of parsers")
    parser.add_argument("--sanitize", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

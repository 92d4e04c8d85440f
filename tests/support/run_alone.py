"""Runs test files one at a time, each in its own process, to detect dependencies between files.

``python -m tests.support.run_alone`` takes files, ``--sample N`` of all, chosen by a seed that is
printed, or ``--changed REF`` for those that differ from a commit. A table of seconds and of
processor seconds is written as it goes; the exit status is 1 when a file fails.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.checkout import CHECKOUT

_LIMIT_SECONDS = 900
_SHOWN_LINES = 40
_NOTHING_COLLECTED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class AloneResult:
    """The result of one file."""

    file: str
    passed: bool
    seconds: float
    processor_seconds: float
    output: str


def run_file(file: str, *options: str) -> AloneResult:
    """Run one test file with *options* of pytest; its child processes count in."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, file],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        status, used = _wait(process)
        output.seek(0)
        return AloneResult(
            file=file,
            passed=status in (0, _NOTHING_COLLECTED),
            seconds=time.monotonic() - began,
            processor_seconds=used,
            output=output.read(),
        )


def all_files() -> list[str]:
    """Return all test files, as git knows them."""
    return [
        file
        for file in _git("ls-files", "--cached", "--others", "--exclude-standard", "tests")
        if Path(file).name.startswith("test_") and file.endswith(".py")
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the files chosen on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="default: all")
    parser.add_argument("--sample", type=int, metavar="N", help="a random sample of this size")
    parser.add_argument("--seed", type=int, default=None, help="repeat a sample")
    parser.add_argument("--changed", metavar="REF", help="files that differ from this commit")
    parser.add_argument("--hypothesis-profile", metavar="NAME", help="the examples to take")
    options = parser.parse_args(arguments)
    files = options.files or all_files()
    if options.changed:
        changed = set(_git("diff", "--name-only", options.changed))
        files = [file for file in files if file in changed]
    if options.sample is not None and options.sample < len(files):
        seed = random.randrange(2**32) if options.seed is None else options.seed
        files = random.Random(seed).sample(files, options.sample)
        _say(f"{len(files)} files, --seed {seed}")
    profile = options.hypothesis_profile
    given = [f"--hypothesis-profile={profile}"] if profile else []
    results = [_reported(file, *given) for file in files]
    failed = [result for result in results if not result.passed]
    _say(f"{len(files) - len(failed)} of {len(files)} files pass alone")
    return 1 if failed else 0


def _reported(file: str, *options: str) -> AloneResult:
    result = run_file(file, *options)
    word = "passed" if result.passed else "FAILED"
    _say(f"{word} {result.seconds:7.1f} {result.processor_seconds:7.1f} {file}")
    if not result.passed:
        _say("\n".join(result.output.splitlines()[-_SHOWN_LINES:]))
    return result


def _wait(process: "subprocess.Popen[bytes]") -> tuple[int, float]:
    """Wait for a process; return its status, and the processor seconds of it and its children."""
    deadline = time.monotonic() + _LIMIT_SECONDS
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage.ru_utime + usage.ru_stime
        if time.monotonic() > deadline:
            process.kill()
        time.sleep(0.02)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(
        ["git", *arguments],  # noqa: S607 - whichever git is on the PATH
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())

"""Runs thousands of odd command lines of ``fanzha``; none may end in a way that is not agreed.

Agreed are the statuses of `services.cli._common.exit_status`, and 130 after an interruption;
standard error never holds a traceback. By hand, half of the lines against a real service, half
against none: ``python -m tests.support.command_fuzz --count 10000``. It prints every line that
ended otherwise, and how many ended how.

Forks of a process that has loaded all commands run the lines, each fork some of them one after the
other, because a process for each line would take several times as long.
"""

import argparse
import multiprocessing
import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, NoReturn

import services.__main__
from services.cli._common.exit_status import ExitStatus
from tests.support import preloaded
from tests.support.command_lines import CommandLine, command_lines, write_files
from tests.support.processes import NO_CASCADE, fanzha_up

INTERRUPTED = 130
AGREED = frozenset({*map(int, ExitStatus), INTERRUPTED})
NOWHERE = {
    "FANZHA_TARGET": "127.0.0.1:1",
    "FANZHA_ADMIN_TARGET": "127.0.0.1:1",
    "FANZHA_WARNING_TARGET": "127.0.0.1:1",
    "FANZHA_REDIS_URL": "redis://127.0.0.1:1/0",
}
"""Addresses at which nothing listens."""
_TRACEBACK = "Traceback (most recent call last)"
_SECONDS = 20
"""After which a command is interrupted: some follow a log until then."""
_PROCESSES = 2
_LINES_PER_FORK = 50
_MOST_SECONDS = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command line ended."""

    line: CommandLine
    status: int
    stderr: str

    @property
    def as_agreed(self) -> bool:
        """Whether scripts can rely on the status, and people can read the error."""
        return self.status in AGREED and _TRACEBACK not in self.stderr


def run_all(
    lines: Sequence[CommandLine], folder: Path, surroundings: Mapping[str, str]
) -> Iterator[Ended]:
    """Run command lines in *folder*, in an environment of *surroundings* and their own variables.

    The folder holds the files that the lines name. Commands have to be loaded, and gRPC unused.
    """
    clean = {name: text for name, text in os.environ.items() if not name.startswith("FANZHA_")}
    base = {
        **clean,
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "FANZHA_DATA_DIR": str(folder / "data"),
        **surroundings,
    }
    forks = multiprocessing.get_context("fork")
    with forks.Pool(_PROCESSES, maxtasksperchild=1) as pool:
        starts = range(0, len(lines), _LINES_PER_FORK)
        parts = [lines[start : start + _LINES_PER_FORK] for start in starts]
        found = pool.imap_unordered(partial(_run_some, folder, base), parts)
        for _ in parts:
            # A fork that dies without an answer must not keep us waiting for ever.
            yield from found.next(_MOST_SECONDS)


def _run_some(folder: Path, base: Mapping[str, str], lines: Sequence[CommandLine]) -> list[Ended]:
    signal.signal(signal.SIGALRM, _interrupt)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return [_run(folder, {**base, **line.environment}, line) for line in lines]


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _run(folder: Path, environment: Mapping[str, str], line: CommandLine) -> Ended:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        # Strict, as standard output is on a terminal, and as lenient as standard error is.
        sys.stdout = _stream(stdout, 1, "strict")
        sys.stderr = _stream(stderr, 2, "backslashreplace")
        status = _status(line.arguments)
        stderr.seek(0)
        return Ended(line=line, status=status, stderr=stderr.read().decode(errors="replace"))


def _stream(file: IO[bytes], place: int, errors: str) -> IO[str]:
    os.dup2(file.fileno(), place)
    return open(place, "w", encoding="utf-8", errors=errors, closefd=False)


def _status(arguments: Sequence[str]) -> int:
    """Run a command, and return the status that the interpreter would end with."""
    sys.argv = [str(services.__main__.__file__), *arguments]
    signal.alarm(_SECONDS)
    status = 0
    try:
        services.__main__.main()
        sys.stdout.flush()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # as the interpreter does, whatever it is
        traceback.print_exc()
        status = 1
    signal.alarm(0)
    sys.stderr.flush()
    return status


def _report(ended: Iterable[Ended], statuses: Counter[int]) -> int:
    """Print what did not end as agreed, count statuses, and return the number of the former."""
    bad = 0
    for one in ended:
        statuses[one.status] += 1
        if not one.as_agreed:
            bad += 1
            sys.stdout.write(f"status {one.status}: {one.line}\n{one.stderr[-2000:]}\n")
            sys.stdout.flush()
    return bad


def _against_service(lines: Sequence[CommandLine], folder: Path, statuses: Counter[int]) -> int:
    with TemporaryDirectory() as data, fanzha_up(Path(data), workers=1, **NO_CASCADE) as up:
        targets = {
            "FANZHA_TARGET": up.interception,
            "FANZHA_ADMIN_TARGET": up.admin,
            "FANZHA_SERVER": up.interception,
            "FANZHA_REDIS_URL": up.redis_url,
        }
        return _report(run_all(lines, folder, targets), statuses)


def main() -> int:
    """Run the lines, and return 1 if one did not end as agreed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="number of command lines")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-service", action="store_true", help="run all against no service")
    given = parser.parse_args()
    lines = list(command_lines(given.seed, given.count))
    without = len(lines) if given.no_service else len(lines) // 2
    statuses: Counter[int] = Counter()
    preloaded.load()
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        bad = _report(run_all(lines[:without], folder, NOWHERE), statuses)
        if lines[without:]:
            bad += _against_service(lines[without:], folder, statuses)
    shown = ", ".join(f"{status}: {times:,}" for status, times in sorted(statuses.items()))
    sys.stdout.write(f"{len(lines):,} command lines; statuses {shown}; {bad:,} not as agreed\n")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())

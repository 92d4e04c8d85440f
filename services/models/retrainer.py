"""Trains the successor of a model, in a process of its own: a bundle and a report, no promotion.

One training runs at a time on a folder of bundles, with low priority, one thread, a time limit and
a memory limit. Its bundle is made in a staging folder, loaded once, which checks its golden rows,
signed where there is a key, and only then moved to where workers look for bundles. Nothing here
lets a model decide: that takes `fanzha models activate`.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from classifiers import bundles, card
from classifiers.card import SITE_LICENCE
from fanzha.errors import InvalidConfiguration
from infra import atomic_file, file_lock
from services.audit.keys import SigningKey
from services.decision.model_kinds import ModelKind
from services.models import bundle_listing, signatures

STAGING = ".staging"
LOCK = ".retraining.lock"
NICE = 10
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_LAST_LINES = 20
_LOADERS: Mapping[ModelKind, Callable[[Path, str], object]] = {
    ModelKind.CALL: bundles.load_caller,
    ModelKind.TEXT: bundles.load_text,
    ModelKind.LINK: bundles.load_link,
    ModelKind.VELOCITY: bundles.load_velocity,
}

Command = Callable[[Path], Sequence[str]]
"""Returns the command that trains into a folder, whose name is the version."""

_LIMITED = f"""
import os, resource, sys
most = int(sys.argv[1])
os.setpriority(os.PRIO_PROCESS, 0, max({NICE}, os.getpriority(os.PRIO_PROCESS, 0)))
resource.setrlimit(resource.RLIMIT_DATA, (most, most))
os.execvp(sys.argv[2], sys.argv[2:])
"""
"""Runs a command within its limits; set from outside, they may come too late."""


class AlreadyRuns(Exception):
    """Another training holds the lock of this folder."""


class TrainingFailed(Exception):
    """The training ended without a bundle that passes; the message says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingLimits:
    """What a training may use."""

    seconds: float
    memory_bytes: int
    """Of its data segment; beyond, an allocation fails and the training ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainReport:
    """What a training made, and what its bundle is to be compared with."""

    kind: str
    version: str
    before: str
    """The newest version until then; empty for none."""
    began_at: float
    """Seconds since the Unix epoch."""
    seconds: float
    peak_memory_bytes: int
    site_rows: int
    """Training rows of this site's own examples."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Of the card, by test."""
    figures_before: Mapping[str, Any] = field(default_factory=dict)
    key_id: str = ""
    """Of the signature; empty for none."""
    comparison: Mapping[str, Any] = field(default_factory=dict)
    """Both bundles on the same rows; empty where none were given."""
    shadow: str = ""
    """Whether the bundle scores as a shadow, or why not."""


class Retrainer:
    """Trains successors of the models of one kind below one folder."""

    def __init__(
        self,
        kind: ModelKind,
        root: Path,
        *,
        limits: TrainingLimits,
        key: SigningKey | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._kind = kind
        self._root = root
        self._limits = limits
        self._key = key
        self._now = now
        self._running: subprocess.Popen[bytes] | None = None
        self._trains = self._stopped = False

    def run(self, command: Command) -> RetrainReport:
        """Train, check, sign and put the bundle in place; raises `AlreadyRuns`, `TrainingFailed`.

        A training that fails leaves nothing but its output, ``VERSION.log`` in the staging folder.
        """
        atomic_file.make_folder(self._root)
        lock = file_lock.lock(self._root / LOCK)
        if lock is None:
            raise AlreadyRuns(f"another training holds {self._root / LOCK}")
        try:
            return self._run(command)
        finally:
            os.close(lock)

    def stop(self) -> bool:
        """End a training, from another thread or a signal handler; return whether there is one.

        `run` then raises `TrainingFailed`.
        """
        self._stopped = True
        if self._running is not None:
            # Whoever waits for it reaps it: the lock for that may be held by what is interrupted.
            _kill(self._running)
        return self._trains

    def due_in(self, every_seconds: float) -> float:
        """Return the seconds until the next training, as the newest report tells; 0: now."""
        reports = (self._root / self._kind.folder).glob(f"*{bundles.CANDIDATE_SUFFIX}")
        ended = [path.stat().st_mtime for path in reports]
        return max(0.0, max(ended) + every_seconds - self._now()) if ended else 0.0

    def write(self, report: RetrainReport) -> Path:
        """Write *report* beside its bundle, for its owner only."""
        path = self._root / self._kind.folder / f"{report.version}{bundles.CANDIDATE_SUFFIX}"
        table = {name: getattr(report, name) for name in RetrainReport.__dataclass_fields__}
        atomic_file.write(path, json.dumps(table, ensure_ascii=False, indent=1) + "\n")
        return path

    def _run(self, command: Command) -> RetrainReport:
        folder = self._kind.folder
        known = bundles.versions(self._root, folder)
        version = next_version(known)
        staging = self._root / STAGING / folder
        shutil.rmtree(staging / version, ignore_errors=True)
        atomic_file.make_folder(staging)
        began_at, bundle = self._now(), staging / version
        self._train(command(bundle), staging / f"{version}.log")
        found = self._passed(bundle)
        if self._key is not None:
            # Kind and version are part of what is signed, and the same here as where it goes.
            signatures.sign(bundle, self._key)
        report = self._report(version, known, began_at, found)
        home = self._root / folder
        atomic_file.make_folder(home)
        # Before the bundle: a worker that starts now must know that this one is only a candidate.
        self.write(report)
        bundle.rename(home / version)
        page = staging / f"{version}.md"
        if page.exists():
            page.rename(home / page.name)
        return report

    def _report(
        self, version: str, known: Sequence[str], began_at: float, found: card.Card
    ) -> RetrainReport:
        return RetrainReport(
            kind=self._kind.value,
            version=version,
            before=known[-1] if known else "",
            began_at=began_at,
            seconds=round(self._now() - began_at, 1),
            peak_memory_bytes=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
            site_rows=sum(one.rows for one in found.data if one.licence == SITE_LICENCE),
            figures=bundle_listing.figures(found),
            figures_before=self._figures(known[-1]) if known else {},
            key_id=self._key.key_id if self._key else "",
        )

    def _train(self, command: Sequence[str], log: Path) -> None:
        """Run *command* within the limits, its output in *log*."""
        self._trains = True
        with atomic_file.create(log) as output:
            self._running = process = subprocess.Popen(  # noqa: S603  our own interpreter
                [sys.executable, "-c", _LIMITED, str(self._limits.memory_bytes), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **_ONE_THREAD},
                start_new_session=True,
            )
            try:
                if self._stopped:  # while it was started
                    _kill(process)
                status = process.wait(self._limits.seconds)
            except subprocess.TimeoutExpired as error:
                raise TrainingFailed(
                    f"the training took more than {self._limits.seconds:.0f} seconds"
                ) from error
            finally:
                _end(process)
                self._running, self._trains = None, False
        if status:
            lines = log.read_text("utf-8", "replace").splitlines()[-_LAST_LINES:]
            raise TrainingFailed("\n".join([f"the training ended with status {status}:", *lines]))

    def _passed(self, bundle: Path) -> card.Card:
        """Load the staged bundle, which checks its graph and golden rows; return its card."""
        try:
            _LOADERS[self._kind](self._root / STAGING, bundle.name)
            return card.read(bundle)
        except Exception as error:
            # Whatever the error, onnxruntime's own included.
            raise TrainingFailed(f"the new bundle does not pass: {error}") from error

    def _figures(self, version: str) -> Mapping[str, Any]:
        try:
            return bundle_listing.figures(card.read(self._root / self._kind.folder / version))
        except InvalidConfiguration:
            return {}


def next_version(known: Sequence[str]) -> str:
    """Return the number after that with which the newest of the *known* versions begins."""
    numbers = [int(name.split(".")[0]) for name in known if name.split(".")[0].isdecimal()]
    return str(max(numbers, default=0) + 1)


def with_results(
    report: RetrainReport, *, comparison: Mapping[str, Any], shadow: str
) -> RetrainReport:
    """Return *report* with what was done with its bundle."""
    return replace(report, comparison=comparison, shadow=shadow)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started, which share its session."""
    if process.poll() is None:
        _kill(process)
        process.wait()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):  # it has ended by itself
        os.killpg(process.pid, signal.SIGKILL)

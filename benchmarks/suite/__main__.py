"""Runs every benchmark of a clean commit, keeps each result, and writes the pages.

    fanzha bench all --quick
    fanzha bench all --only h2load before-after --before COMMIT
    fanzha bench all --data FOLDER

Refuses a tree with uncommitted changes, and one that changes meanwhile: a figure belongs to a
commit. Each result goes to ``benchmarks/results``; in the end `benchmarks.report` renders the pages
and the table of README.md from them. The exit status is 1 when a step kept no result.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import machine, results
from benchmarks.load import options as common
from benchmarks.suite import running, steps
from benchmarks.suite.steps import Step
from services.cli._common.console import err, progress

_MISSED = 1
_QUIET_LOAD = 0.5
"""Load for each core above which the figures say as much about others as about us."""
_MINUTE = 60.0


def main() -> int:
    """Run the steps; return the exit status."""
    options = _options()
    commit = _clean_commit()
    chosen = steps.selected(options.only, quick=options.quick)
    if not chosen:
        common.wrong("nothing to run: these steps have no quick way")
    _say_plan(chosen, options)
    if options.dry_run:
        return 0
    missing = _run_all(chosen, options, commit)
    if options.report:
        _render()
    for line in missing:
        err.print(line)
    return int(bool(missing))


def _clean_commit() -> str:
    """Return the commit that is measured; end the command where the tree differs from it."""
    changed = machine.changed_files()
    commit = machine.commit()
    if changed:
        common.wrong(
            f"the tree differs from commit {commit.removesuffix(machine.DIRTY)}: "
            f"{', '.join(changed[:5])}{' …' if len(changed) > 5 else ''}. A figure belongs to a "
            "commit: commit or stash the changes first"
        )
    if commit.endswith(machine.DIRTY):
        common.wrong("no commit is known here: results need a checkout of git")
    return commit


def _say_plan(chosen: Sequence[Step], options: argparse.Namespace) -> None:
    for step in chosen:
        err.print(
            f"{step.name:14} {_minutes(step.estimate(quick=options.quick)):>10}  {step.about}"
        )
    total = sum(step.estimate(quick=options.quick) for step in chosen)
    err.print(f"{len(chosen)} steps, about {_minutes(total)} on a quiet machine of two cores")
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > _QUIET_LOAD * cores:
        err.print(f"this machine is not quiet (load {load:.1f}): the results will say so")


def _run_all(chosen: Sequence[Step], options: argparse.Namespace, commit: str) -> list[str]:
    """Run the steps; return a line on each that kept no result."""
    left = sum(step.estimate(quick=options.quick) for step in chosen)
    missing = []
    with TemporaryDirectory(prefix="fanzha-bench-all-") as name:
        for number, step in enumerate(chosen, 1):
            err.print(f"{number}/{len(chosen)} {step.name}: {_minutes(left)} left in all")
            left -= step.estimate(quick=options.quick)
            command = steps.command_of(
                step, quick=options.quick, before=options.before, data=options.data,
                server_cores=options.server_cores, generator_cores=options.generator_cores,
            )  # fmt: skip
            missing += _run_one(step, command, Path(name), options)
            if (now := machine.commit()) != commit:
                common.wrong(f"the tree changed while it was measured: {commit} became {now}")
    return missing


def _run_one(
    step: Step, command: list[str], folder: Path, options: argparse.Namespace
) -> list[str]:
    log = folder / f"{step.name}.log"
    with progress() as display:
        task = display.add_task(
            step.name, total=step.estimate(quick=options.quick) * _MINUTE, note=""
        )

        def show(line: str, seconds: float) -> None:
            display.update(task, completed=seconds, note=line[:70])

        ended = running.run(command, step.kinds, log, show)
    if options.logs:
        options.logs.mkdir(parents=True, exist_ok=True)
        (options.logs / log.name).write_bytes(log.read_bytes())
    if not ended.kept:
        err.print(ended.last_words)
        return [f"{step.name}: no result (status {ended.status})"]
    word = "kept; a target was missed" if ended.status == _MISSED else "kept"
    err.print(f"  {ended.seconds:,.0f} s, {word}: {', '.join(ended.kept)}")
    return []


def _render() -> None:
    if find_spec("matplotlib") is None:
        err.print("not rendered: matplotlib is missing (pip install -e '.[bench]')")
        return
    from benchmarks.report import __main__ as report  # noqa: PLC0415  needs matplotlib

    report.main(folder=results.FOLDER, docs=report.DOCS)


def _minutes(minutes: float) -> str:
    return f"{minutes * _MINUTE:.0f} s" if minutes < 1 else f"{minutes:.0f} min"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fanzha bench all", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    names = [step.name for step in steps.STEPS]
    two = len(os.sched_getaffinity(0)) > 1
    parser.add_argument("--only", nargs="+", choices=names, default=[], help="these steps alone")
    parser.add_argument("--quick", action="store_true", help="shorter, and without the long steps")
    parser.add_argument("--before", default=steps.BASELINE, help="older commit to compare with")
    parser.add_argument("--data", default="", help="folder of labelled texts, for peers' accuracy")
    parser.add_argument("--server-cores", default="0" if two else "", help="of workers")
    parser.add_argument("--generator-cores", default="1" if two else "", help="of the generator")
    parser.add_argument("--no-report", dest="report", action="store_false", help="write no page")
    parser.add_argument("--logs", type=Path, help="folder that keeps what each step says")
    parser.add_argument("--dry-run", action="store_true", help="tell the steps and their time only")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(common.run(main))

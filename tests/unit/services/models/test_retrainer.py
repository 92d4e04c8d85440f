"""Trainings in processes of their own: limits, lock, staging, signature, and no promotion."""

import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from classifiers import bundles
from classifiers.card import CARD, GRAPH
from infra import file_lock
from services.audit import keys
from services.decision.model_kinds import ModelKind
from services.models import signatures
from services.models.retrainer import (
    LOCK,
    STAGING,
    AlreadyRuns,
    Retrainer,
    TrainingFailed,
    TrainingLimits,
    next_version,
)
from tests.support.model_bundles import a_bundle
from tests.support.processes import eventually

MADE = """
import re, shutil, sys
from pathlib import Path
source, out = map(Path, sys.argv[1:])
shutil.copytree(source, out)
card = out / "card.toml"
card.write_text(re.sub('^version = .*', f'version = "{out.name}"', card.read_text(), flags=re.M))
(out.parent / f"{out.name}.md").write_text("# The page")
"""
"""A training that makes a good bundle in no time."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    a_bundle(tmp_path / "models", "moment", "4")
    return tmp_path / "models"


def training(script: str) -> Callable[[Path], Sequence[str]]:
    source = bundles.newest(bundles.SHIPPED, "moment")
    return lambda bundle: [sys.executable, "-c", script, str(source), str(bundle)]


def retrainer(root: Path, *, seconds: float = 60, mib: int = 2048, **given: object) -> Retrainer:
    limits = TrainingLimits(seconds=seconds, memory_bytes=mib * 2**20)
    return Retrainer(ModelKind.VELOCITY, root, limits=limits, **given)  # type: ignore[arg-type]


def test_the_next_version_is_made_checked_and_put_beside_the_others(root: Path) -> None:
    mine = retrainer(root)

    report = mine.run(training(MADE))
    path = mine.write(report)

    assert (report.version, report.before) == ("5", "4")
    assert bundles.versions(root, "moment") == ["4", "5"]
    assert bundles.load_velocity(root, "5").version == "5"
    assert (root / "moment" / "5.md").read_text() == "# The page"
    assert json.loads(path.read_text())["shadow"] == ""
    assert path.stat().st_mode & 0o077 == 0


def test_what_runs_is_not_touched(root: Path) -> None:
    before = {path: path.read_bytes() for path in (root / "moment" / "4").iterdir()}

    retrainer(root).run(training(MADE))

    assert {path: path.read_bytes() for path in (root / "moment" / "4").iterdir()} == before
    names = sorted(path.name for path in (root / "moment").iterdir())
    assert names == ["4", "5", "5.md", "5.retrained.json"]


def test_the_bundle_is_signed_before_workers_see_it(root: Path, tmp_path: Path) -> None:
    key = keys.open_key(tmp_path / "key")

    report = retrainer(root, key=key).run(training(MADE))

    known = keys.read_public(key.public_pem, "the key")
    assert signatures.verify(root / "moment" / "5", known) == report.key_id == key.key_id


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("raise SystemExit('no such table')", "ended with status 1:\nno such table"),
        ("pass", "does not pass"),
        (MADE + "(out / 'model.onnx').write_bytes(b'cut')", "sha256 is"),
        (MADE + "(out / 'card.toml').unlink()", "does not pass"),
        ("import time; time.sleep(60)", "took more than"),
        ("bytearray(2**31)", "MemoryError"),
    ],
)
def test_a_training_that_fails_leaves_no_bundle(root: Path, script: str, said: str) -> None:
    mine = retrainer(root, seconds=1 if "sleep" in script else 60, mib=512)

    with pytest.raises(TrainingFailed, match=said):
        mine.run(training(script))

    assert bundles.versions(root, "moment") == ["4"]
    assert file_lock.is_free(root / LOCK)


def test_after_a_failure_the_same_version_is_made_anew(root: Path) -> None:
    with pytest.raises(TrainingFailed):
        retrainer(root).run(training(MADE + f"(out / '{GRAPH}').write_bytes(b'')"))

    assert retrainer(root).run(training(MADE)).version == "5"


def test_one_training_runs_at_a_time(root: Path) -> None:
    lock = file_lock.lock(root / LOCK)
    assert lock is not None

    with pytest.raises(AlreadyRuns):
        retrainer(root).run(training(MADE))

    os.close(lock)
    assert retrainer(root).run(training(MADE)).version == "5"


def test_it_runs_with_low_priority_and_on_one_thread(root: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    script = (
        "import os, time\n"
        # The priority is set just after the start.
        "while os.getpriority(os.PRIO_PROCESS, 0) < 10: time.sleep(0.001)\n"
        f"open({str(seen)!r}, 'w').write(os.environ['OMP_NUM_THREADS'])\n"
    )

    retrainer(root).run(training(script + MADE))

    assert seen.read_text() == "1"


def test_a_training_that_is_told_to_end_ends(root: Path, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    mine = retrainer(root)
    found: list[Exception] = []

    def run() -> None:
        try:
            mine.run(training(f"import time; open({str(begun)!r}, 'w'); time.sleep(60)"))
        except TrainingFailed as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    eventually(begun.exists)
    mine.stop()
    thread.join()

    assert "ended with status -9" in str(found[0])


def test_the_rhythm_outlives_a_restart(root: Path) -> None:
    at = [0.0]
    mine = retrainer(root, now=lambda: at[0])
    before = mine.due_in(100)
    path = mine.write(mine.run(training(MADE)))
    at[0] = path.stat().st_mtime + 30

    assert before == 0
    assert mine.due_in(100) == pytest.approx(70)
    assert mine.due_in(20) == 0


def test_the_output_of_a_training_stays_in_the_staging_folder(root: Path) -> None:
    retrainer(root).run(training("print('epoch 1')\n" + MADE))

    log = root / STAGING / "moment" / "5.log"
    assert log.read_text() == "epoch 1\n"
    assert log.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("known", "following"),
    [([], "1"), (["1", "2"], "3"), (["9", "10"], "11"), (["2026-11"], "1"), (["3", "3.1"], "4")],
)
def test_the_next_version_is_a_number_that_is_free(known: list[str], following: str) -> None:
    assert next_version(known) == following
    assert following not in known


def test_a_folder_without_bundles_gets_its_first(tmp_path: Path) -> None:
    report = retrainer(tmp_path / "new").run(training(MADE))

    assert (report.version, report.before) == ("1", "")
    assert (tmp_path / "new" / "moment" / "1" / CARD).exists()


def test_what_a_retraining_made_is_not_what_decides_at_a_start(root: Path) -> None:
    report = retrainer(root).run(training(MADE))

    assert bundles.newest(root, "moment").name == report.version
    assert bundles.newest_released(root, "moment").name == report.before


def test_a_candidate_decides_where_there_is_nothing_else(tmp_path: Path) -> None:
    a_bundle(tmp_path, "moment", "1")
    (tmp_path / "moment" / f"1{bundles.CANDIDATE_SUFFIX}").write_text("{}")

    assert bundles.newest_released(tmp_path, "moment").name == "1"

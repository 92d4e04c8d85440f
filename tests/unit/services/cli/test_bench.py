import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from services.cli import bench


def test_outside_a_checkout_the_command_says_where_benchmarks_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        bench.run("load", [], checkout=tmp_path)

    assert ended.value.exit_code == 2
    assert "clone the repository" in capsys.readouterr().err


def test_a_benchmark_that_a_checkout_lacks_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "benchmarks").mkdir()

    with pytest.raises(typer.Exit) as ended:
        bench.run("load", [], checkout=tmp_path)

    assert ended.value.exit_code == 2
    assert "benchmarks.load" in capsys.readouterr().err


def test_options_are_passed_on_and_the_exit_status_is_returned(tmp_path: Path) -> None:
    module = tmp_path / "benchmarks" / "load" / "__main__.py"
    module.parent.mkdir(parents=True)
    for folder in (module.parent, module.parent.parent):
        (folder / "__init__.py").touch()
    module.write_text(
        "import sys; from pathlib import Path\n"
        "Path(sys.argv[2]).write_text(sys.argv[1]); sys.exit(3)\n"
    )

    status = bench.run("load", ["--rate=7", str(tmp_path / "seen")], checkout=tmp_path)

    assert status == 3
    assert (tmp_path / "seen").read_text() == "--rate=7"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_terminated_benchmark_may_finish_its_cleanup(
    number: signal.Signals, tmp_path: Path
) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").touch()
    # It ends only after what `subprocess.run` would have left it.
    (tmp_path / "benchmarks" / "load.py").write_text(
        "import signal, sys, time; from pathlib import Path\n"
        "def end(*_):\n"
        "    time.sleep(0.6); Path(sys.argv[1]).touch(); sys.exit(5)\n"
        "signal.signal(signal.SIGINT, end); signal.signal(signal.SIGTERM, end)\n"
        "print('begun', flush=True); time.sleep(60)\n"
    )
    done = tmp_path / "done"
    code = (
        "import sys; from pathlib import Path; from services.cli import bench\n"
        f"sys.exit(bench.run('load', [{str(done)!r}], checkout=Path({str(tmp_path)!r})))\n"
    )

    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "begun\n"
        # Ctrl-C reaches all processes of a terminal, a request to end the one that it names.
        (os.killpg if number is signal.SIGINT else os.kill)(command.pid, number)
        status = command.wait(60)

    assert (status, done.exists()) == (5, True)


@pytest.mark.parametrize("name", ["load", "quick", "overload", "h2load", "client"])
def test_this_checkout_has_the_benchmark(name: str) -> None:
    module, _ = bench.COMMANDS[name]

    assert bench.module_file(bench.CHECKOUT, module) is not None

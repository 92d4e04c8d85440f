"""What a process and its descendants have used."""

import os
import subprocess
import sys

from benchmarks import processes


def test_the_tree_of_a_process_is_itself_and_its_descendants() -> None:
    command = [sys.executable, "-c", "print(flush=True); input()"]

    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        found = processes.tree(os.getpid())
        command_line = processes.command(child.pid)
        used = processes.cpu_seconds(os.getpid())
        child.communicate(b"\n")

    assert found[0] == os.getpid()
    assert child.pid in found
    assert command_line == command
    assert used > 0


def test_a_process_that_has_ended_has_no_command_and_used_nothing() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert processes.command(ended.pid) == []
    assert processes.cpu_seconds(ended.pid) == 0

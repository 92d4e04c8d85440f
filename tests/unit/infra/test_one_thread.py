"""What the processes of a service get in their environment."""

import subprocess
import sys

import pytest

from infra.fork_server import BLAS_THREADS, one_thread

MULTIPLY = """
import os, numpy as np
numbers = np.ones((512, 512), np.float32)
numbers @ numbers
print(len(os.listdir("/proc/self/task")))
"""


def test_a_process_multiplies_matrices_in_one_thread() -> None:
    environment = one_thread({})

    done = subprocess.run(
        [sys.executable, "-c", MULTIPLY], env=environment, capture_output=True, check=True
    )

    assert int(done.stdout) == 1


@pytest.mark.parametrize("threads", ["", "4"])
def test_an_operator_may_say_otherwise(threads: str) -> None:
    assert one_thread({BLAS_THREADS: threads}) == {}

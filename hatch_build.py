"""Compiles the kernels when the package is built: `hatchling` calls this for wheels and checkouts.

The compiler is that of the wheel `ziglang` (clang), the same on every machine, so that neither a
compiler nor headers need be installed; the library needs no more than glibc 2.28.
"""

import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LIBRARY = "fanzha/libfanzha.so"
_GLIBC = "2.28"
_OLDEST = {"x86_64": "x86_64_v2"}
"""The oldest processor that is to run it, where that is not the compiler's own."""


def compile_kernels(root: Path) -> None:
    """Compile `kernels/` into the library that `fanzha.kernels` loads."""
    sources = sorted(str(path.relative_to(root)) for path in (root / "kernels").glob("*.c"))
    machine = platform.machine()
    command = [sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-linux-gnu.{_GLIBC}"]
    if machine in _OLDEST:
        command.append(f"-mcpu={_OLDEST[machine]}")
    options = ["-std=c11", "-O3", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-s"]
    target = root / LIBRARY
    # A running program keeps the file that it has mapped.
    new = target.with_suffix(".new")
    subprocess.run(  # noqa: S603 - the compiler, with arguments from here
        [*command, *options, "-shared", "-fPIC", *sources, "-lm", "-o", str(new)],
        cwd=root, check=True,
    )  # fmt: skip
    new.replace(target)


class KernelBuildHook(BuildHookInterface[Any]):
    """Compiles the kernels, and makes the wheel one of this kind of machine."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Compile before anything is packed."""
        compile_kernels(Path(self.root))
        build_data["artifacts"].append(LIBRARY)
        build_data["pure_python"] = False
        tags = f"py3-none-manylinux_{_GLIBC.replace('.', '_')}_{platform.machine()}"
        build_data["tag"] = tags


if __name__ == "__main__":
    compile_kernels(Path(__file__).resolve().parent)

"""Counts the lines of code on the path of a decision, in two commits.

    python -m tools.hot_path 0a6340fc HEAD

The path is whole folders, named here, and so is what lies in them and decides nothing; the modules
that lie directly in a folder count, those of its subfolders do not. Lines of code are those with
something on them that is no comment and no docstring. Tables of words and models are no code.
"""

import ast
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
STAGES = {
    "requests and answers": ("services/rpc/core", "services/rpc/decide", "services/rpc/middleware"),
    "deciding": ("services/decision",),
    "lists": ("blocklists/indexes", "blocklists/snapshot"),
    "callers": ("classifiers/caller", "classifiers/velocity"),
    "texts": ("classifiers/text",),
    "links": ("classifiers/link",),
    "words everyone uses": ("fanzha",),
    "kernels": ("kernels",),
}
"""Folders of each stage."""
_C_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def main() -> int:
    """Print the table of both commits."""
    before, after = sys.argv[1:3]
    counts = {commit: _stages(commit) for commit in (before, after)}
    rows = [f"| stage | {before}: Python, C | {after}: Python, C |", "| --- | ---: | ---: |"]
    for stage in (*STAGES, "all"):
        cells = (_cell(counts[commit], stage) for commit in (before, after))
        rows.append(f"| {' | '.join((stage, *cells))} |")
    sys.stdout.write("\n".join(rows) + "\n")
    return 0


def _cell(counts: "dict[str, Counter[str]]", stage: str) -> str:
    found = sum(counts.values(), Counter[str]()) if stage == "all" else counts[stage]
    return f"{found['python']:,}, {found['c']:,}"


def _stages(commit: str) -> "dict[str, Counter[str]]":
    files = _git("ls-tree", "-r", "--name-only", commit).splitlines()
    found = {}
    for stage, folders in STAGES.items():
        lines = Counter[str]()
        for file in _of(files, folders):
            text = _git("show", f"{commit}:{file}")
            if file.endswith(".py"):
                lines["python"] += python_lines(text)
            else:
                lines["c"] += c_lines(text)
        found[stage] = lines
    return found


def _of(files: Iterable[str], folders: tuple[str, ...]) -> list[str]:
    """Return the sources that lie in *folders*, without those of their subfolders."""
    return [
        file
        for file in files
        if file.rpartition("/")[0] in folders and file.endswith((".py", ".c", ".h"))
    ]


def python_lines(text: str) -> int:
    """Count the lines of a module without blank ones, comments and docstrings."""
    used = set[int]()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and not _is_docstring(node):
            body: list[ast.stmt] = getattr(node, "body", [])
            last = min([node.end_lineno or 0, *(inner.lineno - 1 for inner in body)])
            used.update(range(node.lineno, last + 1))
            used.update(one.lineno for one in getattr(node, "decorator_list", ()))
    lines = text.splitlines()
    return sum(1 for number in used if _says_something(lines[number - 1]))


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def c_lines(text: str) -> int:
    """Count the lines of a C source without blank ones and comments."""
    return sum(1 for line in _C_COMMENT.sub("", text).splitlines() if line.strip())


def _git(*arguments: str) -> str:
    git = shutil.which("git") or "git"
    done = subprocess.run(  # noqa: S603  git, on names of our own
        [git, "-C", str(CHECKOUT), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())

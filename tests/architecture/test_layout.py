"""The layout of the packages: small folders, one name for one class, nouns for modules (ADR 29).

The numbers are limits to live with, not aims: where one makes the code worse, argue in an ADR and
change it here.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("fanzha", "infra", "blocklists", "classifiers", "services", "integrations")
MOST_MODULES = 25
"""In one folder, its ``__init__`` not counted."""
MOST_LINES = 400
FEWEST_LINES = 25
MOST_FUNCTION_LINES = 40
"""From ``def`` to the last statement."""

CLASS = re.compile(r"^ *class (\w+)[(:]", re.MULTILINE)
DEFINITION = re.compile(r"( *)(async def|def|class) ")

NOUNS_IN_ING = {
    "binding": "of a socket to a port: the system call",
    "blocking": "a client that blocks its thread; the other one is asynchronous",
    "coding": "as in data coding scheme: which octets stand for which characters",
    "encoding": "how something is written",
    "hashing": "the technique",
    "listing": "a list as somebody sees it",
    "masking": "the term for hiding parts of personal data",
    "numbering": "as in numbering plan",
    "opening": "the first event of a case",
    "packing": "the technique",
    "paging": "the technique",
    "pending": "an adjective: what waits for a person",
    "warning": "the subject",
    "wiring": "where the parts of a subject are put together",
}
"""Words in -ing that name a thing. A module that is named after an activity says when it runs,
not what is in it."""

SHARED_CLASS_NAMES: dict[str, str] = {}
"""Names that several classes may have, and why."""

SHORT_MODULES = {
    "blocklists/importers/list_format.py": "commands name formats without importing readers",
    "classifiers/card_fields.py": "two kinds of cards read fields; in one it would close a circle",
    "classifiers/hashing.py": "two memories must spread keys alike",
    "integrations/dnstap/metrics.py": "the role name that every adapter has",
    "integrations/dns/serials.py": "zone, answers and restart compare serials alike",
    "integrations/cmpp/command.py": "the role name that every adapter has",
    "integrations/smpp/command.py": "the role name that every adapter has",
    "integrations/smpp/settings.py": "the role name that every adapter has",
    "infra/safe_traceback.py": "what may be logged of an unforeseen failure is said once",
    "services/auth/personal_data.py": "who sees full numbers is said once",
    "blocklists/exporters/rspamd.py": "a file for each format",
    "services/cli/_common/line_breaks.py": "the one place that reaches into rich",
    "services/cli/version.py": "a command of its own",
    "services/cli/warnings/operations_server.py": "shared by six groups of commands",
    "services/cli/warnings/region_options.py": "shared by two groups of commands",
    "services/decision/channel_kinds.py": "commands name kinds of models without numpy's tables",
    "services/processes/list_follower.py": "worker and administration follow lists alike",
    "services/start.py": "starts a process before the command line is imported",
    "services/settings/variables.py": "commands name variables without importing settings",
}
"""Modules of a few lines, and why they stand alone."""


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.name != "__init__.py" and "v1" not in path.relative_to(ROOT).parts:
                yield path.relative_to(ROOT)


def lines(path: Path) -> int:
    return len((ROOT / path).read_text().splitlines())


def last_word(path: Path) -> str:
    return path.stem.rpartition("_")[2]


def test_no_folder_has_more_modules_than_one_reads_at_a_glance() -> None:
    folders: dict[Path, int] = defaultdict(int)
    for path in modules():
        folders[path.parent] += 1

    assert {str(folder): n for folder, n in folders.items() if n > MOST_MODULES} == {}


def test_modules_are_named_after_things() -> None:
    named = {str(path) for path in modules() if last_word(path).endswith("ing")}

    assert {path for path in named if last_word(Path(path)) not in NOUNS_IN_ING} == set()


def test_every_class_has_a_name_of_its_own() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        for name in CLASS.findall((ROOT / path).read_text()):
            where[name].append(str(path))

    shared = {name: paths for name, paths in where.items() if len(paths) > 1}
    assert {name: shared[name] for name in shared if name not in SHARED_CLASS_NAMES} == {}
    assert set(SHARED_CLASS_NAMES) <= set(shared)


def test_a_module_is_one_concept() -> None:
    sizes = {str(path): lines(path) for path in modules()}

    assert {path: size for path, size in sizes.items() if size > MOST_LINES} == {}
    short = {path for path, size in sizes.items() if size < FEWEST_LINES}
    assert short == set(SHORT_MODULES)


def test_files_of_tests_and_benchmarks_have_no_more_lines_than_modules() -> None:
    long = {
        path.relative_to(ROOT).as_posix()
        for package in ("benchmarks", "tests")
        for path in (ROOT / package).rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    }

    assert sorted(long) == []


def _may_be_long(source: str) -> bool:
    """Return whether a file is worth parsing, which takes seconds for all of them.

    A function ends before the next definition that is indented as far or less.
    """
    lines_ = source.splitlines()
    found = [(number, DEFINITION.match(line)) for number, line in enumerate(lines_)]
    starts = [(number, len(match[1]), match[2]) for number, match in found if match]
    for place, (start, depth, word) in enumerate(starts):
        later = (number for number, other, _ in starts[place + 1 :] if other <= depth)
        if word != "class" and next(later, len(lines_)) - start > MOST_FUNCTION_LINES:
            return True
    return False


def _outer_functions(
    body: Sequence[ast.stmt],
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield functions and methods; those inside them are no longer than they are."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        else:
            yield from _outer_functions(getattr(node, "body", ()))


def test_a_function_fits_on_a_screen() -> None:
    long = {
        f"{path.relative_to(ROOT).as_posix()}: {node.name}"
        for package in (*PACKAGES, "benchmarks", "examples", "tests", "tools")
        for path in (ROOT / package).rglob("*.py")
        if not path.stem.endswith(("_pb2", "_pb2_grpc"))
        if _may_be_long(path.read_text(encoding="utf-8"))
        for node in _outer_functions(ast.parse(path.read_text(encoding="utf-8")).body)
        if (node.end_lineno or 0) - node.lineno + 1 > MOST_FUNCTION_LINES
    }

    assert sorted(long) == []

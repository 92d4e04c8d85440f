"""A change to the lists from file to undo, as a bureau makes it: ``python -m examples.lists_tour``.

Starts ``fanzha up`` with TLS and identities of its own, runs the real commands as five people,
and shows what they print; ends by itself. What it found goes to a file, for the test of it.
"""

import csv
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from examples import lists_tour_site
from examples.lists_tour_site import SHORT, Runner, Site, heading, run_command, say, site
from fanzha.client import Call

FIRST = 17_000_100_000
LISTED = f"+86{FIRST + 1}"
BAD_ROWS = 37
_LISTS_ALONE = {"FANZHA_CASCADE_SHARE": "0", "FANZHA_WARNING_ENABLED": "false"}
"""Settings without the second stage for texts and without warnings: the tour decides calls."""
_BAD = ("不详", "号码待核", "17000A00000", "1700010000X", "详见附件")
_COLUMNS = ("号码", "原因", "有效期", "诈骗类型")


def write_list(file: Path, rows: int) -> None:
    """Write a CSV in GB18030 with Chinese columns, as a province sends it.

    It has *rows* lines: numbers, `BAD_ROWS` that are none, and one that is protected.
    """
    every = rows // (BAD_ROWS + 1)
    bad = {every * place: _BAD[place % len(_BAD)] for place in range(1, BAD_ROWS + 1)}
    with file.open("w", encoding="gb18030", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(_COLUMNS)
        for row in range(rows):
            number = "110" if row == rows // 2 + 1 else bad.get(row, str(FIRST + row))
            writer.writerow((number, "群众举报，已核实", "2027-12-31", "虚假贷款"))


CALLEE = "+8619900000001"
RANGE = "+861700099*"
URGENT = "+8617000990001"
PATIENCE_SECONDS = 90.0


_HEAD = """# A change to the lists, from file to undo

You follow a list of 100,000 numbers through preview, approval, an emergency, an appeal, undo and
the audit log, with Li (editor), Wang (approver), Sun (customer service of a carrier), Zhao (appeals
officer) and Chen (auditor). `python -m examples.lists_tour` runs it on your machine in a minute;
`--page` wrote this page, on a busy machine. Names, numbers and reasons are invented; an emergency
ends after eleven seconds here, after 24 hours by default.
"""


class Tour:
    """The story, part by part."""

    def __init__(self, place: Site, rows: int) -> None:
        self._site = place
        self._rows = rows
        self.found: dict[str, Any] = {"rows": rows}

    def preview(self, file: Path) -> None:
        """Preview a file before it is submitted."""
        heading("1. A sheet from the province: GB18030, Chinese columns, bad rows among good ones")
        self._import(file, "--preview")

    def ask(self, file: Path) -> int:
        """Import it as the editor; return the number of the request that waits."""
        heading("2. Li imports it; its impact is unknown, so it waits for a second person")
        answer = self._import(file, "--json")
        self.found["import"] = answer
        change = int(answer["change_id"])
        self._site.fanzha("li", "changes", "show", str(change), "--rows", "3")
        say("Li cannot approve what Li proposed:")
        self.found["own_approval_status"] = self._site.fails(
            "li", "changes", "approve", str(change)
        )
        return change

    def approve(self, change: int) -> None:
        """Approve as another person; measure the time until a call is blocked."""
        heading("3. Wang approves, and a carrier's call from one of the numbers is blocked")
        with self._site.watching(self._calls(LISTED)) as watch:
            self._site.fanzha("wang", "changes", "approve", str(change))
            watch.wait(lambda answer: answer.blocked)
        applied_ms = self._change(change)["applied_at_ms"]
        self.found["blocked_after_seconds"] = round(watch.at_ms / 1000 - int(applied_ms) / 1000, 3)
        self.found["decision_id"] = watch.answer.decision_id
        say(f"blocked {self.found['blocked_after_seconds']:.2f} s after the lists changed")

    def protected(self) -> None:
        """Show that the police in the file changed nothing."""
        heading("4. 110 was in the file and is refused: no list can cut off the police")
        answer = self._site.client.decide_call(Call(caller=CALLEE, callee="110"))
        self.found["police_blocked"] = answer.blocked
        found = self._site.json("li", "blocklist", "find", "110")
        self.found["police_entries"] = len(found.get("entries", []))
        say(f"a call to 110 is {'blocked' if answer.blocked else 'let through'}; "
            f"{self.found['police_entries']} entries for it")  # fmt: skip

    def range(self) -> None:
        """Propose a range, which always requires a second person."""
        heading("5. A range could cut off half a city: it always waits for approval")
        answer = self._site.json("li", "changes", "create", "--add", RANGE, "--source", "bureau",
                                 "--reason", "numbers that were never assigned")  # fmt: skip
        change = answer["change"]
        self.found["range_state"] = change["state"]
        self._site.fanzha("wang", "changes", "show", str(change["id"]), "--rows", "1", most=SHORT)
        self._site.fanzha("wang", "changes", "reject", str(change["id"]),
                          "--reason", "some of them are assigned since June")  # fmt: skip

    def emergency(self) -> None:
        """Block alone and at once; see it end by itself."""
        heading("6. An emergency: applied by one person, it ends by itself")
        self._site.fanzha("li", "changes", "create", "--add", URGENT, "--source", "bureau",
                          "--reason", "calls victims right now",
                          "--emergency", "three victims already, no approver on duty")  # fmt: skip
        with self._site.watching(self._calls(URGENT)) as watch:
            watch.wait(lambda answer: answer.blocked)
            say("blocked; every report shows it:")
            self._site.fanzha("li", "changes", "list", "--limit", "3")
            watch.wait(lambda answer: not answer.blocked)
        self.found["emergency_rang_again"] = True
        say("without a confirmation it expires, and the number rings again")

    def appeal(self) -> None:
        """Appeal with the decision id; uphold; measure the time until the number rings."""
        heading("7. The owner of a number appeals through the carrier, with the id of the decision")
        decision = str(self.found["decision_id"])
        opened = self._until(lambda: self._site.json(
            "sun", "appeals", "open", decision, "--name", "林女士", "--contact", "lin@mail.example",
            "--grounds", "I have had this number since May", quiet=True))  # fmt: skip
        appeal = str(opened["appeal"]["appeal_id"])
        self._site.fanzha("zhao", "appeals", "take", appeal)
        self._site.fanzha("zhao", "appeals", "show", appeal, most=SHORT)
        with self._site.watching(self._calls(LISTED)) as watch:
            self._site.fanzha("zhao", "appeals", "decide", appeal, "upheld",
                              "--reason", "the number was assigned anew in May")  # fmt: skip
            watch.wait(lambda answer: not answer.blocked)
        shown = self._site.json("zhao", "appeals", "show", appeal, quiet=True)["appeal"]
        decided_ms = next(int(event["at_ms"]) for event in shown["events"]
                          if event["what"] == "upheld")  # fmt: skip
        self.found["lift_seconds"] = round((watch.at_ms - decided_ms) / 1000, 3)
        say(f"the number rang {self.found['lift_seconds']:.2f} s after the decision")
        self._site.fanzha("zhao", "appeals", "notice", appeal, "--language", "en", most=SHORT)

    def revert(self, change: int) -> None:
        """Undo the whole import."""
        heading("8. The province takes the sheet back: the change is reverted, by two people again")
        answer = self._site.json("li", "changes", "revert", str(change), "--yes",
                                 "--reason", "the province withdrew the sheet")  # fmt: skip
        undo = str(answer["change"]["id"])
        with self._site.watching(self._calls("+8617000100002")) as watch:
            self._site.fanzha("wang", "changes", "approve", undo)
            watch.wait(lambda answer: not answer.blocked)
        self.found["reverted_state"] = self._change(change)["state"]
        self._site.fanzha("wang", "changes", "list", "--limit", "8")

    def audit(self, folder: Path) -> None:
        """Verify the log; change one byte; verify again."""
        heading("9. The audit log is whole; one changed byte in a copy is found")
        self._site.fanzha("chen", "audit", "verify", str(self._site.data / "audit"))
        copy = folder / "audit-copy"
        shutil.copytree(self._site.data / "audit", copy)
        log = next(copy.glob("audit-*.jsonl"))
        content = bytearray(log.read_bytes())
        at = content.index(b"wang")
        content[at : at + 1] = b"W"
        log.write_bytes(content)
        self.found["changed_line"] = content[:at].count(b"\n") + 1
        self.found["verify_status"] = self._site.fails("chen", "audit", "verify", str(copy))
        self.found["verify_said"] = self._site.last

    def _import(self, file: Path, *more: str) -> Any:
        arguments = ["blocklist", "import", str(file), "--source", "province",
                     "--legal-basis", "反电信网络诈骗法第32条", *more]  # fmt: skip
        if "--json" in more:
            return self._site.json("li", *arguments[:-1])
        return self._site.fanzha("li", *arguments)

    def _change(self, change: int) -> Any:
        return self._site.json("wang", "changes", "show", str(change), quiet=True)["change"]

    def _calls(self, caller: str) -> Callable[[], Any]:
        return lambda: self._site.client.decide_call(Call(caller=caller, callee=CALLEE))

    def _until(self, done: Callable[[], Any]) -> Any:
        """Retry for a while: a decision is stored shortly after it was made."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return done()
            except RuntimeError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)


def main(
    *,
    rows: Annotated[int, typer.Option(min=1000, help="Lines of the sheet.")] = 100_000,
    result: Annotated[Path | None, typer.Option(help="Write what was found to this file.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write the story to this file.")] = None,
) -> None:
    """Tell the story; about a minute."""
    found = tell(rows)
    if result is not None:
        result.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    if page is not None:
        page.write_text(_HEAD + "\n".join(lists_tour_site.page))


def tell(rows: int, runner: Runner = run_command) -> dict[str, Any]:
    """Tell the story with a sheet of *rows* lines; return what was found."""
    with TemporaryDirectory(prefix="fanzha-tour-") as name:
        folder = Path(name)
        file = folder / "province.csv"
        write_list(file, rows)
        with site(folder, settings=_LISTS_ALONE, runner=runner) as place:
            tour = Tour(place, rows)
            tour.found["bad_rows"] = BAD_ROWS
            tour.preview(file)
            change = tour.ask(file)
            tour.approve(change)
            tour.protected()
            tour.range()
            tour.emergency()
            tour.appeal()
            tour.revert(change)
            tour.audit(folder)
    return tour.found


if __name__ == "__main__":
    typer.run(main)

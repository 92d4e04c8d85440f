"""`fanzha warnings robot`: scripts of the dissuasion robot, and how dialogues ended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fanzha.translation.catalogue import gettext, language
from fanzha.translation.message import localized
from fanzha.v1 import warning_operations_pb2 as pb
from services.cli._common.console import err, fail, fault_text, out, print_json
from services.cli._common.enum_words import enum_word
from services.cli._common.options import DEFAULT_TARGET, AsJson, Target
from services.cli._common.tables import RowTable
from services.cli.warnings import robot_words
from services.cli.warnings.operations_server import server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fanzha.fraud import FraudType
    from services.warning.robot.dialogue import RobotDialogue
    from services.warning.robot.script import RobotScript

app = typer.Typer(
    no_args_is_help=True,
    help="The robot that answers replies to warnings: its scripts, and how dialogues ended.",
)
robot_words.add_to(app)
_Folder = Annotated[
    Path | None,
    typer.Option(
        "--scripts",
        exists=True,
        file_okay=False,
        help="Folder of your scripts. Empty: the shipped ones.",
    ),
]
_Recordings = Annotated[
    Path | None,
    typer.Option(
        "--recordings",
        exists=True,
        file_okay=False,
        help="Folder of recordings for calls, which are checked, too.",
    ),
]
_Script = Annotated[
    str, typer.Argument(metavar="[SCRIPT]", help="Such as sms.zh@1:a; empty: all of them.")
]
_Fraud = Annotated[
    str, typer.Option("--fraud-type", help="Kind of fraud, such as fake_loan or 虚假贷款.")
]
_Answers = Annotated[
    list[str],
    typer.Argument(
        metavar="ANSWER…",
        help="What the person writes, one after the other; by voice, the keys that they press, "
        "'' for silence.",
    ),
]
_Voice = Annotated[bool, typer.Option("--voice", help="By voice: a call, answered by keys.")]
_Language = Annotated[str, typer.Option("--of", help="Language of the script: zh or en.")]


@app.command()
def scripts(
    folder: _Folder = None, recordings: _Recordings = None, as_json: AsJson = False
) -> None:
    """List scripts, and check them: what may be said, and that each dialogue ends."""
    from services.warning.robot import dialogue

    found = _load(folder)
    if recordings is not None:
        _check_recordings(recordings, found)
    rows = [
        {
            "script": one.id,
            "states": len(one.states),
            "ends": len(one.ends),
            "ways": sum(1 for _ in dialogue.paths(one)),
        }
        for one in found
    ]
    if as_json:
        print_json(rows)
        return
    table = RowTable()
    for head in ("script", "states", "ends", "ways"):
        table.add_column(gettext(head), right=head != "script")
    for row in rows:
        table.add_row(*map(str, row.values()))
    table.print()


def _check_recordings(folder: Path, found: Sequence[RobotScript]) -> None:
    """Fail for a wrong recording; say which places of scripts for calls have none."""
    from services.warning.robot.voice import prompts

    calls = [one for one in found if one.by_voice]
    try:
        read = prompts.read_recordings(folder, calls)
    except ValueError as error:
        fail(localized(fault_text(error), language()))
    for one in calls:
        if missing := read.missing(one):
            err.print(
                gettext(
                    "{script}: no recording of {places}", script=one.id, places=", ".join(missing)
                ),
                markup=False, emoji=False, soft_wrap=True,
            )  # fmt: skip


@app.command()
def ways(script: _Script = "", fraud_type: _Fraud = "", folder: _Folder = None) -> None:
    """Print each path through scripts: what is heard, what is said, how it ends."""
    from services.warning.robot import dialogue

    kind = _fraud_type(fraud_type)
    found = [one for one in _load(folder) if script in ("", one.id)]
    if not found:
        fail(gettext("there is no script {script!r}", script=script))
    for one in found:
        for outcome, spoken in dialogue.paths(one, kind):
            heard = " → ".join(enum_word("meaning", turn.meaning.value) for turn in spoken)
            end = enum_word("robot_outcome", outcome.value)
            out.print(f"{one.id}  {heard}: {end}", markup=False, soft_wrap=True)


@app.command()
def talk(
    answers: _Answers,
    of: _Language = "zh",
    fraud_type: _Fraud = "",
    folder: _Folder = None,
    voice: _Voice = False,
) -> None:
    """Try a dialogue: print what the robot says to each answer, as after a warning."""
    kind = _fraud_type(fraud_type)
    fitting = [one for one in _load(folder) if one.language == of and one.by_voice is voice]
    if not fitting:
        fail(gettext("there is no script in {language}", language=of))
    where = (_talk_by_voice if voice else _talk_by_text)(fitting[0], kind, answers)
    if where.outcome:
        end = enum_word("robot_outcome", where.outcome.value)
        out.print(gettext("end: {outcome}", outcome=end), markup=False)


def _talk_by_text(one: RobotScript, kind: FraudType, answers: Sequence[str]) -> RobotDialogue:
    from services.warning.robot import dialogue, meanings

    where, reader = dialogue.begun(one), meanings.shipped()
    for answer in answers:
        meaning = reader.read(answer)
        after = dialogue.heard(one, where, meaning)
        _print_answer(answer, meaning.value)
        if where.is_over:
            out.print(gettext("the dialogue is over: this is only noted"))
        elif text := one.text(after.place, kind):
            out.print(text, markup=False, soft_wrap=True)
        where = after
    return where


def _talk_by_voice(one: RobotScript, kind: FraudType, keys: Sequence[str]) -> RobotDialogue:
    from services.warning.robot import dialogue
    from services.warning.robot.script import Meaning

    where = dialogue.begun(one)
    out.print(gettext("(the warning is said)"))
    out.print(one.text(where.place, kind), markup=False, soft_wrap=True)
    for key in keys:
        if where.is_over:
            out.print(gettext("the call is over"))
            break
        if key == one.repeat_key:
            _print_answer(key, "repeat")
        else:
            meaning = one.keys.get(key, Meaning.OTHER) if key else Meaning.SILENCE
            _print_answer(key, meaning.value)
            where = dialogue.heard(one, where, meaning)
        out.print(one.text(where.place, kind), markup=False, soft_wrap=True)
    return where


def _print_answer(answer: str, meaning: str) -> None:
    word = enum_word("meaning", meaning)
    out.print(f"> {answer}  ({word})", markup=False, soft_wrap=True)


@app.command()
def report(target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Show how dialogues ended, by script, and whether variants differ beyond chance."""
    with server(target) as stub:
        answer = stub.GetRobotReport(pb.GetRobotReportRequest())
    if as_json:
        print_json(answer)
        return
    table = RowTable()
    heads = (
        *("script", "begun", "ended", "understood", "paid", "officer", "stopped", "lost"),
        *("listened", "reached"),
    )
    for head in heads:
        table.add_column(gettext(head), right=head != "script")
    table.add_column(gettext("difference"))
    for one in answer.scripts:
        counts = (one.ended.get(head, 0) for head in heads[4:])
        table.add_row(
            one.script,
            f"{one.begun:,}",
            f"{sum(one.ended.values()):,}",
            _share(one),
            *(f"{count:,}" for count in counts),
            _difference(one),
        )
    table.print()
    if not answer.scripts:
        err.print(
            gettext(
                "no dialogue yet: the settings warning_robot and warning_voice_sip_address turn "
                "the robot on"
            )
        )


def _share(one: pb.RobotScriptFigures) -> str:
    if not one.HasField("understood"):
        return "–"
    share = one.ended.get("understood", 0) / sum(one.ended.values())
    return f"{share:.0%} ({one.understood.low:.0%}–{one.understood.high:.0%})"


def _difference(one: pb.RobotScriptFigures) -> str:
    if not one.HasField("difference_interval"):
        return ""
    low, high = one.difference_interval.low, one.difference_interval.high
    beyond = gettext("beyond chance") if low > 0 or high < 0 else gettext("may be chance")
    return f"{one.difference:+.0%} ({low:+.0%} … {high:+.0%}), {beyond}"


def _load(folder: Path | None) -> Sequence[RobotScript]:
    from services.warning.robot import script_files

    try:
        return script_files.load(folder)
    except ValueError as error:
        fail(localized(fault_text(error), language()))


def _fraud_type(text: str) -> FraudType:
    from blocklists.importers.vocabulary import read_fraud_type
    from fanzha.fraud import FraudType
    from services.cli._common.options import read

    return read(text, read_fraud_type, "--fraud-type") or FraudType.UNSPECIFIED

"""`fanzha education`: campaigns that educate by SMS and in person, over gRPC."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from fanzha.translation.catalogue import gettext
from fanzha.v1 import education_pb2 as pb
from infra.clock import now_ms
from services.cli._common.confirmation import agree
from services.cli._common.console import err, print_json, progress
from services.cli._common.json_words import as_dict
from services.cli._common.options import (
    DEFAULT_TARGET,
    After,
    AsJson,
    By,
    Limit,
    Note,
    Target,
    Yes,
)
from services.cli._common.server import read_pages, tell_more
from services.cli._common.time_arguments import ahead
from services.cli.education import display, recipients_file
from services.cli.education import options as words
from services.cli.education.options import CampaignId, server
from services.cli.report.report_stream import finished_report

app = typer.Typer(
    no_args_is_help=True,
    help="Educational campaigns: draft, preview, approve, stop, and measure by hold-out groups.",
)
_PAGE = 500
_PREVIEW_SECONDS = 600.0
_MOST_FAULTS = 20
_Name = Annotated[str, typer.Argument(help="Name of the campaign.")]
_File = Annotated[
    Path,
    typer.Argument(
        exists=True,
        dir_okay=False,
        help="CSV file: number, consent_source, consent_day; region, age_band, occupation.",
    ),
]
_Add = Annotated[
    bool, typer.Option("--add", help="Add to the recipients of before, instead of replacing them.")
]
_Revision = Annotated[
    int,
    typer.Option("--revision", min=0, help="Revision that you have read, as `preview` prints it."),
]
_Place = Annotated[str, typer.Argument(help="Where: a community, school, company and so on.")]
_Day = Annotated[str, typer.Option("--day", help="The day, such as 2026-12-01.")]
_People = Annotated[int, typer.Option("--people", min=0, help="People reached.")]
_Material = Annotated[
    int, typer.Option("--material", min=0, help="Leaflets and other material handed out.")
]


@app.command()
def create(
    name: _Name,
    occasion: words.OccasionWord = "",
    fraud_type: words.FraudWord = "",
    financial_fraud: words.FinancialWord = "",
    region: words.RegionCode = "",
    age_band: words.AgeBands = None,
    occupation: words.Occupations = None,
    area: words.Areas = None,
    group: words.Groups = None,
    text: words.Text = "",
    template: words.Template = "",
    hold_out: words.HoldOut = 10,
    outcome_days: words.OutcomeDays = 30,
    start: words.Start = "1m",
    end: words.End = "30d",
    daily_cap: words.DailyCap = 1000,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Draft a campaign; `recipients` uploads whom it is for, and another person approves it."""
    campaign = pb.EducationCampaign(
        name=name,
        occasion=words.occasion(occasion),
        fraud_type=words.fraud_type(fraud_type),
        financial_fraud=words.financial_fraud(financial_fraud),
        region=region,
        segment=words.segment(age_band, occupation, area, group),
        hold_out_percent=hold_out,
        outcome_days=outcome_days,
        start_ms=ahead(start, now_ms(), "--start"),
        end_ms=ahead(end, now_ms(), "--end"),
        daily_cap=daily_cap,
    )
    words.write(campaign, text, template)
    request = pb.CreateEducationCampaignRequest(campaign=campaign, by=by)
    with server(target) as stub:
        answer = stub.CreateEducationCampaign(request)
    _show_drafted(answer, as_json=as_json)


@app.command()
def edit(
    campaign_id: CampaignId,
    occasion: words.OccasionWord = "",
    age_band: words.AgeBands = None,
    occupation: words.Occupations = None,
    area: words.Areas = None,
    group: words.Groups = None,
    text: words.Text = "",
    template: words.Template = "",
    hold_out: words.AnotherHoldOut = None,
    start: words.Start = "",
    end: words.End = "",
    daily_cap: words.AnotherDailyCap = None,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Change the fields given of a draft; the rest stays."""
    with server(target) as stub:
        one = stub.GetEducationCampaign(pb.GetEducationCampaignRequest(campaign_id=campaign_id))
        campaign = one.campaign
        campaign.occasion = words.occasion(occasion) or campaign.occasion
        words.mean(campaign.segment, age_band, occupation, area, group)
        words.write(campaign, text, template)
        if hold_out is not None:
            campaign.hold_out_percent = hold_out
        campaign.start_ms = ahead(start, now_ms(), "--start") or campaign.start_ms
        campaign.end_ms = ahead(end, now_ms(), "--end") or campaign.end_ms
        campaign.daily_cap = daily_cap or campaign.daily_cap
        request = pb.EditEducationCampaignRequest(campaign=campaign, by=by)
        answer = stub.EditEducationCampaign(request)
    _show(answer.campaign, as_json=as_json)


@app.command()
def recipients(
    campaign_id: CampaignId,
    file: _File,
    add: _Add = False,
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Upload the recipients of a draft; those without consent are counted and not stored.

    A later row of a person replaces an earlier one. A row that cannot be read is named by its line.
    """
    counts: Counter[str] = Counter()
    # Read to its end first: half a file would replace the whole of before.
    batches = list(recipients_file.batches(file))
    with server(target) as stub, progress() as shown:
        one = stub.GetEducationCampaign(pb.GetEducationCampaignRequest(campaign_id=campaign_id))
        campaign, first = one.campaign, not add
        task = shown.add_task(gettext("recipients"), total=sum(map(len, batches)), note="")
        for batch in batches:
            request = pb.AddEducationRecipientsRequest(
                campaign_id=campaign_id,
                revision=campaign.revision,
                recipients=[person for _, person in batch],
                replace=first,
                by=by,
            )
            answer = stub.AddEducationRecipients(request)
            campaign, first = answer.campaign, False
            _count(batch, answer, counts)
            shown.advance(task, len(batch))
    if as_json:
        print_json(campaign)
    else:
        display.show_added(counts)
    if counts["wrong"]:
        raise typer.Exit(1)


@app.command("list")
def list_(
    state: words.StateWord = "",
    occasion: words.OccasionWord = "",
    limit: Limit = 50,
    after: After = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """List campaigns, the latest first."""
    request = pb.ListEducationCampaignsRequest(
        state=words.state(state), occasion=words.occasion(occasion), page_token=after
    )
    with server(target) as stub:
        found, answer = read_pages(
            stub.ListEducationCampaigns, request, "campaigns", limit=limit, page=_PAGE
        )
    if as_json:
        print_json(as_dict(answer) | {"campaigns": [as_dict(one) for one in found]})
        return
    display.show_list(found)
    tell_more(answer)


@app.command()
def show(campaign_id: CampaignId, target: Target = DEFAULT_TARGET, as_json: AsJson = False) -> None:
    """Show a campaign: what it says, to whom, what became of it."""
    with server(target) as stub:
        answer = stub.GetEducationCampaign(pb.GetEducationCampaignRequest(campaign_id=campaign_id))
    _show(answer.campaign, as_json=as_json)


@app.command()
def preview(
    campaign_id: CampaignId, target: Target = DEFAULT_TARGET, as_json: AsJson = False
) -> None:
    """Show whom a campaign would reach now, whom not and why, and how many SMS it takes."""
    request = pb.PreviewEducationCampaignRequest(campaign_id=campaign_id)
    with server(target, gettext("looking at recipients")) as stub:
        answer = stub.PreviewEducationCampaign(request, timeout=_PREVIEW_SECONDS)
    if as_json:
        print_json(answer)
        return
    display.show_preview(answer)


@app.command()
def approve(
    campaign_id: CampaignId,
    revision: _Revision = 0,
    yes: Yes = False,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Approve a draft of another person as you have read it; without --revision it is shown."""
    if not revision:
        request = pb.PreviewEducationCampaignRequest(campaign_id=campaign_id)
        with server(target) as stub:
            found = stub.PreviewEducationCampaign(request, timeout=_PREVIEW_SECONDS)
        revision = found.campaign.revision
        if not yes:
            display.show_campaign(found.campaign)
            display.show_people(found.people)
            agree(gettext("Approve this campaign?"), yes=yes)
    with server(target) as stub:
        answer = stub.ApproveEducationCampaign(
            pb.ApproveEducationCampaignRequest(
                campaign_id=campaign_id, revision=revision, note=note, by=by
            )
        )
    _show(answer.campaign, as_json=as_json)


@app.command()
def stop(
    campaign_id: CampaignId,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Stop a campaign for good, within a second and without a question; --note says why."""
    request = pb.StopEducationCampaignRequest(campaign_id=campaign_id, note=note, by=by)
    with server(target) as stub:
        answer = stub.StopEducationCampaign(request)
    _show(answer.campaign, as_json=as_json)


@app.command()
def event(
    campaign_id: CampaignId,
    place: _Place,
    occasion: words.OccasionWord = "",
    region: words.RegionCode = "",
    day: _Day = "",
    people: _People = 0,
    material: _Material = 0,
    note: Note = "",
    by: By = "",
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Record a talk, a stand or another event in person."""
    given = pb.EducationEvent(
        occasion=words.occasion(occasion),
        place=place,
        region=region,
        day=day,
        people=people,
        material=material,
        note=note,
    )
    request = pb.RecordEducationEventRequest(campaign_id=campaign_id, event=given, by=by)
    with server(target) as stub:
        answer = stub.RecordEducationEvent(request)
    _show(answer.campaign, as_json=as_json)


@app.command()
def report(
    campaign_id: CampaignId,
    csv_file: words.CsvFile = None,
    target: Target = DEFAULT_TARGET,
    as_json: AsJson = False,
) -> None:
    """Report what a campaign did, and its effect against the people held out.

    What each figure means: docs/how-to/education.md.
    """
    request = pb.GetEducationReportRequest(campaign_id=campaign_id)
    found = finished_report(server, target, "GetEducationReport", request)
    if as_json:
        print_json(found)
    else:
        display.show_report(found)
    if csv_file is not None:
        display.write_csv(found, csv_file)


def _count(
    batch: recipients_file.Rows, answer: pb.AddEducationRecipientsResponse, counts: Counter[str]
) -> None:
    """Count what became of rows, and print the first few that cannot be read."""
    for at, fault in enumerate(answer.faults, counts["wrong"]):
        if at < _MOST_FAULTS:
            where = batch[fault.row][0]
            err.print(f"{where}: {fault.message}", markup=False, soft_wrap=True)
    counts.update(
        added=answer.added,
        replaced=answer.replaced,
        without=answer.without_consent,
        wrong=len(answer.faults),
    )


def _show_drafted(answer: pb.CreateEducationCampaignResponse, *, as_json: bool) -> None:
    _show(answer.campaign, as_json=as_json)
    if not answer.first:
        err.print(gettext("there was one of that name: nothing is changed"))


def _show(campaign: pb.EducationCampaign, *, as_json: bool) -> None:
    if as_json:
        print_json(campaign)
    else:
        display.show_campaign(campaign)

"""The commands under publish: tables for the public are made, approved, scheduled and released."""

from __future__ import annotations

import getpass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from folkestrom.app.cli.context import has_places, settings
from folkestrom.app.cli.options import DAY, Wait
from folkestrom.app.cli.publish.review import show_review
from folkestrom.errors import UsageError

if TYPE_CHECKING:
    from folkestrom.publish.releases.desk import Desk

publish_app = typer.Typer(
    help="Make tables for the public, and release them.", no_args_is_help=True
)

Releases = Annotated[
    Path,
    typer.Option(
        "--releases",
        envvar="FOLKESTROM_RELEASES",
        help="Folder of drafts, journal and public files.",
        file_okay=False,
    ),
]
Keys = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        envvar="FOLKESTROM_KEYS",
        help="File of the secret of cell keys.",
        dir_okay=False,
    ),
]
By = Annotated[str, typer.Option("--by", help="Who does it; without it, the user's name.")]
Release = Annotated[str, typer.Argument(help="The release, by its name.")]
Why = Annotated[
    str, typer.Option("--why", help="The reason, for the journal and the public calendar.")
]
FOLDER = Path("folkestrom-releases")


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(publish_app, name="publish")


def _desk(releases: Path) -> Desk:
    from folkestrom.publish.releases.desk import Desk

    return Desk(releases)


@publish_app.command("build")
@has_places
def build(
    ctx: typer.Context,
    tables: Annotated[
        list[str] | None, typer.Argument(help="Numbers of tables; without them, all.")
    ] = None,
    first: Annotated[
        int | None,
        typer.Option("--from-year", metavar="YEAR", help="The first year; else the register's."),
    ] = None,
    by: By = "",
    keys: Keys = None,
    corrects: Annotated[
        str, typer.Option("--corrects", help="The release that is out and has an error.")
    ] = "",
    why: Annotated[str, typer.Option("--why", help="What was wrong, for the public.")] = "",
    other_noise: Annotated[
        str, typer.Option("--other-noise", help="Why noise is not that of what is out.")
    ] = "",
    releases: Releases = FOLDER,
    wait: Wait = None,
) -> None:
    """Make tables of the catalogue from the store, as a release that nobody outside sees."""
    from folkestrom.app.office.catalogue.build import BuildQuestion
    from folkestrom.app.office.catalogue.secret import read_secret

    given, desk = settings(ctx), _desk(releases)
    secret = read_secret(keys, (releases, given.store)) if keys else None
    with given.progress().status("Building …") as status:
        question = BuildQuestion(
            desk, _name(by), tuple(tables or ()), first, secret,
            corrects, why, other_noise, lambda table: status.update(f"Building {table} …"),
        )  # fmt: skip
        release = given.answer(question, wait)
    desk.built(release, _name(by))
    given.result().print(release.name)


@publish_app.command("keys")
def keys(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The new file, outside store and releases.")],
) -> None:
    """Make the secret of cell keys, once: keep it, for the noise to be the same in all years."""
    from folkestrom.app.office.catalogue.secret import make_secret

    make_secret(file)
    settings(ctx).progress().print(
        "Made. Keep it for as long as tables are published, and show it to nobody."
    )


@publish_app.command("review")
def review(ctx: typer.Context, release: Release, releases: Releases = FOLDER) -> None:
    """Show what a release changes of what is out, and how its tables are protected."""
    desk = _desk(releases)
    show_review(settings(ctx), desk.manifest(release), desk.review(release))


@publish_app.command("approve")
def approve(ctx: typer.Context, release: Release, by: By = "", releases: Releases = FOLDER) -> None:
    """Approve a release that another person made."""
    desk = _desk(releases)
    show_review(settings(ctx), desk.manifest(release), desk.review(release))
    desk.approve(release, _name(by))
    settings(ctx).progress().print(f"Approved by {_name(by)}. Next: folkestrom publish schedule")


@publish_app.command("announce")
def announce(
    ctx: typer.Context,
    tables: Annotated[list[str], typer.Argument(help="Numbers of tables that will come out.")],
    day: Annotated[
        str,
        typer.Option(
            "--at", metavar=f"{DAY}[Thh:mm]", help="Norwegian time; else not yet determined."
        ),
    ] = "",
    by: By = "",
    why: Why = "",
    releases: Releases = FOLDER,
) -> None:
    """Say in the calendar when tables will come out that are not made yet."""
    from folkestrom.app.office.catalogue.tables import TABLES
    from folkestrom.model.names import check_code

    for id in tables:
        check_code(id, list(TABLES), "is no table of the catalogue", where="tables")
    titles = {id: TABLES[id].title for id in tables}
    on, at = _local_hour(day)
    settings(ctx).result().print(_desk(releases).announce(titles, _name(by), on, at, why))


@publish_app.command("schedule")
def schedule(
    ctx: typer.Context,
    release: Release,
    day: Annotated[
        str,
        typer.Option("--at", metavar=f"{DAY}[Thh:mm]", help="Norwegian time; else as announced."),
    ] = "",
    announced: Annotated[
        str, typer.Option("--as", help="What was announced that the release is, by its name.")
    ] = "",
    by: By = "",
    why: Why = "",
    releases: Releases = FOLDER,
) -> None:
    """Set when an approved release comes out; 08:00 where only a day is given."""
    on, at = _local_hour(day)
    due = _desk(releases).schedule(release, _name(by), on, at, why, announced)
    settings(ctx).result().print(_local(due))


@publish_app.command("withdraw")
def withdraw(
    ctx: typer.Context, release: Release, why: Why = "", by: By = "", releases: Releases = FOLDER
) -> None:
    """Take a release that is not out off its way."""
    _desk(releases).withdraw(release, _name(by), why)
    settings(ctx).progress().print("Withdrawn.")


@publish_app.command("release")
def release_due(
    ctx: typer.Context,
    wait_for_all: Annotated[
        bool, typer.Option("--wait", help="Stay until all that is scheduled is out.")
    ] = False,
    releases: Releases = FOLDER,
) -> None:
    """Make public what is due, each release at its second."""
    desk, given = _desk(releases), settings(ctx)
    out = 0
    for name in desk.wait_and_release() if wait_for_all else desk.release_due():
        given.result().print(name)
        out += 1
    if not out:
        given.progress().print("Nothing is due.")


@publish_app.command("trial")
@has_places
def trial_release(ctx: typer.Context, releases: Releases = FOLDER, wait: Wait = None) -> None:
    """Release every table of a demonstration's store at once, in the names of invented persons."""
    from folkestrom.app.demo.trial import trial

    given = settings(ctx)
    with given.progress().status("Building …") as status:
        release = trial(
            given.store, releases, lambda question: given.answer(question, wait),
            lambda table: status.update(f"Building {table} …"),
        )  # fmt: skip
    given.result().print(release)


@publish_app.command("status")
def status(ctx: typer.Context, releases: Releases = FOLDER) -> None:
    """List releases, and where each is on its way."""
    given = settings(ctx)
    rows = [
        {
            "release": state.release,
            "state": state.state,
            "tables": ", ".join(state.titles),
            "made_by": state.made_by,
            "approved_by": state.approved_by or "",
            "approved_at": _local(state.approved_at) if state.approved_at else "",
            "due": _local(state.due) if state.due else "",
        }
        for state in _desk(releases).status()
    ]
    if given.as_json:
        given.result().print_json_of(rows)
        return
    table = Table(box=None, pad_edge=False)
    for name in ("release", "state", "tables", "made_by", "approved_by", "approved_at", "due"):
        table.add_column(name, overflow="fold", no_wrap=name != "tables")
    for row in rows:
        table.add_row(*row.values())
    given.result().print(table)


def _local_hour(day: str) -> tuple[date | None, time]:
    """A day and an hour, Norwegian time; one of another zone would be taken for another."""
    from folkestrom.publish.releases.desk import HOUR

    if not day:
        return None, HOUR
    on, _, at = day.partition("T")
    try:
        when, hour = date.fromisoformat(on), time.fromisoformat(at) if at else HOUR
    except ValueError:
        hour = time(tzinfo=UTC)
    if hour.tzinfo is not None:
        raise UsageError(
            "is no day, or day and hour", where="--at", value=day,
            allowed="such as 2021-05-20, or 2021-05-20T08:00",
        )  # fmt: skip
    return when, hour


def _local(due: datetime) -> str:
    """An instant in Norwegian time, with how far that is from UTC."""
    from folkestrom.model.time import LOCAL_ZONE

    return due.astimezone(LOCAL_ZONE).isoformat(timespec="seconds")


def _name(by: str) -> str:
    return by or getpass.getuser()

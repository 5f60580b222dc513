"""The tables of a demonstration, released at once by two persons who do not exist."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from folkestrom.app.demo.run import MARK
from folkestrom.app.office.catalogue.build import BuildQuestion, Progress
from folkestrom.app.office.catalogue.secret import make_secret, read_secret
from folkestrom.errors import UsageError
from folkestrom.model.specification import Text
from folkestrom.model.time import LOCAL_ZONE
from folkestrom.publish.releases.desk import Desk
from folkestrom.publish.releases.release import read_manifest
from folkestrom.publish.releases.shelf import put_notice, releases_of

_MAKER: Final = "Ada (demonstration)"
_APPROVER: Final = "Bo (demonstration)"
_NOTICE: Final = Text(
    "A trial with synthetic data: every person is invented, and so are Ada, who made the release, "
    "and Bo, who approved it.",
    "En prøve med syntetiske data: alle personer er oppdiktet, også Ada, som laget "
    "publiseringen, og Bo, som godkjente den.",
)
_WHY: Final = "A trial of the demonstration: nobody was told"
#: Between being scheduled and being out.
_AHEAD: Final = timedelta(seconds=1)


def trial(
    store: Path, releases: Path, build: Callable[[BuildQuestion], Path], progress: Progress
) -> str:
    """Make every table of the catalogue from a demonstration's store, and release them now.

    Parameters
    ----------
    store
        The store.
    releases
        Folder of drafts, journal and public files.
    build
        Asks the store.
    progress
        Told which table is made.

    Returns
    -------
    str
        The release; the one before, where it is newer than the store.

    Raises
    ------
    UsageError
        A store that no demonstration made.
    """
    mark = store / MARK
    if not mark.exists():
        raise UsageError(
            "is no demonstration's, and only those are released by invented persons",
            where="--store", value=str(store),
            next_step="Make one with `folkestrom demo`; release yours with `folkestrom publish "
            "build`",
        )  # fmt: skip
    desk = Desk(releases)
    if (out := _newest(desk)) and out[1].timestamp() > mark.stat().st_mtime:
        return out[0]
    # Beside the releases, and not among them: whoever has it takes the noise of figures off.
    keys = releases.with_name(f"{releases.name}.keys")
    if not keys.exists():
        releases.parent.mkdir(parents=True, exist_ok=True)
        make_secret(keys)
    secret = read_secret(keys, (releases, store))
    release = build(BuildQuestion(desk, _MAKER, secret=secret, progress=progress))
    desk.built(release, _MAKER)
    desk.approve(release.name, _APPROVER)
    put_notice(desk.public, _NOTICE)
    due = datetime.now(UTC).astimezone(LOCAL_ZONE) + _AHEAD
    desk.schedule(release.name, _APPROVER, due.date(), due.time(), why=_WHY)
    for _ in desk.wait_and_release():
        pass
    return release.name


def _newest(desk: Desk) -> tuple[str, datetime] | None:
    """The newest release that is out, and when it was made."""
    out = [state.release for state in desk.status() if state.state == "out"]
    if not out:
        return None
    return out[-1], read_manifest(releases_of(desk.public) / out[-1]).made_at

"""What the log knows of the quality of a transmission: figures for the metadata report."""

from __future__ import annotations

from datetime import date

import duckdb

from folkestrom.app.office.quality.delays import delays
from folkestrom.app.office.statistics import ChangesQuestion, PopulationQuestion
from folkestrom.intake.quarantine import count_by_reason
from folkestrom.intake.tables import count_rows
from folkestrom.model.knowledge import LATEST, PUBLISHED
from folkestrom.publish.transmission.declared import data_sets
from folkestrom.publish.transmission.files import Transmission
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.periods import year as year_of


def facts(connection: duckdb.DuckDBPyConnection, made: Transmission) -> dict[str, object]:
    """Values by the marks that texts of `publish/transmission/data/concepts.csv` have.

    Parameters
    ----------
    connection
        An open store.
    made
        What is sent.
    """
    return {**_sent(made), **_accuracy(connection, made.year), **_time(connection, made)}


def _sent(made: Transmission) -> dict[str, object]:
    sets = [one.data_set for one in made.sent]
    hidden = (f"{one.data_set.id} {one.suppressed}" for one in made.sent if one.suppressed)
    notes = dict.fromkeys(note for one in made.sent for note in one.footnotes)
    changed = [
        f"\n{row['data_set']}: {row['changed']}/{row['compared']}; ≤ {row['largest_change']}; "
        f"{row['total_before']} → {row['total']}"
        for row in made.revisions()
    ]
    declared = len(data_sets())
    return {
        "titles_en": "\n".join(f"{one.id}: {one.title.en}." for one in sets),
        "titles_no": "\n".join(f"{one.id}: {one.title.no}." for one in sets),
        "acts": "\n".join(sorted({one.act for one in sets})),
        "hidden": ", ".join(hidden) or "0",
        "keyed": ", ".join(one.data_set.id for one in made.sent if one.data_set.units) or "–",
        "sent": len(sets), "declared": declared, "sent_share": len(sets) / declared,
        "footnotes": "\n".join(notes), "revisions": "".join(changed),
    }  # fmt: skip


def _accuracy(connection: duckdb.DuckDBPyConnection, year: int) -> dict[str, object]:
    """Coverage: the adjustment that closes the account, and what waits in quarantine."""
    (row,) = ChangesQuestion((year_of(year),)).answer(connection).rows()
    reasons = count_by_reason(connection)
    waiting, accepted = sum(reasons.values()), count_rows(connection)["reports"]
    received = waiting + accepted
    return {
        "adjustment": row["adjustment"],
        "adjustment_share": row["adjustment"] / (row["population_end"] or 1),
        "waiting": waiting, "accepted": accepted, "received": received,
        "waiting_share": waiting / (received or 1),
        "reasons": ", ".join(f"{reason} {many}" for reason, many in reasons.items()),
    }  # fmt: skip


def _time(connection: duckdb.DuckDBPyConnection, made: Transmission) -> dict[str, object]:
    """Timeliness, punctuality, and the population as first known and as known now."""
    end = date(made.year + 1, 1, 1)
    limits, listed = coverage(connection), delays(connection)
    first_known, known_now = (
        sum(row["persons"] for row in PopulationQuestion(end, known_at=known).answer(connection)
            .rows())
        for known in (PUBLISHED, LATEST)
    )  # fmt: skip
    return {
        "year": made.year, "first": limits.first, "last": limits.last, "made_on": made.made_on,
        "published": made.published, "due": made.due, "days": made.days,
        "late": (made.made_on - made.due).days, "first_known": first_known,
        "known_now": known_now, "to_extraction": (made.known - end).days,
        "to_publication": (made.published - end).days,
        "delays_en": "; ".join(f"{d.label.en} {d.median}, {d.ninth_decile}" for d in listed),
        "delays_no": "; ".join(f"{d.label.no} {d.median}, {d.ninth_decile}" for d in listed),
    }  # fmt: skip

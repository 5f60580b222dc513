"""What the log knows of the quality of a transmission, by concept of the metadata report."""

from __future__ import annotations

from datetime import date
from typing import Final

import duckdb

from folkestrom.app.office.quality.delays import delays
from folkestrom.app.office.statistics import ChangesQuestion, PopulationQuestion
from folkestrom.intake.quarantine import count_by_reason
from folkestrom.intake.tables import count_rows
from folkestrom.model.knowledge import LATEST
from folkestrom.model.specification import Text, same
from folkestrom.publish.transmission.declared import data_sets
from folkestrom.publish.transmission.files import DAYS, DAYS_OF_REVISION, Transmission
from folkestrom.statistics.coverage import coverage
from folkestrom.statistics.periods import year as year_of

_POLICY: Final = Text(
    "Figures are published once, as known at their extraction, and stay; what becomes known later "
    "counts in the year in which it becomes known. A revision is transmitted within "
    f"{DAYS_OF_REVISION} days, with its quality report.",
    "Tall publiseres én gang, slik de er kjent ved uttrekket, og blir stående; det som blir kjent "
    "senere, regnes med i året det blir kjent. En revisjon sendes innen "
    f"{DAYS_OF_REVISION} dager, med kvalitetsrapport.",
)


def facts(connection: duckdb.DuckDBPyConnection, made: Transmission) -> dict[str, Text]:
    """What is said of each concept that the log can speak of.

    Parameters
    ----------
    connection
        An open store.
    made
        What is sent.
    """
    return {
        **_presentation(connection, made), **_accuracy(connection, made), **_time(connection, made),
    }  # fmt: skip


def _presentation(connection: duckdb.DuckDBPyConnection, made: Transmission) -> dict[str, Text]:
    sent = [one.data_set for one in made.sent]
    acts = sorted({one.act for one in sent})
    declared = data_sets()
    hidden = ", ".join(
        f"{one.data_set.id} {one.suppressed}" for one in made.sent if one.data_set.rules
    )
    totals = sum(one.suppressed_totals for one in made.sent)
    limits = coverage(connection)
    notes = list(dict.fromkeys(note for one in made.sent for note in one.footnotes))
    return {
        "META_LAST_UPDATE": same(str(made.made_on)),
        "DATA_DESCR": Text(
            "\n".join(f"{one.id}: {one.title.en}." for one in sent),
            "\n".join(f"{one.id}: {one.title.no}." for one in sent),
        ),
        "REF_AREA": Text("Norway (NO)", "Norge (NO)"),
        "COVERAGE_TIME": Text(
            f"The log speaks of {limits.first} to {limits.last}.",
            f"Loggen dekker {limits.first} til {limits.last}.",
        ),
        "UNIT_MEASURE": Text("Persons; events", "Personer; hendelser"),
        "REF_PERIOD": Text(
            f"Stocks: 31 December {made.year}, midnight. Flows: {made.year}.",
            f"Beholdninger: 31. desember {made.year} ved midnatt. Endringer: {made.year}.",
        ),
        "INST_MAN_LA_OA": same("\n".join(acts)),
        "CONF_DATA_TR": Text(
            f"Suppressed observations: {hidden or 'none'}; {totals} of them are totals that data "
            "sets as counted tell. All other data sets are as counted.",
            f"Undertrykte observasjoner: {hidden or 'ingen'}; {totals} av dem er summer som "
            "datasett som er som talt, forteller. Alle andre datasett er som talt.",
        ),
        "COMPLETENESS": Text(
            f"{len(sent)} of {len(declared)} data sets, {len(sent) / len(declared):.0%}.",
            f"{len(sent)} av {len(declared)} datasett, {len(sent) / len(declared):.0%}.",
        ),
        "COMMENT_DSET": same("\n".join(notes)),
    }


def _accuracy(connection: duckdb.DuckDBPyConnection, made: Transmission) -> dict[str, Text]:
    """Coverage: the adjustment that closes the account, and what waits in quarantine."""
    account = ChangesQuestion((year_of(made.year),)).answer(connection)
    (row,) = account.rows()
    adjustment, people = row["adjustment"], row["population_end"]
    share = adjustment / people if people else 0.0
    reasons = count_by_reason(connection)
    waiting, accepted = sum(reasons.values()), count_rows(connection)["reports"]
    part = waiting / (waiting + accepted) if waiting + accepted else 0.0
    listed = ", ".join(f"{reason} {many}" for reason, many in reasons.items())
    told = f" ({listed})" if listed else ""
    return {
        "COVERAGE_ERR": Text(
            f"Adjustment of the demographic balance {made.year}: {adjustment} persons, {share:.4%} "
            f"of the population at the end.",
            f"Statistisk korreksjon i befolkningsregnskapet {made.year}: {adjustment} personer, "
            f"{share:.4%} av folkemengden ved utgangen.",
        ),
        "SAMPLING_ERR": Text("None: a full count of the register.", "Ingen: en totaltelling."),
        "DATA_VALIDATION": Text(
            f"Records in quarantine: {waiting} of {waiting + accepted} received, {part:.4%}{told}.",
            f"Poster i karantene: {waiting} av {waiting + accepted} mottatte, {part:.4%}{told}.",
        ),
        "COHER_INTERNAL": Text(
            "The balance closes in every region: the adjustment is what closes it.",
            "Regnskapet går opp i hver region: korreksjonen er det som får det til å gå opp.",
        ),
        "SOURCE_TYPE": Text(
            f"The population register: {accepted} reports.",
            f"Folkeregisteret: {accepted} meldinger.",
        ),
    }


def _time(connection: duckdb.DuckDBPyConnection, made: Transmission) -> dict[str, Text]:
    """Timeliness, punctuality and revisions."""
    end = date(made.year + 1, 1, 1)
    drawn, out = (made.known - end).days, (made.published - end).days
    listed = delays(connection)
    late = (made.made_on - made.due).days
    days = DAYS if made.before is None else DAYS_OF_REVISION
    first, last = (
        sum(one["persons"] for one in asked.answer(connection).rows())
        for asked in (PopulationQuestion(end), PopulationQuestion(end, known_at=LATEST))
    )
    practice = Text(
        f"Population at the end of {made.year}: {first} as first known, {last} as known now, "
        f"{last - first:+}.",
        f"Folkemengden ved utgangen av {made.year}: {first} slik den først var kjent, {last} slik "
        f"den er kjent nå, {last - first:+}.",
    )
    for one in made.revisions():
        practice = Text(
            f"{practice.en}\n{one['data_set']}: {one['changed']} of {one['compared']} figures "
            f"changed, by {one['largest_change']} at most; total {one['total_before']}, now "
            f"{one['total']}.",
            f"{practice.no}\n{one['data_set']}: {one['changed']} av {one['compared']} tall endret, "
            f"med høyst {one['largest_change']}; i alt {one['total_before']}, nå {one['total']}.",
        )
    return {
        "TIMELINESS": Text(
            f"Days from the end of the reference period: {drawn} to the extraction, {out} to "
            "national publication. Days from event to report, median and ninth decile: "
            + "; ".join(f"{d.label.en} {d.median}, {d.ninth_decile}" for d in listed) + ".",
            f"Dager fra referanseperiodens slutt: {drawn} til uttrekket, {out} til nasjonal "
            "publisering. Dager fra hendelse til melding, median og niende desil: "
            + "; ".join(f"{d.label.no} {d.median}, {d.ninth_decile}" for d in listed) + ".",
        ),
        "PUNCTUALITY": Text(
            f"Due {made.due}, {days} days after national publication ({made.published}); "
            f"transmitted {made.made_on}, {abs(late)} days {'late' if late > 0 else 'ahead'}.",
            f"Frist {made.due}, {days} dager etter nasjonal publisering ({made.published}); sendt "
            f"{made.made_on}, {abs(late)} dager {'for sent' if late > 0 else 'før fristen'}.",
        ),
        "REV_POLICY": _POLICY,
        "REV_PRACTICE": practice,
    }  # fmt: skip

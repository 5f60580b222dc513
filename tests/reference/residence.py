"""The rules of residence in plain Python, from the sources: slow, and sharing no code with them.

Read `decide` for a stay, and `standing` for a person.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

NORDIC = {
    "law": {"DK": (6, True), "SE": (12, False), "FI": (12, False), "IS": (6, False),
            "FO": (6, False), "GL": (6, False), "AX": (12, False)},
    "page": {"DK": (3, False), "SE": (12, False), "FI": (12, False), "IS": (6, False),
             "FO": (6, False), "GL": (6, False), "AX": (12, False)},
}  # fmt: skip
EEA = ("SE", "DE", "DK")
LAW_2017 = date(2017, 10, 1)
REGULATIONS_1998 = date(1998, 10, 1)
AGREEMENT_2004 = date(2004, 11, 1)


@dataclass(frozen=True)
class Stay:
    """One stay; see the manual's columns."""

    person: int
    country: str
    from_date: date
    ground: str
    municipality: int | None = None
    intended_to: date | None = None
    to_date: date | None = None
    citizenship: str | None = None
    needs_permit: bool | None = None
    permit_from: date | None = None
    permit_to: date | None = None
    family_country: str | None = None
    family_municipality: int | None = None
    nights: int | None = None
    distance_km: int | None = None
    unlawful_from: date | None = None
    nordic_notice: bool | None = None
    dwelling_abroad: bool | None = None
    dwelling_norway: bool | None = None
    work_norway: bool | None = None
    visits_norway: bool | None = None


def after(day: date, months: int) -> date:
    month = day.year * 12 + day.month - 1 + months
    last = calendar.monthrange(month // 12, month % 12 + 1)[1]
    return date(month // 12, month % 12 + 1, min(day.day, last))


@dataclass(frozen=True)
class Chain:
    """Consecutive stays on one side of the border: its first day, and when it ends as far as known.

    `ends` are the days until which its stays were meant to last or have lasted; None: for good.
    """

    begins: date
    ends: tuple[date | None, ...]
    reached: date


def alone(stay: Stay, reached: date) -> Chain:
    """A stay by itself."""
    return Chain(stay.from_date, (reached, stay.intended_to), reached)


def side(stay: Stay, base: str, reading: str) -> str:
    """Where months add up; what a rule leaves out whatever its length adds nothing to the rest."""
    if stay.country == "NO":
        return "exempt" if stay.ground in ("embassy", "nato") else "NO"
    if stay.ground in ("foreign_service", "military"):
        return "exempt"
    if base == "registered" and (stay.country in ("SJ", "BV", "AQ") or stay.ground == "shelf"):
        return "dependencies"
    if stay.country == "XX" or (base == "registered" and stay.country in NORDIC[reading]):
        return stay.country
    return "abroad"


def chain_of(
    told: list[Stay], reached: list[date], n: int, sides: list[str], ended: list[date | None]
) -> Chain:
    """The chain of a stay: those before and after it on its side, as long as there is no gap."""

    def linked(one: int) -> bool:
        end = ended[one]
        return sides[one] == sides[one + 1] and (end is None or end >= told[one + 1].from_date)

    first = last = n
    while first > 0 and linked(first - 1):
        first -= 1
    while last + 1 < len(told) and linked(last):
        last += 1
    members = range(first, last + 1)
    ends = tuple(e for one in members for e in (reached[one], told[one].intended_to))
    return Chain(told[first].from_date, ends, max(reached[one] for one in members))


def lasts(chain: Chain, months: int, *, more: bool = False) -> bool:
    """Meant to last so long, or has lasted so long."""
    whole = after(chain.begins, months)
    return any(e is None or (e > whole if more else e >= whole) for e in chain.ends)


def settles(stay: Stay) -> bool:
    """Moves abroad for good: more criteria for it than against; without any, no end was meant."""
    stated = [
        stay.dwelling_abroad,
        None if stay.dwelling_norway is None else not stay.dwelling_norway,
        None if stay.work_norway is None else not stay.work_norway,
        None if stay.family_country is None else stay.family_country != "NO",
        None if stay.visits_norway is None else not stay.visits_norway,
    ]
    told = [one for one in stated if one is not None]
    return sum(told) > len(told) - sum(told) if told else stay.intended_to is None


Verdict = tuple[str, str, date]  # outcome, rule, since


def in_norway(  # noqa: C901 - the rules in their order
    stay: Stay, chain: Chain, reached: date, base: str, reading: str
) -> Verdict:
    begin, ground = stay.from_date, stay.ground
    long = lasts(chain, 6 if base == "registered" else 12)
    if ground in ("embassy", "nato"):
        return "unchanged", "diplomats" if ground == "embassy" else "nato", begin
    if base == "usual":
        return ("resident", "usual_arrival", begin) if long else ("unchanged", "short_stay", begin)
    permitted = stay.permit_from is not None and stay.permit_from < reached and (
        stay.permit_to is None or stay.permit_to >= after(stay.permit_from, 6)
    )  # fmt: skip
    from_permit = max(begin, stay.permit_from or begin)
    if ground == "asylum":
        if date(1987, 3, 1) <= begin < date(1994, 2, 1) and long:
            return "resident", "asylum_undecided_counted", begin
        if permitted:
            return "resident", "asylum_granted", from_permit
        return "unchanged", "asylum_waiting", begin
    if begin >= LAW_2017 and ground == "commuter" and stay.family_country in EEA:
        return "unchanged", "commuter_from_abroad", begin
    if reading == "law" and stay.needs_permit:
        if begin >= LAW_2017 and not permitted:
            return "unchanged", "permit_too_short", begin
        if from_permit >= LAW_2017 and long:
            return "resident", "permit_granted", from_permit
    if long:
        return "resident", "six_months" if begin < LAW_2017 else "in_migration", begin
    return "unchanged", "short_stay", begin


def abroad(  # noqa: C901 - the rules in their order
    stay: Stay, chain: Chain, base: str, reading: str
) -> Verdict:
    begin, country = stay.from_date, stay.country
    if base == "registered" and (country in ("SJ", "BV", "AQ") or stay.ground == "shelf"):
        return "unchanged", "dependencies", begin
    if stay.ground in ("foreign_service", "military"):
        return "unchanged", "foreign_service", begin
    if stay.ground == "unlawful":
        return "emigrated", "no_lawful_stay", begin
    if country == "XX":
        return unknown(stay, chain, base)
    if base == "usual":
        long = lasts(chain, 12)
        return ("emigrated", "usual_departure", begin) if long else (
            "unchanged", "short_absence", begin)  # fmt: skip
    if country in NORDIC[reading]:
        months, more = NORDIC[reading][country]
        if reading == "law" and begin >= AGREEMENT_2004 and stay.nordic_notice is False:
            return "unchanged", "nordic_void", begin
        if lasts(chain, months, more=more):
            return "emigrated", "nordic_move", begin
        return "unchanged", "nordic_stay", begin
    long = lasts(chain, 6)
    if reading == "page":
        return ("emigrated", "six_months_abroad", begin) if long else (
            "unchanged", "short_absence", begin)  # fmt: skip
    if long and begin < REGULATIONS_1998:
        return "emigrated", "six_months_abroad_1970", begin
    if long and settles(stay):
        return "emigrated", "settled_abroad", begin
    if long and begin >= LAW_2017:
        return "unchanged", "reported_only", begin
    return "unchanged", "short_absence", begin


def unknown(stay: Stay, chain: Chain, base: str) -> Verdict:
    begin, reached = stay.from_date, chain.reached
    two, five = after(chain.begins, 24), after(chain.begins, 60)
    if base == "registered" and stay.citizenship is not None:
        norwegian = stay.citizenship == "NO"
        if norwegian and reached > five and REGULATIONS_1998 <= five < LAW_2017:
            return "emigrated", "unknown_norwegian_1998", five
        if not norwegian and reached > two and REGULATIONS_1998 <= two < LAW_2017:
            return "emigrated", "unknown_foreigner_1998", two
    if base == "registered" and reached > two and reached > LAW_2017:
        return "emigrated", "unknown_whereabouts", max(two, LAW_2017)
    return "unchanged", "unreported_leaving", begin


def where(stay: Stay, reached: date, base: str, had: list[Stay]) -> tuple[str, int | None]:
    """The rule that says where in Norway, and the place if it names one; `had`: places then."""
    own, family, ground = stay.municipality, stay.family_municipality, stay.ground
    main_rule = ground in ("study", "conscript", "prisoner", "patient")  # of the single
    if stay.family_country == "NO" and family is not None and (family != own or main_rule):
        return "joint_home", family
    long = lasts(alone(stay, reached), 6)
    registered = base == "registered"
    if registered and ground == "study":
        return "student", None
    if registered and ground in ("conscript", "prisoner", "patient"):
        return "conscripts_prisoners_patients", None
    if ground == "institution" and long:
        return "institution", own
    if registered and ground == "politician":
        far = stay.from_date < date(2025, 10, 1) or (stay.distance_km or 0) >= 40
        if far:
            return "politician", None
    most = most_nights(stay, had)
    few = stay.nights is not None and most is None
    if registered and (ground in ("commuter", "institution", "posting") or few or not long):
        return "elsewhere_for_a_time", None
    if registered and most is not None:
        return "most_nights", most
    return "daily_rest", own


def most_nights(stay: Stay, had: list[Stay]) -> int | None:
    """Where a person who has several places spends most nights, more than the untold ones."""
    if stay.nights is None:
        return None
    nights: dict[int, int] = {}
    for one in had:  # those had first come first, and keep it where there are as many
        if one.nights is not None and one.municipality is not None:
            nights[one.municipality] = nights.get(one.municipality, 0) + one.nights
    place = max(nights, key=lambda one: nights[one])
    return place if nights[place] > 365 - sum(nights.values()) else None


#: Rules by which somebody stays where they lived before, even before an emigration.
AS_BEFORE = ("student", "conscripts_prisoners_patients", "politician")


def standing(
    stays: list[Stay], day: date, known_at: date, base: str, reading: str
) -> tuple[str | None, int | None]:
    """What one person is at the end of the day before `day`, and where, if resident."""
    told = sorted((s for s in stays if s.from_date < known_at), key=lambda s: s.from_date)
    ended = [end_of(stay, known_at, base, reading) for stay in told]
    reached = [end or known_at for end in ended]
    sides = [side(stay, base, reading) for stay in told]
    found: list[tuple[date, date, str]] = []
    places: list[tuple[date, str, int | None, int]] = []
    told_to = date.min
    for n, stay in enumerate(told):
        following = told[n + 1].from_date if n + 1 < len(told) else None
        told_to = max(told_to, ended[n] or date.max)
        chain = chain_of(told, reached, n, sides, ended)
        if stay.country == "NO":
            outcome, _, since = in_norway(stay, chain, reached[n], base, reading)
            had = [s for s in told[: n + 1] if s.country == "NO"
                   and (s.to_date is None or s.to_date > stay.from_date)]  # fmt: skip
            if stay.from_date < day:
                rule, place = where(stay, reached[n], base, had)
                places.append((stay.from_date, rule, place, stay.municipality or 0))
            if told_to < (following or known_at):
                by = "unlawful" if told_to == notice(stay, base, reading) else "unknown"
                gap = Stay(stay.person, "XX", told_to, by, citizenship=stay.citizenship)
                gone, _, gone_since = abroad(gap, alone(gap, following or known_at), base, reading)
                found.append((gone_since, told_to, gone))
        else:
            outcome, _, since = abroad(stay, chain, base, reading)
        found.append((since, stay.from_date, outcome))
    decided = [one for one in sorted(found) if one[0] < day and one[2] != "unchanged"]
    if not decided:
        return None, None
    if decided[-1][2] != "resident":
        return decided[-1][2], None
    left = max((since for since, _, what in decided if what == "emigrated"), default=date.min)
    return "resident", home(places, left)


def end_of(stay: Stay, known_at: date, base: str, reading: str) -> date | None:
    """When a stay ended, as far as known: a notice ends a foreigner's (s. 4-3 (2))."""
    ends = [end for end in (stay.to_date, notice(stay, base, reading)) if end is not None]
    return min((end for end in ends if min(ends) < known_at), default=None)


def notice(stay: Stay, base: str, reading: str) -> date | None:
    """The day of the immigration authority's notice, where it counts: of foreigners, since 2017."""
    if stay.country != "NO" or stay.citizenship in (None, "NO") or stay.unlawful_from is None:
        return None
    counts = (base, reading) == ("registered", "law") and stay.unlawful_from >= LAW_2017
    return stay.unlawful_from if counts else None


def home(places: list[tuple[date, str, int | None, int]], left: date) -> int | None:
    """Where: the last place that is named or, of who left since and keeps none, the first after."""
    named = [place for _, _, place, _ in places if place is not None]
    keeps = [begin for begin, rule, place, _ in places if place is not None or rule in AS_BEFORE]
    if left > date.min and max(keeps, default=date.min) < left:
        since = [own for begin, _, _, own in places if begin >= left]
        if since:
            return since[0]
    return named[-1] if named else (places[0][3] if places else None)


DAY = timedelta(days=1)

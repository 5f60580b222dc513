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
    dwelling_abroad: bool | None = None
    dwelling_norway: bool | None = None
    work_norway: bool | None = None
    visits_norway: bool | None = None


def after(day: date, months: int) -> date:
    month = day.year * 12 + day.month - 1 + months
    last = calendar.monthrange(month // 12, month % 12 + 1)[1]
    return date(month // 12, month % 12 + 1, min(day.day, last))


def lasts(stay: Stay, reached: date, months: int, *, more: bool = False) -> bool:
    """Meant to last so long, or has lasted so long."""
    whole = after(stay.from_date, months)
    ends = [reached] if stay.intended_to is None else [reached, stay.intended_to]
    return stay.intended_to is None or any(e > whole if more else e >= whole for e in ends)


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
    stay: Stay, reached: date, base: str, reading: str
) -> Verdict:
    begin, ground = stay.from_date, stay.ground
    long = lasts(stay, reached, 6 if base == "registered" else 12)
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
    stay: Stay, reached: date, base: str, reading: str
) -> Verdict:
    begin, country = stay.from_date, stay.country
    if base == "registered" and (country in ("SJ", "BV", "AQ") or stay.ground == "shelf"):
        return "unchanged", "dependencies", begin
    if stay.ground in ("foreign_service", "military"):
        return "unchanged", "foreign_service", begin
    if country == "XX":
        return unknown(stay, reached, base)
    if base == "usual":
        long = lasts(stay, reached, 12)
        return ("emigrated", "usual_departure", begin) if long else (
            "unchanged", "short_absence", begin)  # fmt: skip
    if country in NORDIC[reading]:
        months, more = NORDIC[reading][country]
        if lasts(stay, reached, months, more=more):
            return "emigrated", "nordic_move", begin
        return "unchanged", "nordic_stay", begin
    long = lasts(stay, reached, 6)
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


def unknown(stay: Stay, reached: date, base: str) -> Verdict:
    begin = stay.from_date
    two, five = after(begin, 24), after(begin, 60)
    if base == "registered" and stay.citizenship is not None:
        norwegian = stay.citizenship == "NO"
        if norwegian and reached > five and REGULATIONS_1998 <= five < LAW_2017:
            return "emigrated", "unknown_norwegian_1998", five
        if not norwegian and reached > two and REGULATIONS_1998 <= two < LAW_2017:
            return "emigrated", "unknown_foreigner_1998", two
    if base == "registered" and reached > two and reached > LAW_2017:
        return "emigrated", "unknown_whereabouts", max(two, LAW_2017)
    return "unchanged", "unreported_leaving", begin


def where(stay: Stay, reached: date, base: str) -> tuple[str, int | None]:
    """The rule that says where in Norway, and the place if it names one."""
    own, family, ground = stay.municipality, stay.family_municipality, stay.ground
    main_rule = ground in ("study", "conscript", "prisoner", "patient")  # of the single
    if stay.family_country == "NO" and family is not None and (family != own or main_rule):
        return "joint_home", family
    long = lasts(stay, reached, 6)
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
    few = stay.nights is not None and stay.nights < 183
    if registered and (ground in ("commuter", "institution", "posting") or few or not long):
        return "elsewhere_for_a_time", None
    return "daily_rest", own


def standing(
    stays: list[Stay], day: date, known_at: date, base: str, reading: str
) -> tuple[str | None, int | None]:
    """What one person is at the end of the day before `day`, and where, if resident."""
    told = sorted((s for s in stays if s.from_date < known_at), key=lambda s: s.from_date)
    found: list[tuple[date, date, str]] = []
    places: list[tuple[date, int]] = []
    firsts: list[int] = []
    told_to = date.min
    for n, stay in enumerate(told):
        following = told[n + 1].from_date if n + 1 < len(told) else None
        ended = stay.to_date if stay.to_date and stay.to_date < known_at else None
        reached = ended or known_at
        told_to = max(told_to, ended or date.max)
        if stay.country == "NO":
            outcome, _, since = in_norway(stay, reached, base, reading)
            _, place = where(stay, reached, base)
            if stay.from_date < day:
                firsts.append(stay.municipality or 0)
                if place is not None:
                    places.append((stay.from_date, place))
            if told_to < (following or known_at):
                gap = Stay(stay.person, "XX", told_to, "unknown", citizenship=stay.citizenship)
                gone, _, gone_since = abroad(gap, following or known_at, base, reading)
                found.append((gone_since, told_to, gone))
        else:
            outcome, _, since = abroad(stay, reached, base, reading)
        found.append((since, stay.from_date, outcome))
    decided = [one for one in sorted(found) if one[0] < day and one[2] != "unchanged"]
    if not decided:
        return None, None
    place = max(places)[1] if places else (firsts[0] if firsts else None)
    return decided[-1][2], place if decided[-1][2] == "resident" else None


DAY = timedelta(days=1)

"""Every parameter of the twin with its value and where it comes from."""

from __future__ import annotations

from folkestrom.model.codes import Kind
from folkestrom.twin.lives import (
    births,
    income,
    marriage,
    moves,
    origins,
    outcomes,
    pairing,
    stock,
    wealth,
)
from folkestrom.twin.lives.mobility import GROUPS
from folkestrom.twin.output import dwellings, households, signs
from folkestrom.twin.receipt import reports
from folkestrom.twin.receipt.channels import SMALL_OFFICE, weibull_delays
from folkestrom.twin.targets import schedules
from folkestrom.twin.years import (
    arrivals,
    calibration,
    clean_ups,
    migration,
    revisions,
    settlement,
    spouses,
    window,
)

ASSUMED = "assumption of the twin"
FITTED = "Human Mortality Database, Norway 2000-2021"
STATED = "EXITNORWAY page, June 2024"
HOUSEHOLDS = "fitted by hand to Statistics Norway, Families and households, 1 January 2022"


def describe_parameters() -> list[dict[str, object]]:
    """Name, value and source of each parameter, as plain data.

    The mobility truth's coefficients are told apart; those of the schedules are fitted, see the
    manual's page on targets.
    """
    scale, shape = weibull_delays()
    delays = {Kind(k).name.lower(): (float(scale[k]), float(shape[k])) for k in range(1, 10)}
    married, single = spouses.MARRIED_DIE, spouses.SINGLE_DIE
    naturalising = {GROUPS[g]: share for g, share in migration.NATURALISING.items()}
    reasons = {GROUPS[g]: shares for g, shares in migration.REASON_SHARES.items()}
    values: dict[str, object] = {
        "scale in days and shape of the Weibull delay to the office, by kind": delays,
        "residents below which an office is small": SMALL_OFFICE,
        "share of reports corrected before the extraction": reports.CORRECTED_SHARE,
        "share of reports entered twice and annulled": reports.DOUBLED_SHARE,
        "share of reports revised after the extraction": revisions.SHARE,
        "revisions for each person of the net adjustment, at least": revisions.LEAST_RATIO,
        "but at most this share of the reports, and so many more": revisions.MOST_GROSS,
        "share of emigrations not reported by the extraction": outcomes.LATE_SHARE,
        "of these, shares reported in the next window and the one after": window.FOUND_LATER,
        "years between clean-ups of unreported leaving, after those published": clean_ups.EVERY,
        "share of unreported leaving that such a clean-up finds": clean_ups.SHARE,
        "clean-ups as published: year, month, found, of them in Oslo": [
            (c.year, c.month, c.found, c.oslo) for c in clean_ups.published()
        ],
        "years before in which they had left": clean_ups.LAGS,
        "by what factor fewer had left in each year before": clean_ups.FALL,
        "share of moves not reported by the extraction": outcomes.LATE_MOVES,
        "share of leavings and moves reported in error, uncalibrated": outcomes.ERRONEOUS_SHARE,
        "share of immigrations of the weeks before the window": migration.LATE_ARRIVALS,
        "share of deaths of the weeks before the window": window.LATE_DEATHS,
        "share of births of the weeks before the window": window.LATE_BIRTHS,
        "share of immigrations that are returns": arrivals.RETURN_SHARE,
        "share that naturalises in a year, by group": naturalising,
        "fertility of women by region of birth, Norway last": window.FERTILITY,
        "excess of immigrants over their curve, at first at most": migration.MORE_IMMIGRANTS,
        "year of birth from which parents are registered": stock.PARENTS_KNOWN_SINCE,
        "share of moves that stay inside the county": moves.SAME_COUNTY,
        "attraction of municipalities for immigrants, by centrality class": settlement.ATTRACTION,
        "attraction of Oslo for immigrants": settlement.OSLO_ATTRACTION,
        "mortality of the married, and of others, against the schedule": (married, single),
        "share of the divorced below 65 who marry again in a year": marriage.REMARRY,
        "shares of men with at most basic, upper secondary, bachelor's education": (
            origins.EDUCATION_STEPS
        ),
        "share of men among immigrants": schedules.IMMIGRATION_MALE,
        "shares of newcomers for work, family, refuge and education, by group": reasons,
        "net wealth at which groups begin, NOK of 2020": wealth.BOUNDS,
        "what the logarithm of net wealth plus debt is made of": wealth.PARTS,
        "what bends the place of an income within its fifth": income.PARTS,
    }
    values |= _signs_of_life()
    left = "share of arrivals from eight EU countries since 2004 who have left again in 2021"
    others = (
        ("share of boys among births", schedules.BIRTHS_MALE, FITTED),
        ("index of the Pareto tail of net wealth", wealth.TAIL_INDEX, wealth.TAIL_SOURCE),
        ("income at which tenths begin, NOK of 2019", income.TENTHS, income.SHAPE_SOURCE),
        ("index of the Pareto tail of income", income.TAIL_INDEX, income.TAIL_SOURCE),
        (left, calibration.LEFT, STATED),
    )
    found = [(name, value, ASSUMED) for name, value in values.items()]
    found += [(name, value, HOUSEHOLDS) for name, value in _couples_and_homes().items()]
    return [{"name": name, "value": v, "source": source} for name, v, source in (*found, *others)]


def _signs_of_life() -> dict[str, object]:
    return {
        "ages at which groups that show signs of life alike begin": signs.AGES,
        "who shows a sign of life in a year, by age, and of those who have left": signs.SHOWN,
        "the same of those who are not registered": signs.UNREGISTERED_SHOW,
        "persons who live here unregistered, for each resident": signs.UNREGISTERED,
    }


def _couples_and_homes() -> dict[str, object]:
    return {
        "ages at which bands of the unmarried begin, and the last ends": pairing.AGES,
        "share of the unmarried in a couple in the first stock, by age": pairing.COHABITING,
        "share of the unmarried who look for a partner in a year, by age": pairing.SEEKING,
        "share of couples without marriage that part in a year, by age": pairing.PARTING,
        "seeking and parting of parents against others": (
            pairing.PARENTS_SEEK, pairing.PARENTS_PART,
        ),
        "fertility of women in couples without marriage, and in none, against 1.6": (
            births.COHABITING, births.ALONE,
        ),
        "men who move with their wife; who move without, if she is here, or elsewhere": (
            outcomes.TOGETHER, outcomes.ALONE, outcomes.REUNITE,
        ),
        "adults at their parents' in the first stock": dwellings.HOME_FIRST,
        "share of the young moving alone who share": dwellings.SHARING,
        "share of separations after which the man leaves": dwellings.MEN_LEAVE,
        "share of mothers whose children live with their father": dwellings.CUSTODY,
        "share in institutions at first, and who enters in a year, by age": (
            dwellings.CARE_AGES, dwellings.CARE_FIRST, dwellings.CARE,
        ),
        "share of the single who move to their children, and to their parents": (
            dwellings.TO_CHILDREN, dwellings.TO_PARENTS,
        ),
        "share of students at their parents' who live elsewhere": households.STUDENTS,
    }  # fmt: skip

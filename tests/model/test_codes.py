"""Numbers that are stored for good never move."""

from __future__ import annotations

from folkestrom.model.codes import CODE_LISTS, Kind, MaritalStatus, Origin, Reason, Sex
from folkestrom.model.countries import COUNTRIES, COUNTRY_CODES, NORDIC, alpha2, country_name
from folkestrom.model.report import COLUMNS, CORRECTABLE_ATTRIBUTES, required_columns


def test_numbers_are_as_stored() -> None:
    assert [(k.name, int(k)) for k in (Kind.BIRTH, Kind.MOVE, Kind.DEATH, Kind.ANNULMENT)] == [
        ("BIRTH", 2),
        ("MOVE", 5),
        ("DEATH", 9),
        ("ANNULMENT", 10),
    ]
    assert len(Kind) == 12
    assert len(MaritalStatus) == 10
    assert (Sex.MALE, Sex.FEMALE) == (1, 2)
    assert (Origin.FIRST_REGISTRATION, Reason.OTHER) == (3, 8)


def test_countries_keep_their_places() -> None:
    assert len(COUNTRIES) == len(set(COUNTRIES)) == 252
    sample = ("AD", "NO", "PL", "SE", "XK", "XS", "XX", "ZW")
    assert [COUNTRY_CODES[c] for c in sample] == [1, 167, 179, 197, 245, 246, 247, 252]
    assert all(alpha2(code) == country for country, code in COUNTRY_CODES.items())
    assert set(COUNTRIES) >= NORDIC


def test_every_country_has_both_names() -> None:
    for country in COUNTRIES:
        assert country_name(country)
        assert country_name(country, "no")
    assert country_name("DE", "no") == "Tyskland"


def test_the_record_refers_to_lists_that_exist() -> None:
    places = {"country", "municipality", "basic_unit"}
    assert {c.codes for c in COLUMNS if c.codes} <= {*CODE_LISTS, *places}
    assert set(CORRECTABLE_ATTRIBUTES) <= {c.name for c in COLUMNS}


def test_an_annulment_needs_no_more_than_its_target() -> None:
    assert required_columns(Kind.ANNULMENT) == (
        "source",
        "source_report_id",
        "received_at",
        "person",
        "kind",
        "annuls",
    )

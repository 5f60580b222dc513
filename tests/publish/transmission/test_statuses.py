"""Statuses that are transmitted by one code."""

from __future__ import annotations

from pathlib import Path

from tests.app.cli.test_transmit import figures, run, transmit


def test_statuses_of_one_code_are_one_figure(tmp_path: Path) -> None:
    """Registered and separated partners are both P: of 40 and 30 persons, one figure of 70."""
    columns = (
        "source,source_report_id,received_at,person,kind,event_date,municipality,basic_unit,"
        "country_of_birth,citizenship,sex,birth_date,origin,marital_status"
    )
    rows = [columns]
    for n in range(1, 71):
        status = "registered_partner" if n <= 40 else "separated_partner"
        rows.append(f"tax,{n},2019-12-31T12:00:00Z,{n},first_registration,2019-12-31,0301,03010001,"
                    f"NO,NO,female,1970-05-17,first_registration,{status}")  # fmt: skip
    # Nothing at all occurs in 2020; the log reaches its extraction.
    rows.append("tax,72,2021-02-01T12:00:00Z,1,move,2021-01-20,1103,11030001,,,,,,")
    (tmp_path / "reports.csv").write_text("\n".join(rows))
    (tmp_path / "secret").write_text("5e" * 32)
    (tmp_path / "secret").chmod(0o600)
    assert run(tmp_path, "intake", str(tmp_path / "reports.csv")).exit_code == 0
    assert run(tmp_path, "seal", "2021-02-01").exit_code == 0
    data_set = ("--data-set", "UR_POP_CIVIL_STATUS", "--published", "2021-02-19")
    found = figures(transmit(tmp_path, "sent", *data_set), "UR_POP_CIVIL_STATUS")
    partners = found["NO", "P", "_T", "_T", "POPULATION"][0]
    assert partners is not None
    assert abs(partners - 70) < 30

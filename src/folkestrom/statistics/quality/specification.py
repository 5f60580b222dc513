"""What the tables of quality are called, in both languages."""

from __future__ import annotations

from typing import Final

from folkestrom.classifications.areas import municipality_name
from folkestrom.model.specification import (
    Category,
    Dimension,
    Measure,
    TableSpecification,
    Text,
    same,
)
from folkestrom.statistics import adjustment

#: Dimensions of quality (Regulation (EC) No 223/2009, Article 12, and the ESS guidelines).
DIMENSION: Final = Dimension(
    "dimension", Text("Quality", "Kvalitet"),
    (
        Category("completeness", Text("Completeness", "Fullstendighet")),
        Category("timeliness", Text("Timeliness", "Aktualitet")),
        Category("consistency", Text("Consistency", "Konsistens")),
        Category("uniqueness", Text("Uniqueness", "Entydighet")),
    ),
)  # fmt: skip
INDICATOR: Final = Dimension(
    "indicator", Text("Indicator", "Indikator"),
    (
        Category("records", Text("Records read", "Leste poster")),
        Category("accepted", Text("Reports accepted", "Godtatte meldinger")),
        Category("reports", Text("Reports of the day", "Dagens meldinger")),
        Category("reports_of_week", Text("Reports of the week", "Ukens meldinger")),
        Category("median_delay", Text("Days to receipt, median", "Dager til mottak, median")),
        Category("ninth_decile", Text("Days to receipt, ninth decile",
                                      "Dager til mottak, niende desil")),
        Category("days_to_intake", Text("Days from receipt to intake",
                                        "Dager fra mottak til inntak")),
        Category("late_reports", Text("Reports later than 90 days",
                                      "Meldinger senere enn 90 dager")),
        Category("quarantined", Text("Records in quarantine", "Poster i karantene")),
        Category("flagged_reports", Text("Reports that do not fit", "Meldinger som ikke passer")),
        Category("repeats", Text("Records that were there already", "Poster som fantes fra før")),
        Category("contents_again", Text("Reports of the same again",
                                        "Meldinger om det samme igjen")),
    ),
)  # fmt: skip
ALARM: Final = Dimension(
    "alarm", Text("Alarm", "Alarm"),
    (
        Category("none", same("")),
        Category("missing", Text("The day is missing", "Dagen mangler")),
        Category("low", Text("Too few", "For få")),
        Category("high", Text("Too many", "For mange")),
        Category("silent", Text("The municipality is silent", "Kommunen er taus")),
        Category("again", Text("Came before", "Kom før")),
    ),
)  # fmt: skip
_KINDS: Final = adjustment.SPECIFICATION.dimension("kind").labels
_OTHER: Final = {"": same(""), "annulment": Text("annulment", "annullering")}
KIND: Final = Dimension(
    "kind", Text("Kind of report", "Meldingstype"),
    labels=lambda code: _OTHER.get(code) or _KINDS(code),
)  # fmt: skip
MUNICIPALITY: Final = Dimension(
    "municipality", Text("Municipality", "Kommune"),
    labels=lambda code: same(municipality_name(code) if code else ""),
)  # fmt: skip
_NUMBER: Final = Text("number", "antall")

REPORT: Final = TableSpecification(
    id="delivery-quality",
    title=Text(
        "Quality report of delivery {delivery}, taken in on {taken}",
        "Kvalitetsrapport for leveranse {delivery}, tatt inn {taken}",
    ),
    dimensions=(
        DIMENSION,
        INDICATOR,
        Dimension("day", Text("Received", "Mottatt")),
        KIND,
        MUNICIPALITY,
        ALARM,
    ),
    measures=(
        Measure("value", Text("Value", "Verdi"), _NUMBER, 0, None),
        Measure("expected", Text("Expected", "Forventet"), _NUMBER, 1, None),
        Measure("low", Text("Lowest", "Lavest"), _NUMBER, 1, None),
        Measure("high", Text("Highest", "Høyest"), _NUMBER, 1, None),
    ),
    contents=Text(
        "Indicators of a delivery, with the values between which they raise no alarm. Of days "
        "before the last one, and of municipalities, alarms only.",
        "Indikatorer for en leveranse, med verdiene som ikke gir alarm. For dager før den siste, "
        "og for kommuner, bare alarmer.",
    ),
    reference_time=same("{last}"),
    method=Text(
        "Days: against effects of weekday, holiday and month and the level of the last 28 days, "
        "by medians of what came before; alarm at 5 spreads. Municipalities: the last week "
        "against the four before, by Hidiroglou and Berthelot (1986) with U = 0.5, A = 0.05, "
        "C = 20. Reports count on the day before they became known.",
        "Dager: mot virkninger av ukedag, helligdag og måned og nivået de siste 28 dagene, med "
        "medianer av det som kom før; alarm ved 5 spredninger. Kommuner: siste uke mot de fire "
        "før, etter Hidiroglou og Berthelot (1986) med U = 0,5, A = 0,05, C = 20. Meldinger "
        "telles dagen før de ble kjent.",
    ),
    footnotes=(Text("Alarms: {alarms}.", "Alarmer: {alarms}."),),
    knowledge_time=same("{known}"),
    listing=True,
)

_RECORDS: Final = Text("records", "poster")
HISTORY: Final = TableSpecification(
    id="deliveries",
    title=Text("Deliveries", "Leveranser"),
    dimensions=(
        Dimension("delivery", Text("Delivery", "Leveranse")),
        Dimension("taken_in", Text("Taken in", "Tatt inn")),
        Dimension("first_day", Text("Received from", "Mottatt fra")),
        Dimension("last_day", Text("to", "til")),
    ),
    measures=tuple(
        Measure(id, label, _RECORDS)
        for id, label in (
            ("read", Text("Read", "Lest")),
            ("accepted", Text("Accepted", "Godtatt")),
            ("quarantined", Text("Quarantined", "I karantene")),
            ("repeats", Text("There already", "Fantes fra før")),
        )
    ),
    contents=Text(
        "Deliveries in the order in which they were taken in, with what was counted then.",
        "Leveranser i den rekkefølgen de ble tatt inn, med det som ble talt da.",
    ),
    listing=True,
)

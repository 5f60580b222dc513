"""Variables of households, families and couples; those of one dwelling share the first."""

from __future__ import annotations

from typing import Final

from folkestrom.households.codes import (
    Couple,
    FamilyType,
    HouseholdType,
    Parents,
    Role,
    Youngest,
)
from folkestrom.model.specification import Text
from folkestrom.variables import sources
from folkestrom.variables.constructors import classified, enumerated, number

_NOTE: Final = Text(
    "A household is all who live in one dwelling by the register; a family is at most two "
    "generations of it and one couple. Cohabitants without a common child are inferred: the only "
    "two unmarried adults of the dwelling who could be a couple by sex, kinship, an age of 18 "
    "years and less than 15 years between them. Who has no dwelling is unknown.",
    "En husholdning er alle som bor i én bolig ifølge registeret; en familie er høyst to "
    "generasjoner av den og ett par. Samboere uten felles barn er utledet: de eneste to ugifte "
    "voksne i boligen som kan være et par etter kjønn, slektskap, en alder på 18 år og mindre enn "
    "15 år mellom dem. Den som ikke har noen bolig, er uoppgitt.",
)
_COUPLES: Final = ", ".join(
    str(int(kind)) for kind in FamilyType if "COUPLE" in kind.name
)  # fmt: skip
_CHILDREN: Final = f"""nullif(family_size, 0)
      - CASE WHEN family_type IN ({_COUPLES}) THEN 2 ELSE 1 END"""
_HOUSEHOLDS: Final = "Types of households (StatBank table 06070)"

_HOUSEHOLD_TYPES: Final = {
    "living_alone": Text("Living alone", "Aleneboende"),
    "couple_without_children": Text(
        "Couple without resident children", "Par uten hjemmeboende barn"
    ),
    "married_couple_with_children": Text(
        "Married couple with children 0-17 years", "Ektepar med barn 0-17 år"
    ),
    "cohabiting_couple_with_children": Text(
        "Cohabiting couple with children 0-17 years", "Samboerpar med barn 0-17 år"
    ),
    "parent_with_children": Text(
        "Mother or father with children 0-17 years", "Mor eller far med barn 0-17 år"
    ),
    "adult_children": Text(
        "One-family household with adult children", "Enfamiliehusholdning med voksne barn"
    ),
    "several_families": Text(
        "Two or more families without children 0-17 years",
        "Flerfamiliehusholdning uten barn 0-17 år",
    ),
    "several_families_with_children": Text(
        "Two or more families with children 0-17 years", "Flerfamiliehusholdning med barn 0-17 år"
    ),
    "other": Text("No private household", "Ikke privathusholdning"),
}
_FAMILY_TYPES: Final = {
    "single": Text("Single", "Enslig"),
    "married_couple": Text("Married couple", "Ektepar"),
    "married_couple_with_children": Text("Married couple with children", "Ektepar med barn"),
    "cohabiting_couple": Text("Cohabiting couple", "Samboerpar"),
    "cohabiting_couple_with_children": Text(
        "Cohabiting couple with children", "Samboerpar med barn"
    ),
    "mother_with_children": Text("Mother with children", "Mor med barn"),
    "father_with_children": Text("Father with children", "Far med barn"),
    "other": Text("No private household", "Ikke privathusholdning"),
}

#: All of them.
HOMES: Final = (
    classified(
        "household_type", Text("Type of household", "Husholdningstype"), _HOUSEHOLD_TYPES,
        "household_type", sources.HOUSEHOLD_TYPE, numbers=enumerated(HouseholdType),
        classification=_HOUSEHOLDS, note=_NOTE,
    ),
    number(
        "household_size", Text("Persons in the household", "Personer i husholdningen"),
        "nullif(household_size, 0)", sources.HOUSEHOLD_SIZE, note=_NOTE,
    ),
    classified(
        "youngest_child", Text("Youngest child in the household", "Yngste barn i husholdningen"),
        {
            "none": Text("No children", "Ingen barn"), "small": Text("0-5 years", "0-5 år"),
            "older": Text("6-17 years", "6-17 år"),
            "adult": Text("18 years or over", "18 år eller eldre"),
        },
        "youngest", sources.YOUNGEST, numbers=enumerated(Youngest), note=_NOTE,
    ),
    classified(
        "family_type", Text("Type of family", "Familietype"), _FAMILY_TYPES, "family_type",
        sources.FAMILY_TYPE, numbers=enumerated(FamilyType), note=_NOTE,
    ),
    classified(
        "family_role", Text("Role in the family", "Rolle i familien"),
        {
            "reference": Text("Reference person", "Referanseperson"),
            "partner": Text("Partner", "Partner"), "child": Text("Child", "Barn"),
            "other": Text("No private household", "Ikke privathusholdning"),
        },
        "family_role", sources.FAMILY_ROLE, numbers=enumerated(Role), note=_NOTE,
    ),
    number(
        "family_children", Text("Children in the family", "Barn i familien"), _CHILDREN,
        sources.FAMILY_SIZE, sources.FAMILY_TYPE, note=_NOTE,
    ),
    number(
        "siblings_at_home", Text("Siblings at home", "Hjemmeboende søsken"),
        f"CASE WHEN family_role = {int(Role.CHILD)} THEN {_CHILDREN} - 1 END",
        sources.FAMILY_SIZE, sources.FAMILY_TYPE, sources.FAMILY_ROLE,
        note=Text(
            "Siblings at home are the other children of the family where one is a child, of any "
            "age, half and step-siblings too; who is no child in a family is unknown.",
            "Hjemmeboende søsken er de andre barna i familien til den som er barn der, i alle "
            "aldre, også halv- og stesøsken; den som ikke er barn i en familie, er uoppgitt.",
        ),
    ),
    classified(
        "cohabiting", Text("Living as a couple", "Samliv"),
        {
            "no": Text("Not living as a couple", "Ikke i samliv"),
            "married": Text("With the spouse", "Med ektefelle"),
            "common_child": Text(
                "Cohabiting, with a common child", "Samboende, med felles barn"
            ),
            "inferred": Text("Cohabiting, inferred", "Samboende, utledet"),
        },
        "couple", sources.COUPLE, numbers=enumerated(Couple), note=_NOTE,
    ),
    classified(
        "parents_living_together",
        Text("Parents of the child living together", "Foreldrenes samlivsform"),
        {
            "married": Text("Both parents, married", "Begge foreldre, gifte"),
            "cohabiting": Text("Both parents, cohabiting", "Begge foreldre, samboende"),
            "mother": Text("Mother only", "Bare mor"),
            "mother_and_step_parent": Text("Mother and step-parent", "Mor og steforelder"),
            "father": Text("Father only", "Bare far"),
            "father_and_step_parent": Text("Father and step-parent", "Far og steforelder"),
            "neither": Text("Not with a parent as their child", "Ikke hos forelder som barn"),
            "not_a_child": Text("18 years or over", "18 år eller eldre"),
        },
        "parents", sources.LIVING_PARENTS, numbers=enumerated(Parents), note=_NOTE,
        classification="StatBank table 06239",
    ),
)  # fmt: skip

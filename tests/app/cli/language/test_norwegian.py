"""Help and errors in Norwegian: whole, exact, and only words are said in another language."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

import folkestrom
from folkestrom.app.cli.language.catalogue import Catalogue, asked
from folkestrom.app.cli.main import app
from folkestrom.errors import InputRefused, UsageError, UserError, as_it_is
from folkestrom.publish.arrangement import Arrangement
from tests.app.cli.asking import ask
from tests.app.cli.language import templates
from tests.app.cli.language.pieces import HOLE, form
from tests.app.cli.language.templates import catalogue, lacking, source
from tests.app.cli.test_statistics import REPORTS

NOWHERE = Path("nowhere")
ROOT = get_command(app)


def commands(command: Any = ROOT, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, *path, name)


def shown(command: Any) -> Iterator[tuple[str, str]]:
    """The pieces of a help screen, before it is laid out: of each the part, and the text."""
    context = typer.Context(command, info_name="folkestrom")
    yield "help", command.help
    yield from (("label", one) for one in " ".join(command.collect_usage_pieces(context)).split())
    for parameter in command.get_params(context):
        names, told = parameter.get_help_record(context)
        taken = re.search(r"(?<= )[^- ].*", names)
        yield from [("label", taken[0])] if taken else []
        text, gap, facts = f"  {told}".rpartition("  [")
        yield "help", (text if gap else facts).strip()
        yield from (("label", one) for one in facts.removesuffix("]").split("; ") if gap)


SHOWN = {piece for _, command in commands() for piece in shown(command)}
#: Labels of values: what there is to choose among, bounds, names of arguments.
UNSAID = re.compile(r"<.*\|.*>|[\d.]*<?=?x[<>]=[\d.]+|[\[{].*[\]}](\.\.\.)?|[a-z|\d,N]+|/ --.*")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("norwegian")
    (folder / "reports.csv").write_text(REPORTS, encoding="utf-8")
    folkestrom.open(folder / "store").in_borders(2020).intake(folder / "reports.csv")
    return folder / "store"


def say(part: str, text: str) -> str:
    return asked(("--lang", "no"))(part, text)


def test_every_error_has_a_norwegian_text() -> None:
    assert not lacking(), "python -m tests.app.cli.language.templates lists them"


def test_every_help_text_has_a_norwegian_text() -> None:
    untold = [
        (part, text) for part, text in sorted(SHOWN)
        if say(part, text) == text and not (part == "label" and UNSAID.fullmatch(text))
    ]  # fmt: skip
    assert not untold


#: What the parser words, as tests below have it shown; and a count that comes into any message,
#: before its colon, in `columns.roles`.
ELSEWHERE = {
    "Try '{command}' for help.", "default: {value}", "env var: {name}",
    "Missing argument {name}.", "Missing argument {name}. Choose from:", "Missing option {name}.",
    "Missing option {name}. Choose from:", "Missing command.", "No such option: {name}",
    "No such option: {name} (Possible options: {others})", "No such command {name}.",
    "No such command {name}. Did you mean {others}?", "Option {name} requires an argument.",
    "Option {name} requires {number} arguments.", "Option {name} does not take a value.",
    "Got unexpected extra argument(s) ({arguments})", "Invalid value for {name}: {why*}",
    "Input should be a valid integer, unable to parse string as an integer",
    "Input should be a valid integer, got a number with a fractional part",
    "Input should be a valid number, unable to parse string as a number",
    "Input should be greater than or equal to {least}",
    "Input should be less than or equal to {most}",
    "Value error, {value} is not one of {choices}.",
    "Value error, {value} does not match the formats {formats}.",
    "file {path} is a directory.", "dir {path} is a file.", "{kind} {path} does not exist.",
    "{kind} {path} is not readable.", "{kind} {path} is not writable.", "Arguments",
    "Options", "Commands",
    "{head*} ({many} of {of} rows)", "{head*} ({many} of {of} rows):{rest*}",
}  # fmt: skip


def test_no_text_of_the_catalogue_is_no_longer_used() -> None:
    used = {form for _, form in source().collected()} | source().literals()
    used |= {text for _, text in SHOWN}
    assert {row["en"] for row in catalogue() if form(row["en"]) not in used} == ELSEWHERE


def test_placeholders_agree() -> None:
    for row in catalogue():
        english = sorted(name for name, _ in HOLE.findall(row["en"]))
        assert english == sorted(name for name, _ in HOLE.findall(row["no"])), row
        assert len(set(english)) == len(english), row
        assert row["no"].strip(), row
    forms = [(row["part"], form(row["en"])) for row in catalogue()]
    assert len(set(forms)) == len(forms)


def test_every_template_is_matched_by_what_is_made_of_it() -> None:
    for row in catalogue():
        if row["en"].startswith("{head*}"):
            continue
        english, norwegian = (HOLE.sub(r"‹\1›", row[language]) for language in ("en", "no"))
        assert say(row["part"], english) == norwegian


def test_data_are_not_interpreted() -> None:
    row = {"part": "text", "en": "has {n} rows of {what*}", "no": "har {n} rader av {what}"}
    words = {"part": "text", "en": "days", "no": "dager"}
    said = Catalogue([row, words]).say
    assert said("text", r"has {what*} rows of days") == "har {what*} rader av dager"
    assert said("text", r"has \1 rows of {n}, [red]days") == r"har \1 rader av {n}, [red]days"
    assert said("text", "has days rows of x") == "har days rader av x"
    assert said("text", "has 1 rows of a\nb") == "har 1 rader av a\nb"
    error = UsageError("is missing", where="{n}", value="is missing {n} [b]x[/b]", allowed=["days"])
    assert error.told(said) == "{n}: 'is missing {n} [b]x[/b]' is missing.\nAllowed: days."


def test_a_message_with_all_its_parts() -> None:
    error = InputRefused(
        "is not a calendar date", where="reports.csv", row=17, column="event_date",
        value="2021-02-30", allowed="a date such as 2021-02-28", next_step="Leave the row out",
    )  # fmt: skip
    assert error.told(say) == (
        "reports.csv, rad 17, kolonne event_date: '2021-02-30' er ikke en kalenderdato.\n"
        "Tillatt: en dato som 2021-02-28.\nNeste steg: Utelat raden."
    )
    assert str(error) == error.told()
    many = UserError("is missing", allowed=range(40))
    assert many.told(say).endswith(", 29 og 10 til (alle: --debug; i Python feilens `allowed`).")
    counted = InputRefused("is missing or infinite (3 of 10 rows)", column="stop")
    assert counted.told(say) == "kolonne stop: mangler eller er uendelig (3 av 10 rader)."


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_help_holds_no_english(path: tuple[str, ...]) -> None:
    found, english = ask(NOWHERE, "--lang", "no", *path, "--help"), ask(NOWHERE, *path, "--help")
    assert found.exit_code == english.exit_code == 0
    assert found.stderr == english.stderr == ""
    assert found.stdout == ask(NOWHERE, *path, "--help", "--lang=no").stdout
    one_line = " ".join(found.stdout.split())
    for row in catalogue():
        if row["part"] == "help" and len(row["en"]) > len("Level of"):
            english_words, words = (" ".join(row[la].split())[:40] for la in ("en", "no"))
            assert english_words == words or english_words not in one_line
    for heading in (
        "Usage:",
        "Options:",
        "Arguments:",
        "Commands:",
        "[default",
        "[required",
        "YYYY-",
    ):
        assert heading not in found.stdout
    # Names of commands, options and values are the same.
    names = r"^  (?:-\w, )?--[a-z-]+|^  [a-z]+  +|<[a-z|]+\|[a-z|]+>"
    assert re.findall(names, found.stdout, re.MULTILINE) == re.findall(
        names, english.stdout, re.MULTILINE
    )


def test_a_help_screen() -> None:
    assert ask(NOWHERE, "table", "--help", "--lang", "no").stdout.startswith(
        """\
Bruk: folkestrom table [VALG] {name}

  Lag en av de publiserte tabellene for et år.

Argumenter:
  name <tekst>  key-figures, age-groups, marital-status eller citizenship.
                [påkrevd]

Valg:
  --year <heltall>                Tabellen gjelder 1. januar dette året.
                                  [1800<=x<=9998; påkrevd]
  --known-at ÅÅÅÅ-MM-DD|published|latest
                                  Hva som var kjent: på en dag, eller på et
                                  tidspunkt som 2018-05-23T09:31; ved uttrekket
                                  en måned etter datoen eller perioden, når
                                  tallene offentliggjøres; eller alt som er
                                  kjent.  [standard: published]
"""
    )


ERRORS = {
    "population --foo": """\
Bruk: folkestrom population [VALG]
Prøv 'folkestrom population --help' for hjelp.

Feil: Valget finnes ikke: --foo (Mulige valg: --from, --to, --top)
""",
    "tabel": """\
Bruk: folkestrom [VALG] KOMMANDO [ARGUMENTER]...
Prøv 'folkestrom --help' for hjelp.

Feil: Kommandoen 'tabel' finnes ikke. Mente du 'table'?
""",
    "population --date": "Feil: Valget '--date' trenger en verdi.\n",
    "population --totals=3": "Feil: Valget '--totals' tar ingen verdi.\n",
    "population --date 2021-02-30": """\
Feil: --date: '2021-02-30' er ikke en kalenderdato.
Tillatt: en dato som 2021-02-28.
Neste steg: Mente du '2021-02-28'?
""",
    "population --date 2021-01-01 --by shoe": """\
Feil: --by: 'shoe' er ikke en dimensjon i folkemengden.
Tillatt: age, age_five_year, age_group, basic_unit,""",
    "population --date 2021-01-01 --by sex --top 0": """\
Feil: --top: '0' er ikke et antall rader.
Tillatt: 1, 2, 3 ….
""",
    "population --date 2021-01-01 --by sex --order sexe": """\
Feil: --order: 'sexe' er ikke i tabellen.
Tillatt: persons, sex.
Neste steg: Mente du 'sex'?
""",
    "population --date 2021-01-01 --by sex --wide age": """\
Feil: --wide: 'age' er ikke en dimensjon.
Tillatt: sex.
Neste steg: Det som går bortover, nevnes også med by.
""",
    "population --date 2021-01-01 --only sex=femal": """\
Feil: --only, kolonne sex: 'femal' er ikke en kode i sex.
Tillatt: female, male, unknown.
Neste steg: Mente du 'female'?
""",
    "population --date 2021-01-01 --only county": """\
Feil: --only: 'county' er ikke en variabel med koder.
Tillatt: for eksempel county=03, county=03,11 eller county=03,sex=female.
""",
    "population --date 2031-01-01 --known-at latest": """\
Feil: --date: '2031-01-01' er senere enn det loggen vet: \
de siste meldingene i den ble kjent 2022-02-02.
Tillatt: dager fra 2000-01-01 til 2022-02-02.
Neste steg: Ta inn senere meldinger først, eller be om en tidligere dag.
""",
    "rates --from 2020-01-01 --to 2021-01-01 --event death --destination abroad": """\
Feil: --destination: 'abroad' er ikke en destinasjon for death.
Tillatt: en destinasjon med hendelsene out_migration og emigration.
Neste steg: Be om event='out_migration'.
""",
    "study nothing.toml": """\
Feil: nothing.toml: kan ikke leses.
Tillatt: en TOML-fil i UTF-8.
Neste steg: Se på stien; relative stier begynner i den gjeldende mappen.
""",
}  # fmt: skip


@pytest.mark.parametrize("typed", ERRORS)
def test_an_error(store: Path, typed: str) -> None:
    found, english = ask(store, *typed.split(), "--lang", "no"), ask(store, *typed.split())
    assert found.stderr.startswith(ERRORS[typed])
    assert found.stderr.count("\n") == english.stderr.count("\n")
    assert found.exit_code == english.exit_code > 1
    assert found.stdout == english.stdout == ""


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("table x --year abc", "'--year': verdien skal være et heltall"),
        ("table x --year 5", "'--year': verdien skal være minst 1800"),
        ("duplicates --least 101", "'--least': verdien skal være høyst 100"),
        ("rates --level x", "'--level': verdien skal være et tall"),
        ("population --every week", "'--every': 'week' er ikke blant 'year', 'quarter', 'month'."),
        ("seal soon", "{day}': 'soon' har ikke formatet '%Y-%m-%d'."),
        ("population -o .", "'--output' / '-o': filen '.' er en mappe."),
        ("table", "Argumentet 'name' mangler."),
        ("fit mobility", "Valget '--formula' mangler."),
        ("population a", "Uventede ekstra argumenter (a)"),
        ("", "Kommandoen mangler."),
        ("fit", "Modeller for hvem som drar, flytter og blir."),
    ],
)
def test_what_the_parser_refuses(typed: str, said: str) -> None:
    found, english = ask(NOWHERE, "--lang", "no", *typed.split()), ask(NOWHERE, *typed.split())
    assert said.replace("{day}", "day") in found.output
    assert found.exit_code == english.exit_code == 2


def test_the_environment_says_the_language(monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
    monkeypatch.setenv("FOLKESTROM_LANG", "no")
    assert "Kommandoer:" in ask(NOWHERE, "--help").stdout
    assert "kan ikke leses" in ask(NOWHERE, "study", "nothing.toml").stderr
    assert "Folkemengde" in ask(store, "population", "--date", "2021-01-01").output
    assert "Commands:" in ask(NOWHERE, "--help", "--lang", "en").stdout
    monkeypatch.setenv("FOLKESTROM_LANG", "sv")
    found = ask(NOWHERE, "population")
    assert found.exit_code == 2
    assert "FOLKESTROM_LANG" in found.stderr


def test_what_is_typed_stays_as_it_is() -> None:
    for value in ("is not a year", "{name}", "[bold]days[/bold]", "day"):
        found = ask(NOWHERE, "population", "--date", value, "--lang", "no").stderr
        assert f"Feil: --date: '{value}' er ikke en kalenderdato." in found


def test_python_names_the_argument() -> None:
    with pytest.raises(UsageError, match=r"^top: '0' is not a number of rows"):
        Arrangement(top=0)


def test_an_option_of_the_command_is_named_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text('title = "A"\n[panel]\nfrom = 2010\nfor = 2012\n')
    found = ask(tmp_path / "store", "study", str(tmp_path / "study.toml")).stderr
    assert found.startswith("Error: panel: 'for' is not a word of a study's file.")


def test_english_loads_no_catalogue() -> None:
    program = (
        "import sys\nfrom folkestrom.app.cli.main import app\n"
        "sys.argv = ['folkestrom', 'table', '--help']\n"
        "try:\n    app()\nexcept SystemExit:\n    pass\n"
        "from folkestrom.app.cli.language import catalogue\n"
        "assert not catalogue._norwegian.cache_info().currsize\n"
        "assert 'folkestrom.app.cli.language.help' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert asked(("--lang", "en")) is as_it_is
    assert asked(("--", "--lang", "no")) is as_it_is


def test_what_is_lacking_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    short = [row for row in catalogue() if row["en"] not in ("is not a year", "the store")]
    monkeypatch.setattr(templates, "catalogue", lambda: short)
    assert {one[:2] for one in lacking()} == {("text", "is not a year"), ("where", "the store")}

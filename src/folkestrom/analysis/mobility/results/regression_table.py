"""Estimates of one or several models as a table for a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

import numpy as np

from folkestrom.analysis.inference.clusters import note_of_clusters
from folkestrom.analysis.inference.distributions import two_sided
from folkestrom.analysis.mobility.panel.panel import Position
from folkestrom.analysis.mobility.results.result import MobilityFit
from folkestrom.analysis.mobility.results.table_formats import FORMATS, Line, TextTable
from folkestrom.columns import check_arguments
from folkestrom.errors import UsageError

Language = Literal["en", "no"]

#: Words of the table, in English and Norwegian.
WORDS: dict[str, tuple[str, str]] = {
    "intercept": ("Constant", "Konstant"),
    "effects": ("Person random effects", "Tilfeldige personeffekter"),
    "of_groups": ("Random effects of", "Tilfeldige effekter av"),
    "nested": ("{}: persons within {} groups of {}", "{}: personer i {} grupper av {}"),
    "variance": ("Variance", "Varians"),
    "correlation": ("Correlation", "Korrelasjon"),
    "with": ("with", "med"),
    "rows": ("Person-years", "Personår"),
    "persons": ("Persons", "Personer"),
    "value": ("Log-likelihood", "Log-likelihood"),
    "aic": ("AIC", "AIC"),
    "bic": ("BIC", "BIC"),
    "base": ("Outcomes are compared with", "Utfallene er sammenlignet med"),
    "references": ("Levels are compared with", "Nivåene er sammenlignet med"),
    "errors": ("Standard errors in parentheses", "Standardfeil i parentes"),
    "observed": ("from the observed information", "fra observert informasjon"),
    "bhhh": ("from products of scores", "fra kryssprodukter av skårer"),
    "clustered": ("clustered (sandwich)", "klyngerobuste (sandwich)"),
    "bread": ("information from {} of {} persons", "informasjon fra {} av {} personer"),
    "clusters": ("{} clusters", "{} klynger"),
    "few": (
        "{}: clusters are too few for {} parameters, and standard errors too small",
        "{}: klyngene er for få for {} parametre, og standardfeilene for små",
    ),
    "stars": ("* p < 0.05, ** p < 0.01, *** p < 0.001", "* p < 0,05, ** p < 0,01, *** p < 0,001"),
    "failed": ("NOT CONVERGED", "HAR IKKE KONVERGERT"),
    "caption": ("Multinomial logit of mobility", "Multinomisk logit for mobilitet"),
}


def regression_table(
    fits: MobilityFit | Sequence[MobilityFit] | Mapping[str, MobilityFit],
    *,
    format: Literal["markdown", "html", "latex"] = "markdown",
    lang: Language = "en",
    stars: bool = False,
    digits: int = 3,
    labels: Mapping[str, str] | None = None,
    caption: str | None = None,
) -> str:
    """Estimates of one or several models, a column for each model and outcome.

    Parameters
    ----------
    fits
        A model, several, or several by name.
    format
        markdown, html or latex (with the package booktabs).
    lang
        en or no: words, decimal signs.
    stars
        Whether small p are marked.
    digits
        Decimals of estimates.
    labels
        Texts for coefficients (``sex[woman]``), covariates or outcomes, instead of their names.
    caption
        Above the table.

    Examples
    --------
    >>> regression_table([])
    Traceback (most recent call last):
        ...
    folkestrom.errors.UsageError: there is no model for the table.
    """
    check_arguments(regression_table, locals())
    if format not in FORMATS:
        raise UsageError("is no format of tables", value=format, allowed=list(FORMATS))
    if digits < 0:
        raise UsageError("is negative", where="regression_table, digits", value=digits)
    named = by_name(fits)
    if not named:
        raise UsageError("there is no model for the table")
    writer = _Writer(named, lang, stars, digits, labels or {})
    return FORMATS[format](writer.printed(caption or writer.word("caption")))


def by_name(
    fits: MobilityFit | Sequence[MobilityFit] | Mapping[str, MobilityFit],
) -> dict[str, MobilityFit]:
    """Models by name; by number where they have none.

    Parameters
    ----------
    fits
        A model, several, or several by name.
    """
    if isinstance(fits, Mapping):
        return dict(fits)
    if isinstance(fits, Sequence):
        return {f"({k + 1})": fit for k, fit in enumerate(fits)}
    return {"(1)": fits}


def shown_name(position: Position) -> str:
    """A coefficient's name as a reader would like it.

    Parameters
    ----------
    position
        Its row of the coefficient table.

    Examples
    --------
    >>> shown_name(Position("sex:place", "woman:urban"))
    'sex × place: woman × urban'
    """
    term = position.term.replace(":", " × ")
    return f"{term}: {position.level.replace(':', ' × ')}" if position.level else term


class _Writer:
    """Writes cells in one language and manner."""

    def __init__(
        self,
        fits: Mapping[str, MobilityFit],
        lang: Language,
        stars: bool,
        digits: int,
        labels: Mapping[str, str],
    ) -> None:
        self.fits = fits
        self.lang = lang
        self.stars = stars
        self.digits = digits
        self.labels = labels

    def word(self, key: str) -> str:
        return WORDS[key][self.lang == "no"]

    def text(self, name: str) -> str:
        return self.labels.get(name, name)

    def printed(self, caption: str) -> TextTable:
        """The table's content, whatever its format."""
        groups = [(name, len(fit.outcomes) - 1) for name, fit in self.fits.items()]
        columns = [self.text(o) for fit in self.fits.values() for o in fit.outcomes[1:]]
        body = [*self._coefficients(), *self._effects()]
        return TextTable(caption, groups, columns, body, self._foot(), self._notes())

    def _coefficients(self) -> list[Line]:
        positions = {
            fit.positions[p].label: fit.positions[p] for fit in self.fits.values() for p in fit.free
        }
        out = []
        for label, position in positions.items():
            name = self.word("intercept") if label == "(intercept)" else shown_name(position)
            cells: list[tuple[str, str]] = []
            for fit in self.fits.values():
                values, errors = fit.params_, fit.bse_
                for outcome in fit.outcomes[1:]:
                    key = f"{outcome}: {label}"
                    has = key in values
                    cells.append(self._cell(values[key], errors[key]) if has else ("", ""))
            out.append(Line(self.labels.get(label, name), cells))
        return out

    def _effects(self) -> list[Line]:
        """Variances and correlations of persons' effects, then of those of groups."""
        fits, out = self.fits.values(), []
        names = dict.fromkeys(f.covariance.within for f in fits if f.covariance.within)
        if any(fit.covariance.effects for fit in fits):
            out = self._level(self.word("effects"), "")
        for name in names:
            out += self._level(f"{self.word('of_groups')} {self.text(name)}", f"[{name}]")
        return out

    def _level(self, label: str, suffix: str) -> list[Line]:
        cells: list[tuple[str, str]] = []
        for fit in self.fits.values():
            values, errors = fit.params_, fit.bse_
            for outcome in fit.outcomes[1:]:
                key = f"var({outcome}){suffix}"
                has = key in values
                cells.append(self._cell(values[key], errors[key], test=False) if has else ("", ""))
        out = [Line(f"{label}: {self.word('variance').lower()}", cells)]
        return out + self._correlations(label, suffix)

    def _correlations(self, label: str, suffix: str) -> list[Line]:
        """Each correlation stands in the column of its later outcome."""
        out: dict[str, list[tuple[str, str]]] = {}
        width = sum(len(fit.outcomes) - 1 for fit in self.fits.values())
        first = 0
        for fit in self.fits.values():
            names, found = fit.outcomes[1:], fit.correlations_
            for one, other in combinations(names, 2):
                key = f"corr({one},{other}){suffix}"
                if key in found:
                    name = f"{self.word('correlation')} {self.word('with')} {self.text(one)}"
                    line = out.setdefault(name, [("", "")] * width)
                    line[first + names.index(other)] = self._cell(*found[key], test=False)
            first += len(names)
        return [Line(f"{label}: {name[0].lower()}{name[1:]}", line) for name, line in out.items()]

    def _foot(self) -> list[tuple[str, list[str]]]:
        fits = list(self.fits.values())
        return [
            (self.word("rows"), [self._count(fit.rows) for fit in fits]),
            (self.word("persons"), [self._count(fit.persons) for fit in fits]),
            (self.word("value"), [self._number(fit.log_likelihood_, 1) for fit in fits]),
            (self.word("aic"), [self._number(fit.aic_, 1) for fit in fits]),
            (self.word("bic"), [self._number(fit.bic_, 1) for fit in fits]),
        ]

    def _notes(self) -> list[str]:
        fits = self.fits.values()
        bases = dict.fromkeys(self.text(fit.outcomes[0]) for fit in fits)
        references = dict.fromkeys(
            f"{self.text(p.term)} {p.level}"
            for fit in fits
            for p in fit.positions
            if p.reference and p.level != "(reference)"
        )
        kinds = dict.fromkeys(self._kind(fit) for fit in fits)
        notes = [f"{self.word('base')}: {', '.join(bases)}."]
        if references:
            notes.append(f"{self.word('references')}: {', '.join(references)}.")
        notes.append(f"{self.word('errors')}, {', '.join(kinds)}.")
        if self.stars:
            notes.append(f"{self.word('stars')}.")
        notes += [
            f"{self.word('nested').format(name, fit.groups, self.text(fit.covariance.within))}."
            for name, fit in self.fits.items()
            if fit.groups
        ]
        notes += [
            f"{self.word('few').format(name, fit.theta.size)}."
            for name, fit in self.fits.items()
            if note_of_clusters(fit.clusters or fit.persons, fit.theta.size)
            and fit.clusters is not None
        ]
        notes += [
            f"{self.word('failed')}: {name}: {fit.message_}."
            for name, fit in self.fits.items()
            if not fit.converged_
        ]
        return notes

    def _kind(self, fit: MobilityFit) -> str:
        """The covariance estimator, and from how many persons if not from all."""
        kind = self.word(fit.standard_errors)
        if fit.bread_persons:
            counts = self._count(fit.bread_persons), self._count(fit.persons)
            kind += f", {self.word('bread').format(*counts)}"
        if fit.clusters is not None:
            kind += f", {self.word('clusters').format(self._count(fit.clusters))}"
        return kind

    def _cell(self, value: float, error: float, *, test: bool = True) -> tuple[str, str]:
        marks = ""
        if self.stars and test and error > 0:
            p = two_sided(value / error)
            marks = "*" * sum(p < limit for limit in (0.05, 0.01, 0.001))
        shown = self._number(error, self.digits) if np.isfinite(error) else "–"
        return self._number(value, self.digits) + marks, f"({shown})"

    def _number(self, value: float, digits: int) -> str:
        if not np.isfinite(value):
            return "–"
        whole, _, rest = f"{abs(value):,.{digits}f}".partition(".")
        sign = "−" if value < 0 and float(f"{value:.{digits}f}") else ""
        point = "," if self.lang == "no" else "."
        return sign + self._grouped(whole) + (point + rest if rest else "")

    def _count(self, value: int) -> str:
        return self._grouped(f"{value:,}")

    def _grouped(self, whole: str) -> str:
        return whole.replace(",", "\u00a0" if self.lang == "no" else ",")

"""The calendar for other programs: iCalendar (RFC 5545) and Atom (RFC 4287).

Both have titles and times that are announced, and nothing of a figure.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

from folkestrom.app.public.site.texts import text
from folkestrom.app.public.site.views import Coming
from folkestrom.model.specification import Language
from folkestrom.model.text import printable

_ATOM = "http://www.w3.org/2005/Atom"
#: Octets of a line of iCalendar.
_LINE = 73
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def icalendar(coming: list[Coming], language: Language, host: str) -> bytes:
    """Releases as events.

    Parameters
    ----------
    coming
        Those that are announced, and those that are out.
    language
        Of titles.
    host
        Name of the server, for the names of events.
    """
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//folkestrom//releases//EN",
        f"X-WR-CALNAME:{_escaped(text('calendar', language))}",
    ]  # fmt: skip
    for one in coming:
        if one.due is None:
            continue
        ids = "-".join(id for _, found in one.titles for id in found)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escaped(f'{_stamp(_first(one.due, one))}-{ids}')}@{host}",
            f"DTSTAMP:{_stamp(_told(one, one.due))}",
            f"SEQUENCE:{len(one.moved)}",
            f"DTSTART:{_stamp(one.due)}",
            f"DTEND:{_stamp(one.due + timedelta(minutes=15))}",
            f"SUMMARY:{_escaped(_title(one))}",
            f"STATUS:{'CANCELLED' if one.withdrawn else 'CONFIRMED'}",
            *(f"COMMENT:{_escaped(printable(moved.why))}" for moved in one.moved),
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return b"".join(map(_folded, lines))


def _title(one: Coming) -> str:
    """What comes out: each title once, with the numbers of its tables."""
    return printable("; ".join(f"{title} ({', '.join(ids)})" for title, ids in one.titles))


def _first(due: datetime, one: Coming) -> datetime:
    """When a release was first announced for: an event that is moved keeps its name."""
    return next((moved.before for moved in one.moved if moved.before), due)


def _told(one: Coming, due: datetime) -> datetime:
    """When the calendar last said something else of it."""
    return one.told or (one.moved[-1].at if one.moved else due)


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def _escaped(value: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", " ".join(value.split()))


def _folded(line: str) -> bytes:
    """A line in pieces that are short enough, never within a character."""
    pieces, piece = [], b""
    for character in line:
        octets = character.encode()
        if len(piece) + len(octets) > _LINE:
            pieces.append(piece)
            piece = b""
        piece += octets
    return b"\r\n ".join([*pieces, piece]) + b"\r\n"


def atom(releases: list[Coming], language: Language, home: str) -> bytes:
    """Releases as a feed, those that are announced and those that are out.

    Parameters
    ----------
    releases
        The releases.
    language
        Of titles.
    home
        Address of the front page.
    """
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": language})
    dated = [(one, one.due) for one in releases if one.due is not None]
    newest = max((_told(one, due) for one, due in dated), default=_BEGINNING)
    _element(feed, "title", f"{text('site', language)}: {text('calendar', language)}")
    _element(feed, "id", f"{home}feed.atom")
    _element(feed, "updated", f"{newest:%Y-%m-%dT%H:%M:%SZ}")
    ET.SubElement(_element(feed, "author", ""), f"{{{_ATOM}}}name").text = text("office", language)
    ET.SubElement(feed, f"{{{_ATOM}}}link", {"rel": "self", "href": f"{home}feed.atom"})
    for one, due in dated:
        entry = ET.SubElement(feed, f"{{{_ATOM}}}entry")
        _element(entry, "title", _title(one))
        ids = "-".join(id for _, found in one.titles for id in found)
        _element(entry, "id", f"{home}calendar#{_stamp(_first(due, one))}-{ids}")
        _element(entry, "updated", f"{_told(one, due):%Y-%m-%dT%H:%M:%SZ}")
        ET.SubElement(entry, f"{{{_ATOM}}}link", {"href": f"{home}calendar"})
        whys = [printable(moved.why) for moved in one.moved]
        _element(entry, "summary", "; ".join([f"{due:%Y-%m-%dT%H:%M:%SZ}", _title(one), *whys]))
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _element(parent: ET.Element, name: str, value: str) -> ET.Element:
    found = ET.SubElement(parent, f"{{{_ATOM}}}{name}")
    found.text = value or None
    return found

"""Whatever the feed does: never a gap, never a double, and the next pull goes on."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from pathlib import Path
from zlib import crc32

import pytest

from folkestrom.errors import InputRefused, UsageError
from folkestrom.intake.feed.folder import FeedFolder
from folkestrom.intake.feed.pull import Pulled, pull
from folkestrom.intake.feed.sources import HttpFeed, SavedFeed
from tests.intake.feed import desk
from tests.intake.feed.register import Register
from tests.intake.feed.service import Answer, Fault, Service, serving

EVENTS = 2_350


@pytest.fixture(scope="module")
def register() -> Register:
    """So many events that they need three pages; one in ten is read, and has documents."""
    made = Register()
    made.take([desk.start(person) for person in range(1, 1 + EVENTS // 10)])
    for at in range(EVENTS - EVENTS // 10):
        made.tell(1 + at % 100, "endringINavn", desk.AT, [])
    return made


def asked(
    service: Service, folder: Path, patience: float = 60, start: int | None = None
) -> tuple[list[float], Pulled]:
    """Pull from a service; pauses are noted, not made."""
    pauses: list[float] = []
    with serving(service) as url, closing(HttpFeed(url)) as source:
        done = pull(source, FeedFolder(folder), start=start, patience=patience, sleep=pauses.append)
    return pauses, done


def numbers(folder: Path) -> list[int]:
    found = []
    for page in FeedFolder(folder).pages():
        found += [entry.sekvensnummer for entry in page.entries()]
    return found


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.glob("*/*json"))}


@pytest.fixture(scope="module")
def undisturbed(register: Register, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed") / "feed"
    pauses, done = asked(Service(register), folder)
    assert (done.events, done.last, done.gone, pauses) == (EVENTS, EVENTS, 0, [])
    return content(folder)


def test_pages_and_documents_are_saved_as_received(
    register: Register, undisturbed: dict[str, bytes]
) -> None:
    pages = [name for name in undisturbed if name.startswith("pages")]
    assert pages == [
        "pages/000000000001-000000001000.json",
        "pages/000000001001-000000002000.json",
        "pages/000000002001-000000002350.json",
    ]
    assert undisturbed[pages[1]] == register.page(1001)
    lines = undisturbed["documents/000000000001-000000001000.ndjson"].splitlines()
    saved = {json.loads(line)["dokumentidentifikator"]: json.loads(line) for line in lines}
    assert saved == {
        name: json.loads(raw) for name, raw in register.documents.items() if name in saved
    }
    # No document of what is ignored anyway has been asked for.
    assert len(saved) == EVENTS // 10


def broken(kind: str) -> Fault:
    """Of every third thing that is asked for the first two answers are faults."""
    body = b'[{"sekvensnummer": 1, "hend'
    answers = {
        "500": lambda: Answer(500, b'{"kode": "FREG-001"}'),
        "cut": lambda: Answer(200, body * 9, cut=40),
        "half": lambda: Answer(200, body),
        "429": lambda: Answer(429, Retry_After="1500"),
        "hung up": lambda: Answer(200, b"x" * 1000, cut=0),
        "another": lambda: Answer(503),
    }
    seen: Counter[str] = Counter()

    def fault(path: str, before: int) -> Answer | None:
        seen[path] += 1
        return answers[kind]() if crc32(path.encode()) % 3 == 0 and seen[path] <= 2 else None

    return fault


@pytest.mark.parametrize("kind", ["500", "cut", "half", "429", "hung up", "another"])
def test_a_fault_that_passes_changes_nothing(
    kind: str, register: Register, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    pauses, _ = asked(Service(register, broken(kind)), tmp_path / "feed")
    assert content(tmp_path / "feed") == undisturbed
    # This register counts Retry-After in milliseconds.
    assert min(pauses) == (1.5 if kind == "429" else 1)


def disordered(kind: str, register: Register) -> Fault:
    """The first answer to the question for the second page is another one."""
    pages = {
        "repeats": register.page(1),
        "skips": register.page(1002),
        "jumps back": register.page(500),
        "skips within": json.dumps(
            [e for e in json.loads(register.page(1001)) if e["sekvensnummer"] != 1500]
        ).encode(),
        "repeats within": json.dumps(json.loads(register.page(1001)) * 2).encode(),
    }
    seen = set()

    def fault(path: str, before: int) -> Answer | None:
        if path != "hendelser/feed?seq=1001" or path in seen:
            return None
        seen.add(path)
        return Answer(200, pages[kind])

    return fault


DISORDER = ["repeats", "skips", "jumps back", "skips within", "repeats within"]


@pytest.mark.parametrize("kind", DISORDER)
def test_disorder_that_passes_changes_nothing(
    kind: str, register: Register, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    asked(Service(register, disordered(kind, register)), tmp_path / "feed")
    assert content(tmp_path / "feed") == undisturbed


@pytest.mark.parametrize("kind", DISORDER)
def test_nothing_beyond_disorder_is_saved_and_the_next_pull_goes_on(
    kind: str, register: Register, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "feed"
    says = "skipped number" if "skips" in kind else "repeated number"
    with pytest.raises(InputRefused, match=says) as caught:
        asked(Service(register, disordered(kind, register)), folder, patience=0)
    assert "Pull again later" in str(caught.value)
    assert numbers(folder) == list(range(1, 1001))
    assert asked(Service(register), folder)[1].events == EVENTS - 1000
    assert content(folder) == undisturbed


def test_a_service_that_goes_away_for_a_day_ends_the_pull_and_the_next_goes_on(
    register: Register, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "feed"
    gone = Service(register, lambda _, before: Answer(503) if before > 150 else None)
    with pytest.raises(InputRefused, match="the feed: answered with the status 503"):
        asked(gone, folder)
    assert numbers(folder) == []
    asked(Service(register), folder)
    assert content(folder) == undisturbed


def test_pauses_grow_and_end_with_patience(register: Register, tmp_path: Path) -> None:
    pauses: list[float] = []
    service = Service(register, lambda *_: Answer(500))
    with serving(service) as url, closing(HttpFeed(url)) as source, pytest.raises(InputRefused):
        pull(source, FeedFolder(tmp_path / "feed"), sleep=pauses.append)
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert sum(pauses) <= 900


def test_what_is_not_new_is_not_sent_again(register: Register, tmp_path: Path) -> None:
    service = Service(register)
    for _ in range(2):
        asked(service, tmp_path / "feed")
    assert service.asked[-1] == service.asked[-2] == f"hendelser/feed?seq={EVENTS + 1}"
    assert service.headers[-1]["If-None-Match"] == f'"{EVENTS + 1}-{EVENTS}"'


def test_what_comes_later_is_pulled_later(tmp_path: Path) -> None:
    register = Register()
    register.take([desk.start()])
    service = Service(register)
    for expected in ([1], [1], [1, 2]):
        if len(expected) > 1:
            register.take([desk.move()])
        asked(service, tmp_path / "feed")
        assert numbers(tmp_path / "feed") == expected


def test_what_is_older_than_36_months_is_said(register: Register, tmp_path: Path) -> None:
    service = Service(register, oldest=1001)
    with pytest.raises(InputRefused, match=r"older than 36 months[\s\S]*--start"):
        asked(service, tmp_path / "feed")
    _, done = asked(service, tmp_path / "feed", start=1001)
    assert (done.events, done.last) == (EVENTS - 1000, EVENTS)
    with pytest.raises(UsageError, match="is saved already"):
        asked(service, tmp_path / "feed", start=EVENTS)


@pytest.mark.parametrize(
    ("status", "says"), [(401, "gives no access"), (403, "gives no access"), (404, "status 404")]
)
def test_what_waiting_does_not_mend_ends_at_once(
    status: int, says: str, register: Register, tmp_path: Path
) -> None:
    service = Service(register, lambda *_: Answer(status))
    with pytest.raises(UsageError, match=says):
        asked(service, tmp_path / "feed")
    assert len(service.asked) == 1


def test_an_address_that_is_none_is_said(tmp_path: Path) -> None:
    with closing(HttpFeed("folkeregisteret.no/api")) as source, pytest.raises(UsageError) as caught:
        pull(source, FeedFolder(tmp_path / "feed"))
    assert "is no address" in str(caught.value)


def test_the_token_is_sent_and_written_nowhere(
    register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOLKESTROM_FEED_TOKEN", "s3cret")
    service = Service(register)
    asked(service, tmp_path / "feed")
    assert {h["Authorization"] for h in service.headers} == {"Bearer s3cret"}
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and b"s3cret" in p.read_bytes()]


def test_a_document_that_is_gone_does_not_stop_the_feed(tmp_path: Path) -> None:
    register = Register()
    register.take([desk.start(), desk.move()])
    register.documents.clear()
    _, done = asked(Service(register), tmp_path / "feed")
    assert (done.events, done.gone) == (2, 2)
    desk.reading(tmp_path / "feed", tmp_path / "reports")
    assert desk.reasons(tmp_path) == ["no_document"] * 2


def test_a_document_that_is_gone_is_asked_for_again(tmp_path: Path) -> None:
    """It may have been a fault of a day: then nothing is lost, and nothing is told twice."""
    register = Register()
    register.take([desk.start(), desk.start(desk.JOHN), desk.move()])
    gone = register.documents.pop(next(iter(register.documents)))
    name = json.loads(gone)["dokumentidentifikator"]
    folder = tmp_path / "feed"
    assert asked(Service(register), folder)[1].gone == 1
    desk.reading(folder, tmp_path / "reports")
    assert desk.reasons(tmp_path) == ["no_document"]
    _, still = asked(Service(register), folder)
    assert (still.gone, still.documents) == (1, 0)
    register.documents[name] = gone
    _, done = asked(Service(register), folder)
    assert (done.gone, done.documents, done.events) == (0, 2, 0)
    desk.reading(folder, tmp_path / "reports")
    assert desk.waiting(tmp_path / "reports") == []
    told = desk.records(tmp_path / "reports")
    assert sorted(r["kind"] for r in told) == ["immigration", "immigration", "move"]
    service = Service(register)
    assert asked(service, folder)[1].documents == 0
    assert all(path.startswith("hendelser/feed") for path in service.asked)


def test_a_person_document_that_is_gone_is_asked_for_again(tmp_path: Path) -> None:
    register = Register()
    register.take([desk.start()])
    persons = dict(register.persons)
    register.persons.clear()
    folder = tmp_path / "feed"
    _, done = asked(Service(register), folder)
    assert (done.gone, done.documents) == (1, 1)
    register.persons |= persons
    _, done = asked(Service(register), folder)
    assert (done.gone, done.documents) == (0, 1)
    lines = [(folder / kind / "000000000001-000000000001.ndjson").read_bytes().splitlines()
             for kind in ("documents", "persons")]  # fmt: skip
    assert [len(some) for some in lines] == [1, 1]


def test_it_says_how_many_documents_are_not_asked_for(register: Register, tmp_path: Path) -> None:
    _, done = asked(Service(register), tmp_path / "feed")
    assert (done.ignored, done.documents) == (EVENTS - EVENTS // 10, 2 * (EVENTS // 10))


def test_a_service_that_goes_away_between_pages_loses_nothing(
    register: Register, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    """What came before is there and can be read; the next day's pull begins with the next page."""
    folder = tmp_path / "feed"

    def gone(path: str, before: int) -> Answer | None:
        return Answer(200, b"x" * 99, cut=0) if path.endswith("seq=1001") else None

    with pytest.raises(InputRefused, match="did not answer, or not to the end") as caught:
        asked(Service(register, gone), folder)
    assert "goes on after the last page that is saved" in str(caught.value)
    assert numbers(folder) == list(range(1, 1001))
    service = Service(register)
    asked(service, folder)
    assert service.asked[0] == "hendelser/feed?seq=1001"
    assert content(folder) == undisturbed


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    register = Register()
    register.take([desk.start()])
    desk.pulled(register, tmp_path / "feed")
    assert (tmp_path / "feed").stat().st_mode & 0o777 == 0o700
    files = [p for p in (tmp_path / "feed").rglob("*") if p.is_file()]
    assert {p.stat().st_mode & 0o077 for p in files} == {0}


def test_two_pulls_at_a_time_are_refused(register: Register, tmp_path: Path) -> None:
    folder = FeedFolder(tmp_path / "feed")
    folder.make()
    with folder.alone(), pytest.raises(UsageError, match="written by another process"):
        desk.pulled(register, folder.path)


def test_a_saved_folder_is_pulled_whatever_its_files(
    register: Register, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    saved = tmp_path / "saved"
    (saved / "more").mkdir(parents=True)
    (saved / "page.json").write_bytes(register.page(1))
    (saved / "more" / "pages.ndjson").write_bytes(
        b"\n".join(json.dumps(json.loads(register.page(n))).encode() for n in (2001, 1001))
    )
    for name, raw in list(register.documents.items())[: EVENTS // 10]:
        (saved / f"{name}.json").write_bytes(raw)
        (saved / f"{name[::-1]}.json").write_bytes(register.person_document(name[::-1]))
    pull(SavedFeed(saved), FeedFolder(tmp_path / "feed"))
    found = content(tmp_path / "feed")
    assert found.keys() == undisturbed.keys()
    assert numbers(tmp_path / "feed") == list(range(1, EVENTS + 1))
    for kind in ("documents", "persons"):
        names = [name for name in found if name.startswith(kind)]
        assert [found[n] for n in names] == [undisturbed[n] for n in names]
    # A folder that was pulled into can be pulled from.
    pull(SavedFeed(tmp_path / "feed"), FeedFolder(tmp_path / "again"))
    assert content(tmp_path / "again") == found


def test_a_saved_folder_that_is_none_or_broken_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        SavedFeed(tmp_path / "none")
    (tmp_path / "a.json").write_text("[1, ")
    with pytest.raises(InputRefused, match="cut off"):
        SavedFeed(tmp_path)

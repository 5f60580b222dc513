"""Keys and pseudonyms."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from folkestrom.errors import UsageError
from folkestrom.intake.feed import mapping
from folkestrom.intake.feed.index import Index
from folkestrom.intake.feed.reasons import Reason, UnreadableError
from folkestrom.intake.identities.pseudonyms import Key, make_key, read_key
from tests.intake.feed.desk import KEY


def test_a_pseudonym_is_the_first_63_bits_of_the_keyed_hash() -> None:
    digest = hmac.new(KEY.secret, b"person:10858099914", hashlib.sha256).hexdigest()
    assert KEY.pseudonym("person", "10858099914")[0] == int(digest[:16], 16) // 2


def test_pseudonyms_are_positive_and_differ_by_key_and_kind() -> None:
    found = {KEY.pseudonym("person", str(number))[0] for number in range(20_000)}
    assert len(found) == 20_000
    assert all(0 < pseudonym < 2**63 for pseudonym in found)
    assert KEY.pseudonym("person", "1") != KEY.pseudonym("dwelling", "1")
    assert KEY.pseudonym("person", "1") != Key(bytes(32)).pseudonym("person", "1")


def test_a_key_is_its_owners_alone_and_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a.key"
    made = make_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_key(file) == made
    assert made.secret.hex() not in repr(made)
    with pytest.raises(UsageError, match="exists"):
        make_key(file)
    assert read_key(file) == made


def test_a_key_that_cannot_be_right_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.key"
    with pytest.raises(UsageError, match="is no file"):
        read_key(file)
    make_key(file)
    file.chmod(0o640)
    with pytest.raises(UsageError, match="may be read by others"):
        read_key(file)
    file.chmod(0o600)
    with pytest.raises(UsageError, match="kept apart"):
        read_key(file, tmp_path / "elsewhere", tmp_path)
    file.write_text("secret")
    with pytest.raises(UsageError, match="is no key") as caught:
        read_key(file)
    assert "secret" not in str(caught.value)


def test_two_numbers_of_one_pseudonym_are_told_apart_at_the_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Key, "pseudonym", lambda _self, _kind, text: (7, int(text) % 1000))
    with Index.opened(tmp_path / "index.db") as index:
        door = mapping.Mapper(index, KEY, "source")
        assert door.person("10858099914") == 7
        assert door.person("10858099914") == 7
        with pytest.raises(UnreadableError) as caught:
            door.person("10858099833")
    assert caught.value.reason is Reason.COLLISION
    assert "10858099833" not in str(caught.value)

"""The texts of the site."""

from __future__ import annotations

from typing import Final

from folkestrom.app.pages.texts import Texts

text: Final = Texts(__package__)

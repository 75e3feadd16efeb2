"""In which language the terminal is spoken to: MERKEZ_LANG, else the locale; where neither says, both, Turkish first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controlroom.failures import Words

ASKED = ("MERKEZ_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def language() -> str:
    """Return "tr", "en" or "" (both)."""
    asked = next((value for name in ASKED if (value := os.environ.get(name))), "")[:2]
    return asked if asked in {"tr", "en"} else ""


def lines(words: Words) -> list[str]:
    """Return the sentence as the lines to print: one, or one for each language."""
    if words.tr == words.en:
        return [words.tr]
    return {"tr": [words.tr], "en": [words.en]}.get(language(), [words.tr, words.en])


def inline(words: Words) -> str:
    """Return a few words for the middle of a line, "Türkçe / English" where both are due."""
    return " / ".join(lines(words))

"""What the service says when it refuses, in the caller's language.

The rules speak English; every sentence of theirs has an Indonesian one in `sentences_id.toml`, so
that a rule stays a line of code and a translation a line of text. A slot may hold a sentence of
ours itself, as `line 7: {why}` does; it is translated too.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

SLOT = re.compile(r"\{(\w+)\}")
SENTENCES = ("why", "what_to_do")
"""The slots that hold sentences."""


def in_language(sentence: str, language: str) -> str:
    """The sentence in `id` or `en`; one that nobody has translated stays as it is."""
    return _in_indonesian(sentence) if language == "id" else sentence


@cache
def catalogue() -> Mapping[str, str]:
    """Indonesian by English templates."""
    text = (files("jaringan_usaha.api") / "sentences_id.toml").read_text("utf-8")
    return {
        english: indonesian
        for table in tomllib.loads(text).values()
        for english, indonesian in table.items()
    }


@cache
def _fixed() -> Mapping[str, str]:
    return {english: text for english, text in catalogue().items() if not SLOT.search(english)}


@cache
def _slotted() -> list[tuple[str, re.Pattern[str], str]]:
    """What each begins with, its pattern, and the other side; those with most words of their own
    first, since a slot takes whatever stands in it."""
    found = []
    for english, indonesian in sorted(catalogue().items(), key=lambda pair: _own(pair[0])):
        parts = SLOT.split(english)
        if len(parts) > 1:
            pattern = "".join(
                re.escape(part) if at % 2 == 0 else _slot(part, parts[1:at:2])
                for at, part in enumerate(parts)
            )
            found.append((parts[0], re.compile(pattern, re.DOTALL), indonesian))
    return found


def _own(template: str) -> int:
    """The more letters outside the slots, the smaller."""
    return -len(SLOT.sub("", template))


def _slot(name: str, before: list[str]) -> str:
    return f"(?P={name})" if name in before else f"(?P<{name}>.+?)"


def _in_indonesian(sentence: str) -> str:
    fixed = _fixed().get(sentence)
    if fixed is not None:
        return fixed
    for start, pattern, indonesian in _slotted():
        found = pattern.fullmatch(sentence) if sentence.startswith(start) else None
        if found:
            told = found.groupdict()
            said = {name: _in_indonesian(told[name]) for name in SENTENCES if name in told}
            return indonesian.format_map(told | said)
    return sentence

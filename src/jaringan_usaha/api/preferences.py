"""What a caller would rather have, by the weights that headers give (RFC 9110, 12.4.2)."""

import re
from functools import lru_cache

MOST_CHARACTERS = 256
"""Of a header that are looked at; browsers send about fifty."""
_WEIGHT = re.compile(r"q\s*=\s*([01](?:\.[0-9]{0,3})?)")
_LANGUAGE = re.compile(r"(id|en|\*)(?![a-z0-9])")


def language_in(accepted: str) -> str:
    """`en` when the value of `Accept-Language` prefers English to Indonesian; `id` otherwise."""
    return _language_in(accepted[:MOST_CHARACTERS])


@lru_cache(maxsize=256)
def _language_in(accepted: str) -> str:
    told: dict[str, float] = {}
    for name, weight in _weighed(accepted):
        if tag := _LANGUAGE.match(name):
            told[tag[1]] = max(told.get(tag[1], 0.0), weight)
    anything = told.pop("*", 0.0)
    for name in ("id", "en"):
        told.setdefault(name, anything)
    best = max(told, key=lambda name: told[name])  # of equals the one that is named first
    return best if told[best] else "id"


def takes_gzip(accepted: str) -> bool:
    """Whether the value of `Accept-Encoding` lets an answer be packed."""
    return any(
        name in ("gzip", "x-gzip") and weight > 0
        for name, weight in _weighed(accepted[:MOST_CHARACTERS])
    )


def _weighed(accepted: str) -> list[tuple[str, float]]:
    """Each name with its weight, in the order of the header; 1 where none is readable."""
    found = []
    for each in accepted.lower().split(","):
        name, _, parameter = each.partition(";")
        told = _WEIGHT.fullmatch(parameter.strip())
        found.append((name.strip(), float(told[1]) if told else 1.0))
    return found

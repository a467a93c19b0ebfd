"""Whatever the service refuses, it can say so in Indonesian."""

import re
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from house.sentences import sentences
from jaringan_usaha.api.fields import Body
from jaringan_usaha.api.validation import errors_of
from jaringan_usaha.api.words import SLOT, catalogue, in_language
from jaringan_usaha.app import FEATURE_ROUTES

SAID = sorted(sentences())
MISFITS = (
    None, True, -1, 0, 10**30, 1.5, "", "x", "x" * 5_000, "é !", [], {},
    "2026-13-45", "2026-11-24T17:00:00", "9999-12-31T23:59:59-23:00",
)  # fmt: skip
"""What no field, or hardly any, is happy with."""


def bodies(kind: type[Body] = Body) -> Iterator[type[Body]]:
    assert FEATURE_ROUTES
    for each in kind.__subclasses__():
        yield each
        yield from bodies(each)


def test_the_source_is_read() -> None:
    assert len(SAID) > 90
    assert "there is no cycle {cycle_id}" in SAID


@pytest.mark.parametrize("template", SAID)
def test_every_sentence_of_the_source_has_an_indonesian_one(template: str) -> None:
    assert template in catalogue()
    said = _filled(template)
    assert in_language(said, "id") == _filled(catalogue()[template])
    assert in_language(said, "en") == said


@pytest.mark.parametrize("template", SAID)
def test_no_two_slots_of_a_sentence_share_a_name(template: str) -> None:
    slots = SLOT.findall(template)
    assert len(set(slots)) == len(slots)


def _filled(template: str) -> str:
    return SLOT.sub(lambda slot: f"<{slot[1]}>", template)


@pytest.mark.parametrize(("english", "indonesian"), catalogue().items())
def test_both_sides_fill_in_the_same(english: str, indonesian: str) -> None:
    assert set(SLOT.findall(indonesian)) <= set(SLOT.findall(english))
    assert english != indonesian


@pytest.mark.parametrize("body", list(bodies()), ids=lambda body: body.__name__)
def test_whatever_a_field_does_not_take_it_says_so_in_indonesian(body: type[Body]) -> None:
    said = set()
    for name, field in body.model_fields.items():
        for misfit in MISFITS:
            for sent in (misfit, [misfit], {"a": misfit}):
                try:
                    body.model_validate({field.alias or name: sent})
                except ValidationError as error:
                    said |= {each["detail"] for each in errors_of(error)}
    assert said
    assert {each for each in said if in_language(each, "id") == each} == set()


def test_what_is_filled_in_is_kept_as_it_was() -> None:
    english = "supplier a {b} has no price for item x on y on 2026-01-15"
    assert in_language(english, "id") == (
        "pemasok a {b} tidak punya harga untuk barang x pada y on 2026-01-15"
    )


def test_a_sentence_within_a_sentence_is_translated_too() -> None:
    assert in_language("line 7: write the day as 2025-09-13 or 13-09-2025", "id") == (
        "baris 7: tulis tanggal seperti 2025-09-13 atau 13-09-2025"
    )


def test_a_sentence_of_few_words_does_not_take_the_place_of_a_longer_one() -> None:
    assert in_language("a quantity is 1 to 9", "id") == "jumlah barang harus 1 sampai 9"


def test_a_sentence_nobody_knows_stays_english() -> None:
    assert in_language("the moon is full", "id") == "the moon is full"


def test_no_translation_is_left_over() -> None:
    """Those of refusals; what pydantic and the framework say stands in no source of ours."""
    theirs = {
        each
        for each in catalogue()
        if re.match("(Input|String|List|Tuple|Dictionary) should|Extra|Field|Value|Date", each)
    }
    theirs |= {"is required", "Not Found", "Method Not Allowed"}
    assert set(catalogue()) - theirs - set(SAID) == set()

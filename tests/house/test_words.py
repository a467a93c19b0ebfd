"""Whatever the service refuses, it can say so in Indonesian."""

import re

import pytest

from house.sentences import sentences
from jaringan_usaha.api.words import SLOT, catalogue, in_language

SAID = sorted(sentences())


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
        if re.match("Input should|(String|List|Tuple|Dictionary) should|Extra|Field|Value", each)
    }
    theirs |= {"is required", "Not Found", "Method Not Allowed"}
    assert set(catalogue()) - theirs - set(SAID) == set()

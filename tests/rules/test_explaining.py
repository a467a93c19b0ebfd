"""One koperasi is told why it got what it got, from figures that the decision was made on."""

import string
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from jaringan_usaha.features.fulfilment.explaining import Expectation, Portion, explain
from jaringan_usaha.features.fulfilment.wording import TEXTS, Language, written

S1 = Portion(
    received_on=date(2026, 1, 15),
    accepted=60,
    sharing="pro_rata",
    outstanding=10,
    outstanding_of_all=65,
    tolerance=4,
    tolerance_of_all=10,
    surplus=0,
    units=9,
)
C = Expectation(
    supplier_id="indofood",
    item_id="minyak-12x1",
    sharing="pro_rata",
    state="receiving",
    firm=10,
    tolerance=4,
    least=0,
    granted=13,
    reason="",
    received=0,
    goods_idr=0,
    alone_idr=0,
    ordered=72,
    cases=3,
    case_size=24,
    firm_of_all=65,
    tolerance_of_all=10,
    claimed_firm=65,
    claimed_tolerance=10,
)


def test_s1_the_whole_paragraph_in_indonesian() -> None:
    item = replace(C, received=9, goods_idr=1_566_000, alone_idr=1_674_000, portions=(S1,))
    assert explain(item, "id") == (
        "Koperasi Anda memesan 10 unit minyak-12x1. "
        "Sampai 4 unit lebih boleh ditambahkan untuk menggenapkan karton. "
        "Semua koperasi bersama-sama memesan 65 unit pasti dan 10 unit toleransi. "
        "Kepada pemasok indofood dipesan 3 karton berisi 24, yaitu 72 unit. "
        "Setelah semua pesanan pasti terpenuhi tersisa 7 unit, dibagi sebanding dengan toleransi: "
        "7 × 4 ÷ 10 = 2 4/5; jatah Anda 10 pasti ditambah bagian itu, yaitu 13 unit. "
        "Unit yang tersisa dari pembulatan diberikan kepada pecahan terbesar; bila pecahannya "
        "sama, kepada yang lebih dahulu memesan. "
        "Pada 15 Januari 2026 diterima 60 unit, sedangkan yang masih ditunggu semua koperasi "
        "65 unit pesanan pasti, 10 di antaranya milik Anda. "
        "Itu kurang, maka toleransi tidak dilayani dan pesanan pasti dibagi sebanding: "
        "60 × 10 ÷ 65 = 9 3/13; Anda menerima 9 unit. "
        "Seluruhnya Anda menerima 9 unit senilai Rp1.566.000; bila membeli sendiri Rp1.674.000. "
        "Masih ditunggu 4 unit dari jatah 13."
    )


def test_s1_the_whole_paragraph_in_english() -> None:
    item = replace(C, received=9, goods_idr=1_566_000, alone_idr=1_674_000, portions=(S1,))
    assert explain(item, "en") == (
        "Your koperasi ordered 10 units of minyak-12x1. "
        "Up to 4 more were welcome to fill a case. "
        "All koperasi together ordered 65 firm units and 10 units of tolerance. "
        "3 cases of 24 were ordered from indofood, that is 72 units. "
        "When all firm orders were served 7 units were left, shared in proportion to tolerance: "
        "7 × 4 ÷ 10 = 2 4/5; your entitlement is 10 firm units and that part, 13 units. "
        "Units left over by rounding go to the largest fractions; where those are equal, to who "
        "ordered first. "
        "On 15 January 2026 60 units were accepted, while all koperasi still expected 65 firm "
        "units, 10 of them yours. "
        "That is too little, so tolerance is not served and firm units are shared in proportion: "
        "60 × 10 ÷ 65 = 9 3/13; you received 9 units. "
        "In all you received 9 units worth Rp1,566,000; bought alone they had cost Rp1,674,000. "
        "4 units of your 13 are still to come."
    )


def test_a2_too_little_is_ordered() -> None:
    item = replace(C, granted=7, ordered=48, cases=2)
    assert "48 × 10 ÷ 65 = 7 5/13; jatah Anda 7 unit." in explain(item, "id")


def test_a3_fewer_than_the_least_are_not_taken() -> None:
    item = replace(C, granted=0, ordered=48, cases=2, least=8, reason="MIN_ACCEPT")
    told = explain(item, "id")
    assert "Kurang dari 8 unit tidak diterima." in told
    assert told.endswith("maka tidak ada yang dipesan untuk Anda.")


def test_too_small_a_part_is_told_as_the_fraction_it_is() -> None:
    item = replace(C, firm=1, tolerance=0, granted=0, ordered=48, cases=2, reason="CASE_NOT_FULL")
    assert "48 × 1 ÷ 65 = 48/65; jatah Anda 0 unit." in explain(item, "id")


def test_a_minimum_that_was_missed_is_told() -> None:
    item = replace(C, granted=0, ordered=0, cases=0, reason="MOQ_NOT_MET")
    told = explain(item, "id")
    assert "tidak ada yang dipesan. Pesanan bersama tidak mencapai pemesanan minimum" in told
    dear = explain(replace(item, reason="HET_EXCEEDED"), "id")
    assert "tidak ada yang dipesan. Dengan jumlah pesanan bersama, harganya melampaui" in dear
    other = explain(replace(item, reason="SOLD_OUT"), "en")
    assert other.endswith("Nothing was ordered for you (SOLD_OUT).")


def test_enough_for_all_firm_orders_needs_no_fraction() -> None:
    item = replace(C, tolerance=0, granted=10, ordered=65, cases=65, case_size=1)
    assert "cukup untuk seluruh pesanan pasti, jadi jatah Anda 10 unit." in explain(item, "id")


@pytest.mark.parametrize(
    ("sharing", "words"), [("first_come", "urutan memesan"), ("priority", "urutan prioritas")]
)
def test_other_rules_of_sharing_have_no_fraction(sharing: str, words: str) -> None:
    portion = replace(S1, sharing=sharing)
    told = explain(replace(C, sharing=sharing, granted=11, portions=(portion,)), "id")
    assert words in told
    assert "÷" not in told


def test_an_entitlement_that_was_amended_is_not_explained_by_a_fraction_it_is_not() -> None:
    told = explain(replace(C, granted=5, ordered=48), "id")
    assert "Setelah perubahan pesanan jatah Anda 5 unit." in told
    assert "÷" not in told


def test_over_delivery_and_surplus_are_told() -> None:
    extra = replace(S1, accepted=5, outstanding=0, outstanding_of_all=0, tolerance=1, units=1)
    extra = replace(extra, tolerance_of_all=3, surplus=2)
    taken = replace(extra, outstanding=0, tolerance=0, units=2, surplus=2)
    told = explain(replace(C, granted=0, received=3, portions=(extra, taken)), "id")
    assert "Kelebihan 3 unit dibagi sebanding dengan toleransi: 3 × 1 ÷ 3 = 1" in told
    assert "Anda mengambil 2 unit kelebihan dari kiriman 15 Januari 2026." in told


def test_what_is_short_for_good_is_told() -> None:
    told = explain(replace(C, state="received", received=9), "id")
    assert told.endswith("Pengiriman sudah selesai; 4 unit dari jatah 13 tidak datang.")
    assert "ditunggu" not in explain(replace(C, received=13), "id")


def test_who_ordered_nothing_and_took_surplus_is_told_so() -> None:
    item = replace(C, firm=0, tolerance=0, granted=0, received=2)
    told = explain(item, "id")
    assert told.startswith("Koperasi Anda tidak memesan minyak-12x1.")
    assert "jatah" not in told


@pytest.mark.parametrize(
    ("figure", "indonesian", "english"),
    [
        (1_234_567, "1.234.567", "1,234,567"),
        (Fraction(360, 13), "27 9/13", "27 9/13"),
        (Fraction(12_345, 10_001), "1 2.344/10.001", "1 2,344/10,001"),
        (Fraction(26, 13), "2", "2"),
        (date(2026, 8, 17), "17 Agustus 2026", "17 August 2026"),
        ("oil", "oil", "oil"),
    ],
)
def test_figures_are_written_as_people_read_them(
    figure: int | Fraction | date | str, indonesian: str, english: str
) -> None:
    assert (written(figure, "id"), written(figure, "en")) == (indonesian, english)


def test_both_languages_say_the_same() -> None:
    fields: dict[Language, dict[str, set[str | None]]] = {
        language: {
            key: {field for _, field, _, _ in string.Formatter().parse(text) if field}
            for key, text in texts.items()
        }
        for language, texts in TEXTS.items()
    }
    assert fields["id"] == fields["en"]


COUNTS = st.integers(0, 100)
PORTIONS = st.builds(
    Portion,
    received_on=st.dates(),
    accepted=COUNTS,
    sharing=st.sampled_from(["pro_rata", "first_come", "priority"]),
    outstanding=COUNTS,
    outstanding_of_all=COUNTS,
    tolerance=COUNTS,
    tolerance_of_all=COUNTS,
    surplus=COUNTS,
    units=COUNTS,
)


@for_all(
    st.builds(
        replace,
        st.just(C),
        sharing=st.sampled_from(["pro_rata", "first_come", "priority"]),
        state=st.sampled_from(["expected", "receiving", "received"]),
        firm=COUNTS,
        tolerance=COUNTS,
        least=COUNTS,
        granted=COUNTS,
        reason=st.sampled_from(["", "MIN_ACCEPT", "MOQ_NOT_MET", "CASE_NOT_FULL", "OTHER"]),
        received=COUNTS,
        ordered=COUNTS,
        cases=COUNTS,
        claimed_firm=COUNTS,
        claimed_tolerance=COUNTS,
        portions=st.lists(PORTIONS, max_size=3).map(tuple),
    )
)
def test_whatever_is_recorded_can_be_told(item: Expectation) -> None:
    for language in TEXTS:
        told = explain(item, language)
        assert told.endswith((".", ")."))
        assert "{" not in told

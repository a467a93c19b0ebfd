"""`jaringan import prices`: shown, asked, and stored only when nothing is open."""

import json
import subprocess
from pathlib import Path

import pytest

from .world import Serving, jaringan, sentence_of

TABLE = "Kode;Nama;Harga\nA1;Beras medium 5 kg;Rp 65.500,-\nA2;Gula pasir 1 kg;hub. sales\n"
DAY = "2026-03-01"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "harga.csv"
    path.write_text(TABLE)
    return path


def prices(
    serving: Serving, file: Path, *options: str, day: str = DAY
) -> "subprocess.CompletedProcess[str]":
    return jaringan(
        *("import", "prices", str(file), "--supplier", "maju", "--valid-from", day),
        *("--url", serving.url, "--key", serving.key, *options),
        folder=file.parent,
    )


def test_a_table_is_shown_asked_about_and_stored(serving: Serving, table: Path) -> None:
    refused = prices(serving, table)
    assert refused.returncode == 1
    assert "maju belum diterima" in sentence_of(refused)
    assert serving.ask("PUT", "/v1/suppliers/maju", {"title": "CV Maju"}).status == 201

    asked = prices(serving, table, "--yes")
    assert asked.returncode == 1
    assert "price:R3 [hub. sales]" in asked.stderr
    assert "Beras medium 5 kg" in asked.stdout
    assert serving.ask("GET", "/v1/price-lists").body["items"] == []

    answers = table.with_name("answers.json")
    answers.write_text(json.dumps({"price:R3": "17250"}))
    ready = prices(serving, table, "--answers", str(answers))
    assert ready.returncode == 0, ready.stderr
    assert "nothing is stored" in ready.stderr
    assert serving.ask("GET", "/v1/price-lists").body["items"] == []

    done = prices(serving, table, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    stored = json.loads(done.stdout)
    assert (stored["state"], stored["questions"]) == ("confirmed", [])
    assert (stored["outcome"]["new"], stored["outcome"]["items_added"]) == (2, 2)
    (listed,) = serving.ask("GET", "/v1/price-lists").body["items"]
    assert (listed["row_count"], listed["valid_from_on"]) == (2, DAY)

    again = prices(serving, table, "--yes")
    assert again.returncode == 0, again.stderr
    assert "stored as price list" in again.stderr


def test_goods_that_are_offered_no_more_end_when_that_is_said(
    serving: Serving, table: Path
) -> None:
    assert serving.ask("PUT", "/v1/suppliers/maju", {"title": "CV Maju"}).status == 201
    table.write_text("Kode;Nama;Harga\nK1;Kopi;5000\nK3;Teh;9000\n")
    assert prices(serving, table, "--yes").returncode == 0
    table.write_text("Kode;Nama;Harga\nK1;Kopi;5000\n")
    asked = prices(serving, table, "--yes", day="2026-04-01")
    assert asked.returncode == 1
    assert "gone: barang berharga" in asked.stderr
    assert "(keep | end)" in asked.stderr
    assert "hilang / gone" in asked.stdout

    answers = table.with_name("answers.json")
    answers.write_text(json.dumps({"gone": "end"}))
    done = prices(serving, table, "--yes", "--answers", str(answers), day="2026-04-01")
    assert done.returncode == 0, done.stderr
    assert "berakhir / ends" in done.stdout
    path = "/v1/items/teh/prices?on=2026-04-"
    assert serving.ask("GET", f"{path}15").body["items"] == []


def test_nobody_who_answers_is_the_end_of_asking(serving: Serving, table: Path) -> None:
    serving.ask("PUT", "/v1/suppliers/maju", {"title": "CV Maju"})
    asked = prices(serving, table, "--answers", "interactive", day="2026-05-01")
    assert asked.returncode == 1
    assert "unexpected" not in asked.stderr
    assert "questions are open; nothing is stored" in asked.stderr
    assert "Beras medium 5 kg" in asked.stdout


def test_what_cannot_be_is_said_in_a_sentence(serving: Serving, table: Path) -> None:
    serving.ask("PUT", "/v1/suppliers/maju", {"title": "CV Maju"})
    wrong = table.with_name("harga.xlsx")
    wrong.write_text(TABLE)
    refused = prices(serving, wrong)
    assert refused.returncode == 1
    assert "price-file-kind" in sentence_of(refused)
    no_answers = table.with_name("answers.json")
    no_answers.write_text("[]")
    assert "holds no answers" in sentence_of(prices(serving, table, "--answers", str(no_answers)))
    no_question = table.with_name("more.json")
    no_question.write_text(json.dumps({"price:R2": "many"}))
    misfit = prices(serving, table, "--answers", str(no_question))
    assert "price-import-answer-invalid" in sentence_of(misfit)

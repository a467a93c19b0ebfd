"""`jaringan import market-prices`: counted to the last row, and the same again changes nothing."""

import json
from pathlib import Path

import pytest

from embedded.world import until
from jaringan_usaha.cli.observing import MOST_BYTES, parts_of
from jaringan_usaha.kernel.market_table import read_csv

from .world import jaringan, nothing_runs, sentence_of

REAL = Path(__file__).parents[3] / "shared" / "data" / "harga_konsumen_kota_bandung.csv"
HEAD = "Timestamp,ID,Komoditas,Satuan,Harga\n"


def test_the_real_table_is_imported_into_ones_own_data(folder: Path) -> None:
    if not REAL.exists():
        pytest.skip(f"{REAL.name} is not in {REAL.parent}")
    arguments = ("import", "market-prices", str(REAL), "--region", "32.73")
    done = jaringan(*arguments, "--json", folder=folder)
    assert done.returncode == 0, done.stderr
    counts = {"rows": 1_625, "prices": 1_368, "unobserved": 299, "late": 42}
    assert json.loads(done.stdout.splitlines()[-1]) == counts
    again = jaringan(*arguments, folder=folder)
    assert again.stdout == "1.625 rows: 1.368 prices, 299 without one, 42 told a day later\n"
    replayed = jaringan("replay", "--json", folder=folder)
    assert replayed.returncode == 0, replayed.stderr
    until(lambda: nothing_runs(folder))


def test_a_large_table_is_sent_in_parts_that_say_the_same() -> None:
    lines = [
        f"{year}-{month:02}-{day:02},{code},Komoditas {code},Rp/kg,{1_000 + day}\n"
        for year in range(1990, 2030)
        for month in range(1, 13)
        for day in range(1, 29)
        for code in range(2)
    ]
    table = (HEAD + "".join(lines)).encode()
    parts = list(parts_of(table))
    assert len(parts) > 1
    assert all(len(part) < MOST_BYTES + 10_000 for part in parts)
    found = [read_csv(part.decode()) for part in parts]
    assert sum(each.rows for each in found) == len(lines)
    whole = read_csv(table.decode())
    assert [price for each in found for price in each.prices] == list(whole.prices)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--region", "Bandung"], "write it as 32.73"),
        (["--region", "32.73", "--url", "http://127.0.0.1:1"], "--url and --key together"),
    ],
)
def test_what_cannot_be_done_is_told(options: list[str], said: str, tmp_path: Path) -> None:
    file = tmp_path / "harga.csv"
    file.write_text(HEAD)
    done = jaringan("import", "market-prices", str(file), *options, folder=tmp_path / "never")
    assert (done.returncode, done.stdout) == (1, "")
    assert said in sentence_of(done)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    arguments = ("import", "market-prices", "nowhere.csv", "--region", "32.73")
    done = jaringan(*arguments, folder=tmp_path / "never")
    assert "nowhere.csv cannot be read" in sentence_of(done)

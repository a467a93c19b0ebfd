"""SEC-11 and SEC-14 on the command line: sealed anew while the service runs; whom to tell."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from embedded.world import until
from jaringan_usaha.api.access.vault import new_line
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer

from .world import Serving, jaringan, sentence_of

PERSON = {
    "koperasi_id": "melati",
    "roles": ["ketua"],
    "name": "Siti Aminah",
    "phone": "+62 812-3456-7890",
    "consented_on": "2026-01-10",
}


def record(serving: Serving, count: int = 1) -> list[str]:
    """Paths of new persons of melati, shown by now."""
    serving.ask("PUT", "/v1/koperasi/melati", {"title": "Melati"})
    paths = [f"/v1/contacts/{new_id()}" for _ in range(count)]
    for path in paths:
        headers = {"Idempotency-Key": f"put-{path[-36:]}"}
        done = serving.ask("PUT", path, PERSON, **headers)
        assert done.status == 201, done
    until(lambda: serving.ask("GET", paths[-1]).status == 200)
    return paths


def test_sec_14_those_affected_are_listed_with_the_deadline(serving: Serving, folder: Path) -> None:
    (path,) = record(serving)
    today = datetime.now(UTC).date()
    period = ("--from", f"{today - timedelta(days=1)}", "--to", f"{today + timedelta(days=1)}")
    known = ("--known-at", "2026-11-22T09:00+07:00")
    done = jaringan("privacy", "affected", *period, *known, "--json", folder=folder)
    told = json.loads(done.stdout)
    assert told["deadline"] == "2026-11-25T09:00:00+07:00"
    (person,) = told["persons"]
    assert (person["subject_id"], person["koperasi_id"]) == (path[-36:], "melati")
    assert (person["name"], person["phone"]) == ("Siti Aminah", PERSON["phone"])
    assert person["fields"] == ["name", "phone"]
    shown = jaringan("privacy", "affected", *period, *known, folder=folder)
    assert "1 to be told, and the agency, until 2026-11-25 09:00 WIB" in shown.stderr
    assert "Siti Aminah" in shown.stdout
    data = serving.ask("GET", f"{path}/personal-data").body
    assert "command line" in {each["key_id"] for each in data["reads"]}
    by_us = jaringan("privacy", "affected", *period, "--key", serving.key[8:20], folder=folder)
    assert path[-36:] in by_us.stdout
    by_none = jaringan("privacy", "affected", *period, "--key", "000000000000", folder=folder)
    assert by_none.stdout == ""
    wrong = jaringan("privacy", "affected", "--from", "x", "--to", "y", folder=folder)
    assert "--from and --to are days" in sentence_of(wrong)


def test_sec_14_the_notice_says_what_the_law_asks_for(folder: Path) -> None:
    done = jaringan("privacy", "notice", "--known-at", "2026-11-22T09:00", folder=folder)
    assert "paling lambat 2026-11-25 09:00 WIB" in done.stdout
    for part in ("Data pribadi yang terungkap", "Kapan dan bagaimana", "penanganan dan pemulihan"):
        assert part in done.stdout
    wrong = jaringan("privacy", "notice", "--known-at", "yesterday", folder=folder)
    assert "--known-at is no instant" in sentence_of(wrong)


def test_sec_11_values_are_sealed_anew_and_the_old_key_can_go(folder: Path) -> None:
    master = folder / "master.key"
    with Serving(folder) as first:
        first.operate()
        key, (path,) = first.key, record(first)
        first.interrupt()
    old = master.read_text()
    master.write_text(new_line() + old)
    with Serving(folder) as second:
        second.key = key
        assert second.ask("GET", path).body["name"] == "Siti Aminah"
        done = jaringan("keys", "reseal", "--json", folder=folder)
        assert json.loads(done.stdout) == {"resealed": {"private.people.sealed_key": 1}}
        again = jaringan("keys", "reseal", "--json", folder=folder)
        assert json.loads(again.stdout) == {"resealed": {"private.people.sealed_key": 0}}
        assert second.ask("GET", path).body["name"] == "Siti Aminah"
        second.interrupt()
    new = master.read_text().splitlines(keepends=True)[0]
    master.write_text(new)
    with Serving(folder) as third:
        third.key = key
        assert third.ask("GET", path).body["name"] == "Siti Aminah"
        third.interrupt()
    master.write_text(old)
    refused = jaringan("serve", "--port", "0", folder=folder)
    assert refused.returncode == 1
    sentence = sentence_of(refused)
    assert f"under the master key {new.partition(':')[0]}, which is not in the file" in sentence


def test_sec_11_it_goes_on_where_it_stopped(folder: Path) -> None:
    """Portion by portion; each is done for good when it is done."""
    import asyncio

    from jaringan_usaha.api.access import resealing
    from jaringan_usaha.api.access.vault import Vault
    from jaringan_usaha.cli.issuing import the_pool
    from jaringan_usaha.features.contacts.values import KEYS

    with Serving(folder) as serving:
        serving.operate()
        record(serving, 5)
        serving.interrupt()
    master = folder / "master.key"
    master.write_text(new_line() + master.read_text())
    vault = Vault.from_file(master)

    async def run(url: str) -> list[int]:
        async with the_pool(url) as (pool, _):
            first = resealing.reseal(pool, vault, KEYS, portion=2)
            done = await anext(first)
            await first.aclose()  # type: ignore[attr-defined]  it is a generator
            return [done, *[each async for each in resealing.reseal(pool, vault, KEYS, portion=2)]]

    with EmbeddedServer(folder) as server:
        assert asyncio.run(run(server.url)) == [2, 2, 1]

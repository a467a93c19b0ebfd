"""`jaringan people`: let in on the server itself, which asks no second person."""

import json
from pathlib import Path

import pytest

from .world import jaringan

ISSUER = "http://127.0.0.1:8090"


def test_sec_3_people_are_added_listed_and_ended(folder: Path) -> None:
    asked = ("people", "add", "eko", "--role", "pengawas", "--koperasi", "kop-melati")
    refused = jaringan(*asked, folder=folder)
    assert (refused.returncode, "--issuer URL" in refused.stderr) == (1, True)
    added = jaringan(*asked, "--issuer", ISSUER, "--json", folder=folder)
    assert added.returncode == 0, added.stderr
    person_id = json.loads(added.stdout)["person_id"]
    (found,) = json.loads(jaringan("people", "list", "--json", folder=folder).stdout)["people"]
    told = {name: found[name] for name in ("person_id", "state", "role", "of", "subject")}
    assert told == {
        "person_id": person_id,
        "state": "in",
        "role": "pengawas",
        "of": "kop-melati",
        "subject": "eko",
    }
    key = jaringan("keys", "create", "--role", "operator", "--person", person_id, folder=folder)
    assert key.returncode == 0, key.stderr
    (row,) = json.loads(jaringan("keys", "list", "--json", folder=folder).stdout)["keys"]
    assert (row["speaks_as"], row["created_by"]) == (f"person/{person_id}", "command line")
    assert jaringan("people", "end", person_id, folder=folder).stdout == "ended\n"
    again = jaringan("people", "end", person_id, folder=folder)
    assert (again.returncode, "nobody of that id" in again.stderr) == (1, True)
    nobody = jaringan("people", "end", "eko", folder=folder)
    assert nobody.returncode == 1


@pytest.mark.parametrize("other", [("--role", "pengawas"), ("--role", "office", "--koperasi", "x")])
def test_a_person_who_does_not_fit_is_not_added(folder: Path, other: tuple[str, ...]) -> None:
    done = jaringan("people", "add", "eko", *other, "--issuer", ISSUER, folder=folder)
    assert (done.returncode, "koperasi_id is told of" in done.stderr) == (1, True)

"""SEC-12: what callers send is in no log, no problem, and no dump.

Each canary is sent once, on a way of its own, to a real service that logs all it can.
"""

import http.client
import json
import os
import re
import secrets
from pathlib import Path
from urllib.parse import quote, urlsplit

from embedded.world import until
from jaringan_usaha.api.access.keys import new_key
from jaringan_usaha.api.asked import new_id
from jaringan_usaha.embedded import EmbeddedServer
from jaringan_usaha.embedded.binaries import find_binaries
from jaringan_usaha.embedded.place import Place

from .world import Serving

PLANTED = """
import jaringan_usaha.features.registry.views as views

async def supplier(db, network_id, supplier_id):
    try:
        await db.fetchval("select $1::text::int", supplier_id)  # the database repeats the value
    except Exception as error:
        raise RuntimeError(f"no supplier {supplier_id}") from error

views.supplier = supplier
"""
"""A program with a bug in it."""


class Canaries:
    """Made up as they are sent: each is found wherever it comes out."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def nik(self) -> str:
        return self._keep(f"3273{secrets.randbelow(10**12):012}")

    def phone(self) -> str:
        return self._keep(f"+62812{secrets.randbelow(10**9):09}")

    def name(self) -> str:
        return self._keep(f"Kenari{secrets.token_hex(6)}")

    def key(self) -> str:
        return self._keep(new_key())

    def _keep(self, canary: str) -> str:
        self.sent.append(canary)
        return canary

    def found_in(self, text: str) -> list[str]:
        forms = {
            each: (each, quote(each), quote(each, safe=""), each.encode().hex())
            for each in self.sent
        }
        return [each for each, spelt in forms.items() if any(form in text for form in spelt)]


def send(
    serving: Serving, method: str, path: str, body: str | None = None, **headers: str
) -> tuple[int, str]:
    """One request, byte for byte; its status, and its headers and body as text."""
    to = urlsplit(serving.url)
    assert to.hostname
    connection = http.client.HTTPConnection(to.hostname, to.port, timeout=30)
    named = {
        "Authorization": f"Bearer {serving.key}",
        "Content-Type": "application/json",
        "Idempotency-Key": f"canary-{new_id()}",
        **{name.replace("_", "-"): at for name, at in headers.items()},
    }
    connection.request(method, path, None if body is None else body.encode(), named)
    answer = connection.getresponse()
    said = f"{answer.getheaders()} {answer.read().decode()}"
    connection.close()
    return answer.status, said


def test_sec_12_nothing_that_was_sent_is_told_elsewhere(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(PLANTED)
    search = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    canary, told, statuses = Canaries(), [], []

    def ask(method: str, path: str, body: object = None, **headers: str) -> None:
        text = body if isinstance(body, str | None) else json.dumps(body)
        status, said = send(serving, method, path, text, **headers)
        statuses.append(status)
        told.append(said)

    with Serving(folder, "--access-log", JARINGAN_LOG_LEVEL="debug", PYTHONPATH=search) as serving:
        serving.operate()
        assert serving.ask("PUT", "/v1/koperasi/melati", {"title": "Melati"}).status == 201
        items = "/v1/items/oil"
        # headers
        ask("GET", items, Authorization=f"Bearer {canary.key()}")
        ask("GET", items, Authorization=f"Basic {canary.name()}")
        ask("GET", items, Cookie=f"session={canary.name()}", User_Agent=canary.name())
        ask("GET", items, Referer=canary.phone(), X_Forwarded_For=canary.name())
        ask("GET", items, Accept_Language=canary.name(), JU_Client_Time=canary.name())
        ask("POST", "/v1/cycles/none/open", Idempotency_Key=f"a b {canary.nik()}")
        ask("PUT", items, {}, If_Match=canary.name())
        ask("PUT", items, "x", Content_Type=f"text/{canary.name()}")
        ask("POST", "/v1/sync", "x", Content_Encoding=canary.name())
        # URLs
        ask("GET", f"/v1/nowhere/{canary.nik()}")
        ask("GET", f"/{quote(canary.phone())}%0d%0aadmin")
        ask("GET", f"/v1/koperasi?{canary.name()}={canary.nik()}")
        ask("GET", f"/v1/koperasi?limit={canary.nik()}&cursor={canary.name()}")
        ask("GET", f"/v1/koperasi?on={quote(canary.phone())}")
        ask("GET", f"/v1/items?key={canary.key()}")
        # bodies
        ask("PUT", items, f'{{"title": "{canary.name()}", "title": 1}}')
        ask("PUT", items, f"{{{canary.name()}")
        ask(
            "PUT",
            items,
            {"title": {"x": canary.name()}, "base_unit": canary.nik(), "case_size": canary.phone()},
        )
        ask("PUT", items, [canary.name()])
        ask("POST", "/v1/keys", {"role": canary.name(), "scopes": [canary.phone()]})
        ask("POST", "/v1/koperasi/melati/suspend", {"reason": f"call {canary.phone()}"})
        ask("POST", "/v1/koperasi/melati/suspend", {"reason": f"NIK {canary.nik()}"})
        # lines
        line = {
            "op_id": new_id(),
            "type": "admit_koperasi",
            "body": {"koperasi_id": canary.phone(), "title": [canary.name()]},
        }
        ask("POST", "/v1/sync", json.dumps(line), Content_Type="application/x-ndjson")
        ask("POST", "/v1/sync", f'{{"type": "{canary.name()}"', Content_Type="application/x-ndjson")
        # files
        file = f"/v1/price-imports/file-1?supplier_id=none&file_name={canary.name()}.exe"
        ask(
            "PUT",
            f"{file}&valid_from_on=2026-01-01&valid_until_on=2026-12-31",
            canary.name(),
            Content_Type="text/csv",
        )
        # an error of ours
        ask("GET", f"/v1/suppliers/{canary.name()}")
        # persons
        person = {
            "koperasi_id": "melati", "roles": ["ketua"], "name": canary.name(),
            "phone": canary.phone(), "email": f"{canary.name()}@example.id", "nik": canary.nik(),
        }  # fmt: skip
        path = f"/v1/contacts/{new_id()}"
        ask("PUT", path, person)
        done, _ = send(serving, "PUT", path, json.dumps({**person, "consented_on": "2026-01-10"}))
        assert done == 201
        until(lambda: serving.ask("GET", path).status == 200)
        assert serving.ask("GET", f"{path}/personal-data").body["nik"] == person["nik"]
        with EmbeddedServer(folder) as server:
            dump = find_binaries().run("pg_dump", "--inserts", server.url)
        assert dump.returncode == 0, dump.stderr
        said = serving.interrupt()
        assert serving.process.returncode == 0

    assert len(canary.sent) >= 30
    assert statuses.count(500) == 1
    lines = said.splitlines()
    assert len([line for line in lines if '"jaringan_usaha.access"' in line]) > len(statuses)
    assert "RuntimeError at sitecustomize.py" in said
    assert canary.found_in(said) == []
    assert [each for answer in told for each in canary.found_in(answer)] == []
    assert "koperasi_admitted" in dump.stdout
    assert canary.found_in(dump.stdout) == []
    logs = "".join(file.read_text() for file in Place(folder).log_folder.iterdir())
    assert "ready to accept connections" in logs
    assert canary.found_in(logs) == []
    assert serving.key not in said + logs + dump.stdout
    for line in lines:
        if line.startswith("{"):
            assert re.fullmatch(r"[ -~]+", line)
            assert json.loads(line)["logger"]

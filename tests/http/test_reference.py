"""SEC-15: the contract is shown to callers, and to everybody only where nobody else comes by."""

from html.parser import HTMLParser

import httpx2
import pytest
from fastapi import Response

from jaringan_usaha.api.contract import pages
from jaringan_usaha.api.contract.openapi import LINES
from jaringan_usaha.api.contract.problem_pages import statuses
from jaringan_usaha.app import SYNC_TYPES, create_app, openapi_document
from service import Service, settings_for


class Page(HTMLParser):
    """Its ids, its links, and whatever it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.add(str(value))
            elif name == "href" and tag == "a":
                self.links.add(str(value))
            elif name in ("src", "href"):
                self.loads.append(str(value))
        if tag == "script":
            self.loads.append("script")


async def test_the_page_names_every_operation_and_loads_nothing(service: Service) -> None:
    answer = await service.client.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    page = Page()
    page.feed(answer.text)
    assert page.loads == []
    assert {link[1:] for link in page.links if link[0] == "#"} <= page.ids
    document = openapi_document()
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code>" in answer.text
    assert (await service.client.get("/openapi.json")).json() == document
    assert "Authorization: Bearer" in answer.text
    for code in statuses():
        assert f"/problems/{code}" in page.links


def test_lines_of_a_sync_have_the_bodies_that_the_contract_says() -> None:
    """`LINES`, which it tells them by, against what lines of each type are checked by."""
    document = openapi_document()
    told = document["paths"]["/v1/sync"]["post"]["description"]
    left_out = {"cancel_order": {"charge_idr", "supplier_agrees"}}
    assert LINES.keys() == SYNC_TYPES.keys()
    for kind, request in LINES.items():
        assert f"`{kind}` {request}" in told
        method, path = request.split()
        operation = document["paths"][path][method.lower()]
        shape = operation["requestBody"]["content"]["application/json"]["schema"]
        body = document["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
        in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        taken = SYNC_TYPES[kind].body.json_schema()["properties"].keys() - {"if_version"}
        assert taken == (body["properties"].keys() | in_path) - left_out.get(kind, set())


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
async def test_it_is_made_once_and_fetched_once(
    service: Service, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    made = []
    really = pages.FORMS[path]

    def counted(document: pages.Json) -> Response:
        made.append(path)
        return really(document)

    monkeypatch.setitem(pages.FORMS, path, counted)
    plain, packed = [
        await service.client.get(path, headers={"accept-encoding": each})
        for each in ("identity", "gzip")
    ]
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) * 5 < int(plain.headers["content-length"])
    assert packed.content == plain.content
    assert packed.headers["content-type"] == plain.headers["content-type"]
    for first in (plain, packed):
        assert first.headers["vary"] == "Accept-Encoding"
        known = {"if-none-match": first.headers["etag"]}
        again = await service.client.get(path, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert "content-encoding" not in again.headers
    other = await service.client.get(path, headers={"if-none-match": '"v1"'})
    assert other.content == plain.content
    assert made == [path]


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
async def test_sec_15_elsewhere_it_takes_a_key(service: Service, database: str, path: str) -> None:
    app = create_app(settings_for(database, public_url="https://belanja.example"))
    async with app.router.lifespan_context(app):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            for tag in ("*", '"v1"'):
                asked = await client.get(path, headers={"if-none-match": tag})
                assert asked.status_code == 401
            bearer = {"authorization": f"Bearer {service.operator.key}"}
            assert (await client.get(path, headers=bearer)).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br;q=1.0, gzip;q=0.001", True),
        ("x-gzip", True),
        ("gzip;q=0", False),
        ("identity, gzip; q=0.000", False),
        ("deflate, *;q=0", False),
        ("nogzip", False),
    ],
)
async def test_nobody_gets_packed_what_they_cannot_unpack(
    service: Service, accepted: str, packed: bool
) -> None:
    headers = {"accept-encoding": accepted}
    kept = await service.client.get("/openapi.json", headers=headers)
    assert ("content-encoding" in kept.headers) is packed
    authorized = {**headers, "authorization": f"Bearer {service.operator.key}"}
    lines = {"content-type": "application/x-ndjson"}
    live = await service.client.post("/v1/sync", content=b"{}", headers={**authorized, **lines})
    assert live.status_code == 207
    assert ("content-encoding" in live.headers) is packed

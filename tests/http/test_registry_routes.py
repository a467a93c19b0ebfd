"""Koperasi, suppliers and rules over HTTP: one done and one refused call per route."""

from service import Service, assert_refused

REASON = "no annual report"


async def admitted(service: Service, *ids: str) -> None:
    for id_ in ids:
        done = await service.operator.put(f"/v1/koperasi/{id_}", title=f"Koperasi {id_}")
        assert done.status_code == 201


async def test_a_koperasi_is_admitted_once_and_shown(service: Service) -> None:
    body = {"title": "Koperasi Melati", "region_code": "32.16", "registration_no": "321"}
    done = await service.operator.put("/v1/koperasi/melati", **body)
    assert done.status_code == 201
    assert done.headers["location"] == "/v1/koperasi/melati"
    again = await service.operator.put("/v1/koperasi/melati", **body)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == done.json()
    shown = await service.operator.get("/v1/koperasi/melati", after=done.json()["position"])
    assert shown.status_code == 200
    assert shown.headers["etag"].startswith('"v1.')
    expected = {"koperasi_id": "melati", **body, "suspended": False, "reason": "", "version": 1}
    assert expected.items() <= shown.json().items()


async def test_a_taken_koperasi_id_is_refused(service: Service) -> None:
    await admitted(service, "melati")
    other = await service.operator.put("/v1/koperasi/melati", title="Koperasi Mawar")
    assert_refused(other, 409, "koperasi-exists")


async def test_a_koperasi_admits_nobody(service: Service) -> None:
    melati = await service.koperasi("melati")
    assert_refused(await melati.put("/v1/koperasi/melati", title="Melati"), 403, "forbidden")


async def test_a_misfitting_koperasi_is_refused_with_a_pointer(service: Service) -> None:
    misfit = await service.operator.put("/v1/koperasi/melati", title="", region_code="Bekasi")
    problem = assert_refused(misfit, 422, "validation-failed")
    assert {error["pointer"] for error in problem["errors"]} == {"/title", "/region_code"}


async def test_a_koperasi_is_suspended_and_reinstated(service: Service) -> None:
    await admitted(service, "melati")
    suspended = await service.operator.post("/v1/koperasi/melati/suspend", reason=REASON)
    assert (suspended.status_code, suspended.json()["version"]) == (200, 2)
    shown = (await service.operator.get("/v1/koperasi/melati")).json()
    assert (shown["suspended"], shown["reason"], shown["version"]) == (True, REASON, 2)
    back = await service.operator.post("/v1/koperasi/melati/reinstate", reason="it came")
    assert (back.status_code, back.json()["version"]) == (200, 3)
    shown = (await service.operator.get("/v1/koperasi/melati")).json()
    assert (shown["suspended"], shown["reason"]) == (False, "it came")


async def test_sec_14_a_reason_that_names_somebody_is_refused_with_what_to_do(
    service: Service,
) -> None:
    await service.koperasi("melati")
    refused = await service.operator.post(
        "/v1/koperasi/melati/suspend", reason="ask 0812 3456 7890"
    )
    problem = assert_refused(refused, 422, "validation-failed")
    (error,) = problem["errors"]
    assert (error["pointer"], error["code"]) == ("/reason", "personal-data")
    assert error["detail"].startswith("hilangkan nomor telepon")


async def test_nobody_unknown_is_suspended_or_reinstated(service: Service) -> None:
    for deed in ("suspend", "reinstate"):
        refused = await service.operator.post(f"/v1/koperasi/mawar/{deed}", reason=REASON)
        assert_refused(refused, 404, "koperasi-unknown")


async def test_an_unknown_koperasi_is_missing(service: Service) -> None:
    assert_refused(await service.operator.get("/v1/koperasi/mawar"), 404, "koperasi-unknown")


async def test_a_koperasi_sees_itself_only(service: Service) -> None:
    await admitted(service, "mawar", "melati")
    melati = await service.koperasi("melati")
    assert (await melati.get("/v1/koperasi/melati")).status_code == 200
    assert_refused(await melati.get("/v1/koperasi/mawar"), 403, "forbidden")
    assert_refused(await melati.get("/v1/koperasi"), 403, "forbidden")


async def test_all_koperasi_are_listed_page_by_page(service: Service) -> None:
    await admitted(service, "c", "a", "b")
    first = (await service.operator.get("/v1/koperasi", limit=2)).json()
    assert [each["koperasi_id"] for each in first["items"]] == ["a", "b"]
    second = (await service.operator.get(first["next"])).json()
    assert [each["koperasi_id"] for each in second["items"]] == ["c"]
    assert second["next"] is None
    assert second["as_of"] == 3


async def test_a_supplier_is_admitted_suspended_reinstated_and_shown(service: Service) -> None:
    done = await service.operator.put("/v1/suppliers/bulog", title="Bulog")
    assert (done.status_code, done.headers["location"]) == (201, "/v1/suppliers/bulog")
    away = await service.operator.post("/v1/suppliers/bulog/suspend", reason=REASON)
    assert away.status_code == 200
    back = await service.operator.post("/v1/suppliers/bulog/reinstate", reason="good rice")
    assert back.status_code == 200
    melati = await service.koperasi("melati")
    shown = (await melati.get("/v1/suppliers/bulog")).json()
    assert (shown["title"], shown["suspended"], shown["version"]) == ("Bulog", False, 3)
    listed = (await melati.get("/v1/suppliers")).json()
    assert listed["items"] == [shown]


async def test_a_taken_supplier_id_is_refused(service: Service) -> None:
    await service.operator.put("/v1/suppliers/bulog", title="Bulog")
    other = await service.operator.put("/v1/suppliers/bulog", title="Indofood")
    assert_refused(other, 409, "supplier-exists")


async def test_an_unknown_supplier_is_missing(service: Service) -> None:
    assert_refused(await service.operator.get("/v1/suppliers/x"), 404, "supplier-unknown")
    for deed in ("suspend", "reinstate"):
        refused = await service.operator.post(f"/v1/suppliers/x/{deed}", reason=REASON)
        assert_refused(refused, 404, "supplier-unknown")


async def test_suppliers_are_not_listed_to_nobody(service: Service) -> None:
    assert_refused(await service.client.get("/v1/suppliers"), 401, "unauthenticated")


async def test_a_rule_is_set_and_listed(service: Service) -> None:
    values = {"minimum_idr": 100_000_000, "target_idr": 5_000_000_000}
    done = await service.operator.put(
        "/v1/rules/shares/2026-01-01", values=values, source="RAT 2026"
    )
    assert done.status_code == 201
    listed = (await service.operator.get("/v1/rules")).json()
    (rule,) = listed["items"]
    expected = {
        "rule_id": "shares",
        "version_no": 1,
        "valid_from_on": "2026-01-01",
        "values": values,
        "source": "RAT 2026",
    }
    assert expected.items() <= rule.items()


async def test_a_date_that_is_set_is_refused_with_its_number(service: Service) -> None:
    path = "/v1/rules/shares/2026-01-01"
    values = {"minimum_idr": 1, "target_idr": 1}
    await service.operator.put(path, values=values, source="RAT 2026")
    other = await service.operator.put(path, values={**values, "target_idr": 2}, source="RAT 2026")
    assert assert_refused(other, 409, "rule-date-taken")["version_no"] == 1


async def test_a_rule_of_no_date_or_with_a_broken_value_is_refused(service: Service) -> None:
    values = {"minimum_idr": 1}
    no_date = await service.operator.put(
        "/v1/rules/shares/2026-02-30", values=values, source="RAT 2026"
    )
    assert_refused(no_date, 422, "validation-failed")
    text = await service.operator.put(
        "/v1/rules/shares/2026-01-01", values={"minimum_idr": "1"}, source="RAT 2026"
    )
    assert_refused(text, 422, "validation-failed")


async def test_a_known_rule_that_lacks_a_value_is_refused(service: Service) -> None:
    short = await service.operator.put(
        "/v1/rules/ppn/2025-01-01", values={"rate_bp": 1200}, source="PMK 131/2024"
    )
    problem = assert_refused(short, 422, "rule-invalid")
    assert "base_numerator" in problem["detail"]


NPWP = "0013000666091000"


async def test_a_koperasi_is_classified_and_shown_as_of_a_day(service: Service) -> None:
    await admitted(service, "melati")
    path = "/v1/koperasi/melati/classification"
    first = {"vat_registered": False, "price_zone": 1, "tax_id": ""}
    second = {"vat_registered": True, "price_zone": 2, "tax_id": NPWP}
    done = await service.operator.put(f"{path}/2025-01-01", **first)
    assert (done.status_code, done.headers["location"]) == (201, path)
    assert done.json()["version"] == 2
    again = await service.operator.put(f"{path}/2025-01-01", **first)
    assert (again.headers["idempotent-replayed"], again.json()) == ("true", done.json())
    await service.operator.put(f"{path}/2026-01-01", **second)
    melati = await service.koperasi("melati")
    for on, expected in (
        ("2024-12-31", {"classified_from_on": None, **dict.fromkeys(first)}),
        ("2025-12-31", {"classified_from_on": "2025-01-01", **first}),
        ("2026-01-01", {"classified_from_on": "2026-01-01", **second}),
    ):
        shown = (await melati.get("/v1/koperasi/melati", on=on)).json()
        assert {"version": 3, **expected}.items() <= shown.items(), on
        listed = (await service.operator.get("/v1/koperasi", on=on)).json()["items"]
        assert listed == [shown]
    listed = (await melati.get(path)).json()["items"]
    assert [each["valid_from_on"] for each in listed] == ["2025-01-01", "2026-01-01"]
    assert [each["price_zone"] for each in listed] == [1, 2]


async def test_a_classification_is_the_operators_and_made_once_a_day(service: Service) -> None:
    await admitted(service, "melati", "mawar")
    melati = await service.koperasi("melati")
    body = {"vat_registered": False, "price_zone": 1}
    path = "/v1/koperasi/melati/classification/2025-01-01"
    assert_refused(await melati.put(path, **body), 403, "forbidden")
    assert (await service.operator.put(path, **body)).status_code == 201
    other = await service.operator.put(path, **{**body, "price_zone": 3})
    assert_refused(other, 409, "classification-date-taken")
    wrong = await service.operator.put(path.replace("2025", "2026"), **body, tax_id="9" * 16)
    assert_refused(wrong, 422, "classification-invalid")
    unknown = await service.operator.put(path.replace("melati", "x"), **body)
    assert_refused(unknown, 404, "koperasi-unknown")
    assert_refused(await melati.get("/v1/koperasi/mawar/classification"), 403, "forbidden")

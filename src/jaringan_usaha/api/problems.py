"""Every answer that is not a success: RFC 9457 problems, from one table of statuses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jaringan_usaha.api.preferences import language_in
from jaringan_usaha.api.words import in_language
from jaringan_usaha.kernel.rejections import (
    Busy,
    Gone,
    Invalid,
    KeyReused,
    Missing,
    NotAllowed,
    Outdated,
    Refused,
    Rejection,
    Stale,
    Unknown,
    VersionUnsaid,
)

STATUS: Mapping[type[Rejection], int] = {
    Missing: 404,
    Gone: 410,
    NotAllowed: 403,
    Invalid: 422,
    KeyReused: 422,
    Refused: 409,
    Stale: 409,
    Outdated: 412,
    VersionUnsaid: 428,
    Busy: 503,
    Unknown: 503,
}
"""The only place that knows status codes of refusals; a subclass answers as its family does."""

TITLES: Mapping[str, tuple[str, str]] = {
    "bad-request": ("Permintaan tidak sah", "Bad request"),
    "busy": ("Layanan sedang sibuk", "The service is busy"),
    "cases-no-longer-fill": ("Karton tidak lagi penuh", "Cases would no longer be full"),
    "change-fills-no-case": ("Perubahan tidak mengisi karton", "The change fills no case"),
    "charge-not-accepted": ("Biaya belum disetujui", "The charge is not accepted"),
    "choice-reason-missing": ("Alasan harus disebut", "A reason is needed"),
    "contact-exists": ("Kontak sudah dicatat", "The contact is recorded already"),
    "contact-is-erased": ("Kontak sudah dihapus", "The contact is erased"),
    "erasure-not-asked": ("Penghapusan belum diminta", "The erasure was not asked for"),
    "consolidated-order-is-sent": ("Pesanan sudah dikirim", "The order was sent"),
    "clock-skew": ("Jam tidak seragam", "The clocks differ"),
    "cursor-filter-mismatch": ("Penunjuk dari daftar lain", "Cursor of another list"),
    "clock-goes-forward": ("Jam hanya maju", "The clock goes forward"),
    "cursor-expired": ("Penunjuk sudah kedaluwarsa", "The cursor has expired"),
    "consolidated-order-proposed": ("Menunggu orang kedua", "A second person is asked"),
    "cross-site": ("Dari situs lain", "From another site"),
    "cursor-invalid": ("Penunjuk halaman tidak sah", "Cursor not valid"),
    "cycle-being-consolidated": ("Pesanan gabungan sedang disusun", "The orders are being placed"),
    "cycle-filling-begins": ("Pengisian karton sedang dimulai", "Case filling begins"),
    "cycle-not-open-yet": ("Putaran belum dibuka", "The buying cycle is not open yet"),
    "delivery-has-ended": ("Pengiriman sudah diakhiri", "The delivery has ended"),
    "forbidden": ("Tidak diizinkan", "Not allowed"),
    "gone": ("Tidak disimpan lagi", "No longer kept"),
    "goods-are-invoiced": ("Barang sudah ditagih", "The goods are invoiced"),
    "goods-are-sold": ("Barang sudah terjual", "The goods are sold"),
    "goods-not-shared-out": ("Barang belum dibagi", "The goods are not shared out"),
    "goods-have-arrived": ("Barang sudah datang", "Goods have arrived"),
    "headers-too-large": ("Header terlalu besar", "Headers too large"),
    "het-exceeded": ("Melampaui HET", "Above the ceiling price"),
    "idempotency-key-invalid": ("Kunci permintaan tidak sah", "Idempotency key not valid"),
    "idempotency-key-missing": ("Kunci permintaan tidak ada", "Idempotency key missing"),
    "idempotency-key-reused": ("Kunci permintaan sudah dipakai", "Idempotency key reused"),
    "internal": ("Kesalahan di dalam layanan", "Internal error"),
    "invoice-is-held": ("Tagihan sedang ditahan", "The invoice is held"),
    "invoice-no-taken": ("Nomor tagihan sudah dicatat", "The invoice was entered before"),
    "invoice-overpaid": ("Pembayaran melebihi utang", "More than is owed"),
    "json-invalid": ("JSON tidak sah", "JSON not valid"),
    "key-already-made": ("Kunci API sudah dibuat", "The API key is made already"),
    "key-does-not-fit": ("Kunci API tidak sesuai", "The API key does not fit"),
    "key-in-url": ("Kunci API di dalam alamat", "API key in a URL"),
    "key-is-over": ("Kunci API sudah berakhir", "The API key is over"),
    "key-unknown": ("Kunci API tidak dikenal", "API key not known"),
    "key-waits-for-nobody": ("Kunci tidak menunggu", "The key waits for nobody"),
    "koperasi-is-suspended": ("Koperasi sedang dibekukan", "The koperasi is suspended"),
    "ledger-stopped": ("Buku berhenti", "The ledger stopped"),
    "login-failed": ("Gagal masuk", "The login failed"),
    "login-unavailable": ("Tidak dapat masuk sekarang", "Nobody can log in now"),
    "method-not-allowed": ("Metode tidak didukung", "Method not allowed"),
    "minimum-would-be-missed": ("Pesanan minimum tidak tercapai", "The minimum would be missed"),
    "month-not-over": ("Bulan belum berakhir", "The month is not over"),
    "month-out-of-order": ("Bulan tidak berurutan", "The month is out of order"),
    "not-found": ("Tidak ditemukan", "Not found"),
    "not-processed": ("Belum diproses", "Not processed"),
    "nothing-proposed": ("Tidak ada yang diusulkan", "Nothing is proposed"),
    "nothing-to-invoice": ("Tidak ada yang dapat ditagih", "Nothing to invoice"),
    "nothing-to-split-by": ("Biaya tidak dapat dibagi", "The charge cannot be split"),
    "offer-infeasible": ("Penawaran tidak dapat diambil", "The offer cannot be taken"),
    "order-limits-unknown": ("Barang dibatasi", "The goods are limited"),
    "order-window-closed": ("Putaran sudah ditutup", "The buying cycle is closed"),
    "payload-too-large": ("Kiriman terlalu besar", "Payload too large"),
    "person-does-not-fit": ("Data orang tidak sesuai", "The person does not fit"),
    "person-is-known": ("Orang sudah terdaftar", "The person is known"),
    "person-not-let-in": ("Belum diberi akses", "Not let in yet"),
    "person-unknown": ("Orang tidak dikenal", "Person not known"),
    "person-waits-for-nobody": ("Orang tidak menunggu", "The person waits for nobody"),
    "precondition-required": ("Versi harus disebut", "Precondition required"),
    "previous-line-failed": ("Baris sebelumnya gagal", "An earlier line failed"),
    "price-differs": ("Harga berbeda dari daftar", "The price differs from the list"),
    "price-file-broken": ("Berkas harga rusak", "The price file is damaged"),
    "price-file-empty": ("Berkas harga kosong", "The price file is empty"),
    "price-file-formulas": ("Berkas harga memuat rumus", "The price file holds formulas"),
    "price-file-kind": ("Jenis berkas tidak didukung", "Another kind of file"),
    "price-file-locked": ("Berkas harga terkunci", "The price file is locked"),
    "price-file-too-large": ("Berkas harga terlalu besar", "The price file is too large"),
    "price-file-unsafe": ("Berkas harga tidak aman dibaca", "The price file is not safe to read"),
    "price-import-preview-changed": ("Pratinjau sudah berubah", "The preview has changed"),
    "price-import-questions-open": ("Masih ada pertanyaan", "Questions are open"),
    "price-overlaps": ("Masa harga bertumpuk", "Prices overlap"),
    "pricing-rule-missing": ("Aturan belum ditetapkan", "A rule is missing"),
    "quota-exceeded": ("Terlalu banyak permintaan", "Too many requests"),
    "request-timeout": ("Permintaan terlalu lambat", "Request timeout"),
    "second-factor-needed": ("Faktor kedua diperlukan", "A second factor is needed"),
    "second-person-needed": ("Perlu orang kedua", "A second person is needed"),
    "share-overpaid": ("Setoran melebihi janji", "More than is pledged"),
    "share-rule-missing": ("Aturan belum ditetapkan", "A rule is missing"),
    "sphp-limit-exceeded": ("Melampaui batas SPHP", "Beyond the SPHP limit"),
    "state-conflict": ("Bertentangan dengan keadaan", "Conflict with the current state"),
    "storage-unavailable": ("Basis data tidak terjangkau", "Storage unavailable"),
    "supplier-is-suspended": ("Pemasok sedang dibekukan", "The supplier is suspended"),
    "supplier-must-agree": ("Pemasok harus setuju", "The supplier must agree"),
    "surplus-is-decided": ("Kelebihan sudah diputuskan", "Surplus was decided about"),
    "surplus-exceeded": ("Kelebihan tidak sebanyak itu", "There is less surplus"),
    "unauthenticated": ("Kunci API diperlukan", "API key required"),
    "unsupported-media-type": ("Jenis isi tidak didukung", "Unsupported media type"),
    "url-too-long": ("Alamat terlalu panjang", "URL too long"),
    "validation-failed": ("Isian tidak sesuai", "Validation failed"),
    "version-conflict": ("Versi sudah berubah", "Version conflict"),
}

TITLE_OF_STATUS: Mapping[int, str] = {
    400: "bad-request",
    403: "forbidden",
    404: "not-found",
    409: "state-conflict",
    410: "gone",
    412: "version-conflict",
    422: "validation-failed",
    428: "precondition-required",
    503: "busy",
}
"""Whose title the codes of single rules share."""

MEDIA_TYPE = "application/problem+json; charset=utf-8"
MOST_ERRORS = 50


class Problem(Exception):
    """An answer that the HTTP door itself gives, before any rule is asked."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})


def status_of(kind: type[Rejection]) -> int:
    """The status of a kind of refusal: that of the nearest family it belongs to."""
    for family in kind.__mro__:
        if family in STATUS:
            return STATUS[family]
    raise LookupError(f"{kind.__name__} belongs to no family of rejections")


def title_of(code: str, status: int, language: str) -> str:
    """Its own, or that of its status, in `id` or `en`."""
    title = TITLES.get(code) or TITLES.get(TITLE_OF_STATUS.get(status, ""))
    return title[language == "en"] if title else HTTPStatus(status).phrase


def from_rejection(rejection: Rejection) -> Problem:
    """A refusal of a rule as an answer; its facts become members."""
    problem = Problem(status_of(type(rejection)), rejection.code, rejection.detail)
    pointer = rejection.facts.get("pointer")
    if isinstance(pointer, str):
        problem.errors = [{"pointer": pointer, "code": rejection.code, "detail": rejection.detail}]
    if "retry_after" in rejection.facts:
        problem.headers["Retry-After"] = str(rejection.facts["retry_after"])
    if "location" in rejection.facts:
        problem.headers["Location"] = str(rejection.facts["location"])
    version = rejection.facts.get("current_version")
    if isinstance(version, int):
        problem.headers["ETag"] = f'"v{version}"'
    return problem


def members(problem: Problem, facts: Mapping[str, object], language: str) -> dict[str, Any]:
    """The JSON object of a problem in `id` or `en`. Of what the caller sent, only ids are in it."""
    return {
        "type": f"/problems/{problem.code}",
        "title": title_of(problem.code, problem.status, language),
        "status": problem.status,
        "detail": in_language(problem.detail, language),
        "code": problem.code,
        "errors": [
            {**each, "detail": in_language(each["detail"], language)}
            for each in problem.errors[:MOST_ERRORS]
        ],
        **{
            name: _instant(value) if isinstance(value, datetime) else value
            for name, value in facts.items()
            if name not in ("location", "pointer", "retry_after")
        },
    }


def answer(request: Request, problem: Problem, facts: Mapping[str, object] = {}) -> Response:
    """A problem as a response in the caller's language."""
    language = language_of(request)
    body = members(problem, facts, language)
    if "request_id" in request.scope:
        body["instance"] = f"urn:uuid:{request.scope['request_id']}"
    headers = {"Content-Language": language, "Vary": "Accept-Language", **problem.headers}
    return Response(
        msgspec.json.encode(body), problem.status, headers=headers, media_type=MEDIA_TYPE
    )


def refusal(request: Request, rejection: Rejection) -> Response:
    """A refusal of a rule as a response."""
    return answer(request, from_rejection(rejection), rejection.facts)


def language_of(request: Request) -> str:
    """`en` when the caller prefers English to Indonesian; Indonesian otherwise."""
    return language_in(request.headers.get("accept-language", ""))


def told_in(request: Request, response: Response) -> str:
    """The caller's language, for an answer with sentences in it; its headers say so."""
    language = language_of(request)
    response.headers.update({"Content-Language": language, "Vary": "Accept-Language"})
    return language


def _instant(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")

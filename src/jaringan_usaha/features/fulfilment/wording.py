"""The sentences in which a share is explained, and how figures are written in them."""

from datetime import date
from fractions import Fraction
from typing import Literal

Language = Literal["id", "en"]
Figure = int | Fraction | str | date

_MONTHS = {
    "id": "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
    "en": "January February March April May June July August September October November December",
}


def written(figure: Figure, language: Language) -> str:
    """Thousands in groups, by points in Indonesian; fractions as a whole and a rest."""
    if isinstance(figure, str):
        return figure
    if isinstance(figure, date):
        return f"{figure.day} {_MONTHS[language].split()[figure.month - 1]} {figure.year}"
    if isinstance(figure, Fraction) and figure.denominator > 1:
        whole, rest = divmod(figure.numerator, figure.denominator)
        fraction = f"{written(rest, language)}/{written(figure.denominator, language)}"
        return f"{written(whole, language)} {fraction}" if whole else fraction
    return f"{int(figure):,}".replace(",", "." if language == "id" else ",")


TEXTS: dict[Language, dict[str, str]] = {
    "id": {
        "wanted": "Koperasi Anda memesan {firm} unit {item}.",
        "wanted_nothing": "Koperasi Anda tidak memesan {item}.",
        "welcome": "Sampai {tolerance} unit lebih boleh ditambahkan untuk menggenapkan karton.",
        "least": "Kurang dari {least} unit tidak diterima.",
        "of_all": "Semua koperasi bersama-sama memesan {firm} unit pasti dan {tolerance} unit "
        "toleransi.",
        "ordered": "Kepada pemasok {supplier} dipesan {ordered} unit.",
        "ordered_in_cases": "Kepada pemasok {supplier} dipesan {cases} karton berisi {case_size}, "
        "yaitu {ordered} unit.",
        "ordered_nothing": "Kepada pemasok {supplier} tidak ada yang dipesan.",
        "below_least": "Bagian Anda akan kurang dari {least} unit, jumlah terkecil yang Anda "
        "terima, maka tidak ada yang dipesan untuk Anda.",
        "below_minimum": "Pesanan bersama tidak mencapai pemesanan minimum pemasok.",
        "above_ceiling": "Dengan jumlah pesanan bersama, harganya melampaui harga tertinggi dari "
        "negara, maka tidak ada yang dipesan.",
        "declined": "Untuk Anda tidak ada yang dipesan ({reason}).",
        "granted_whole": "Itu cukup untuk seluruh pesanan pasti, jadi jatah Anda {units} unit.",
        "granted_too_little": "Itu kurang dari {all} unit pesanan pasti yang dilayani, maka dibagi "
        "sebanding: {total} × {own} ÷ {all} = {exact}; jatah Anda {units} unit.",
        "granted_extra": "Setelah semua pesanan pasti terpenuhi tersisa {shared} unit, dibagi "
        "sebanding dengan toleransi: {shared} × {own} ÷ {all} = {exact}; jatah Anda {firm} pasti "
        "ditambah bagian itu, yaitu {units} unit.",
        "granted_first_come": "Pembagian menurut urutan memesan, yang lebih dahulu dilayani penuh; "
        "jatah Anda {units} unit.",
        "granted_priority": "Pembagian menurut urutan prioritas putaran ini; jatah Anda {units} "
        "unit.",
        "granted_changed": "Setelah perubahan pesanan jatah Anda {units} unit.",
        "rounding": "Unit yang tersisa dari pembulatan diberikan kepada pecahan terbesar; bila "
        "pecahannya sama, kepada yang lebih dahulu memesan.",
        "came": "Pada {on} diterima {accepted} unit, sedangkan yang masih ditunggu semua koperasi "
        "{outstanding_of_all} unit pesanan pasti, {outstanding} di antaranya milik Anda.",
        "got_whole": "Anda menerima semuanya, {units} unit.",
        "got_too_little": "Itu kurang, maka toleransi tidak dilayani dan pesanan pasti dibagi "
        "sebanding: {total} × {own} ÷ {all} = {exact}; Anda menerima {units} unit.",
        "got_extra": "Kelebihan {shared} unit dibagi sebanding dengan toleransi: {shared} × {own} "
        "÷ {all} = {exact}; Anda menerima {units} unit.",
        "got_first_come": "Yang lebih dahulu memesan dilayani penuh; Anda menerima {units} unit.",
        "got_priority": "Pembagian menurut urutan prioritas; Anda menerima {units} unit.",
        "got_changed": "Anda menerima {units} unit.",
        "corrected": "Hitungan kiriman {on} dikoreksi menjadi {accepted} unit; dari kiriman itu "
        "bagian Anda {units} unit.",
        "took_surplus": "Anda mengambil {units} unit kelebihan dari kiriman {on}.",
        "worth": "Seluruhnya Anda menerima {received} unit senilai Rp{goods_idr}; bila membeli "
        "sendiri Rp{alone_idr}.",
        "short": "Pengiriman sudah selesai; {short} unit dari jatah {granted} tidak datang.",
        "awaited": "Masih ditunggu {short} unit dari jatah {granted}.",
    },
    "en": {
        "wanted": "Your koperasi ordered {firm} units of {item}.",
        "wanted_nothing": "Your koperasi did not order {item}.",
        "welcome": "Up to {tolerance} more were welcome to fill a case.",
        "least": "Fewer than {least} units were not accepted.",
        "of_all": "All koperasi together ordered {firm} firm units and {tolerance} units of "
        "tolerance.",
        "ordered": "{ordered} units were ordered from {supplier}.",
        "ordered_in_cases": "{cases} cases of {case_size} were ordered from {supplier}, that is "
        "{ordered} units.",
        "ordered_nothing": "Nothing was ordered from {supplier}.",
        "below_least": "Your part would have been less than {least} units, the fewest that you "
        "accept, so nothing was ordered for you.",
        "below_minimum": "The joint order did not reach the supplier's minimum.",
        "above_ceiling": "At what the joint order came to, the price is above the state's "
        "ceiling, so nothing was ordered.",
        "declined": "Nothing was ordered for you ({reason}).",
        "granted_whole": "That is enough for all firm orders, so your entitlement is {units} "
        "units.",
        "granted_too_little": "That is less than the {all} firm units to be served, so it is "
        "shared in proportion: {total} × {own} ÷ {all} = {exact}; your entitlement is {units} "
        "units.",
        "granted_extra": "When all firm orders were served {shared} units were left, shared in "
        "proportion to tolerance: {shared} × {own} ÷ {all} = {exact}; your entitlement is {firm} "
        "firm units and that part, {units} units.",
        "granted_first_come": "Who ordered first is served whole; your entitlement is {units} "
        "units.",
        "granted_priority": "The cycle's order of priority decides; your entitlement is {units} "
        "units.",
        "granted_changed": "After a change of the order your entitlement is {units} units.",
        "rounding": "Units left over by rounding go to the largest fractions; where those are "
        "equal, to who ordered first.",
        "came": "On {on} {accepted} units were accepted, while all koperasi still expected "
        "{outstanding_of_all} firm units, {outstanding} of them yours.",
        "got_whole": "You received all of them, {units} units.",
        "got_too_little": "That is too little, so tolerance is not served and firm units are "
        "shared in proportion: {total} × {own} ÷ {all} = {exact}; you received {units} units.",
        "got_extra": "{shared} units beyond that were shared in proportion to tolerance: {shared} "
        "× {own} ÷ {all} = {exact}; you received {units} units.",
        "got_first_come": "Who ordered first is served whole; you received {units} units.",
        "got_priority": "The order of priority decides; you received {units} units.",
        "got_changed": "You received {units} units.",
        "corrected": "The count of {on} was corrected to {accepted} units; {units} of them are "
        "yours.",
        "took_surplus": "You took {units} units of surplus from the delivery of {on}.",
        "worth": "In all you received {received} units worth Rp{goods_idr}; bought alone they had "
        "cost Rp{alone_idr}.",
        "short": "The delivery has ended; {short} units of your {granted} did not come.",
        "awaited": "{short} units of your {granted} are still to come.",
    },
}

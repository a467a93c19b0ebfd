"""Words that all routes of contacts share: whose they are, who a person is, what is told."""

from typing import Annotated, Literal

from fastapi import Depends, Path

from jaringan_usaha.api.access.admission import Only
from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.fields import UuidV7

SHOWN = ("name", "phone", "email")
TOLD = (*SHOWN, "nik")
"""To the person: all there is."""

PartyNow = Annotated[Caller, Depends(Only("operator", "koperasi", "supplier"))]
"""Who keeps contacts: a koperasi and a supplier their own, the operator all. No device does."""

SubjectId = Annotated[UuidV7, Path(description="made by who records it; says nothing of anybody")]
Role = Literal[
    "ketua", "sekretaris", "bendahara", "pengawas", "manajer", "kasir", "gudang", "penjualan"
]

"""The environment, read once and handed on by hand."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SMALLEST_BURST = 6
"""Of all limits: of as many requests each process must let at least one in."""


class Settings(BaseSettings):
    """Every setting has a name in the environment: `JARINGAN_DATABASE_URL` and so on.

    Without a database URL the embedded PostgreSQL in the user's data folder is used.
    """

    model_config = SettingsConfigDict(env_prefix="JARINGAN_", frozen=True)

    database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65_535)
    network: int = Field(default=1, ge=1)
    write_connections: int = Field(default=4, ge=2)
    read_connections: int = Field(default=6, ge=2)
    memory_facts: int = Field(default=100_000, ge=1_000)
    """What decisions were told lately, kept by one process: about a kilobyte each."""
    requests_at_once: int = Field(default=48, ge=1)
    """Worked on by one process; whoever comes on top is told at once to come again."""
    rate_factor: float = Field(default=1.0, ge=0)
    processes: int = Field(default=1, ge=1)
    """How many `serve` work on this database at once: each lets its part of every limit through."""
    forwarded_allow_ips: str = ""
    """Addresses and networks of proxies, apart by commas, whose `X-Forwarded-For` says who calls;
    of all others it says nothing, or whoever writes that header could call from anywhere."""
    master_key_file: Path | None = None
    """Made beside the embedded database's data when it is not named; else it must be."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    oidc_issuer: str | None = None
    """Where people log in, by OpenID Connect; without it only keys are let in."""
    oidc_client_id: str = "jaringan"
    oidc_client_secret_file: Path | None = None
    oidc_second_factor_acr: str = "phr phrh"
    """What `acr` the issuer gives to a login with a second factor, apart by spaces; an `amr` that
    tells of one counts anyway."""
    public_url: str = "http://127.0.0.1:8000"

    @field_validator("processes")
    @classmethod
    def _each_lets_one_in(cls, processes: int, others: ValidationInfo) -> int:
        most = SMALLEST_BURST * others.data.get("rate_factor", 1.0)
        if 0 < most < processes:
            raise ValueError(f"limits can be shared by {most:.0f} processes at most")
        return processes

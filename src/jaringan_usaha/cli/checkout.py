"""The repository that this program runs from, if it does."""

from pathlib import Path

import jaringan_usaha


def repository() -> Path | None:
    """Its top folder; None from an installed wheel."""
    top = Path(jaringan_usaha.__file__).resolve().parents[2]
    return top if (top / "pyproject.toml").exists() and (top / "migrations").is_dir() else None

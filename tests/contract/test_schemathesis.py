"""The contract tried on the running service: every check, as its operator and as a tenant."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, LivedIn

EXAMPLES = {"examples,coverage": 60, "fuzzing": 12, "stateful": 200}
"""How many of each operation, or walks through all of them: the same on any machine."""

REPLACED = "response_schema_conformance"
"""By `answers_fit_the_contract` of hooks.py, which knows of `fields`, and is the same otherwise."""


@pytest.mark.parametrize("phases", EXAMPLES)
@pytest.mark.parametrize("speaker", ["operator", "koperasi"])
def test_the_service_keeps_its_contract(
    lived_in: LivedIn, contract: Path, tmp_path: Path, speaker: str, phases: str
) -> None:
    key = lived_in.service.keys[("operator", "koperasi").index(speaker)]
    python_path = f"{ROOT / 'src'}{os.pathsep}{ROOT}"
    environment = {"JARINGAN_KEY": key, "THERE": str(lived_in.there), "PYTHONPATH": python_path}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", str(contract)),
            *("--url", lived_in.service.url, "--checks", "all", "--exclude-checks", REPLACED),
            *("--phases", phases, "--seed", "2026", "--max-examples", str(EXAMPLES[phases])),
            *("--report", "junit", "--report-dir", str(tmp_path)),
        ],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8_000:]
    assert "No issues found" in done.stdout
    assert " 0 generated" not in done.stdout

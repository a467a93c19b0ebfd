"""`jaringan doctor`: what is well, what is not, and the one command that mends it."""

import typer

from jaringan_usaha.cli.options import Debug, Json


def doctor(as_json: Json = False, debug: Debug = False) -> None:
    """Look at everything that the service stands on; exit code 1 when something is not well.

    \b
    Example:
      jaringan doctor --json
    """
    from dataclasses import asdict

    from jaringan_usaha.cli.database import settings_with
    from jaringan_usaha.cli.health import examine
    from jaringan_usaha.cli.says import show, show_json

    findings = examine(settings_with())
    well = all(finding.well for finding in findings)
    if as_json:
        shown = [asdict(each) | {"remedy": "" if each.well else each.remedy} for each in findings]
        show_json({"well": well, "findings": shown})
    else:
        for finding in findings:
            remedy = "" if finding.well else f"  →  {finding.remedy}"
            show(f"{'✓' if finding.well else '✗'} {finding.name}: {finding.seen}{remedy}")
    if not well:
        raise typer.Exit(1)

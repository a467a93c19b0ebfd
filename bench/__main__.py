"""`python -m bench [NAME] [--json] [--rounds N] [--seconds S]`"""

import argparse
from collections.abc import Callable, Iterator

from bench import growth, orders, overload, tables
from bench.rounds import Result, tell

MEASUREMENTS: dict[str, Callable[[int, float], Iterator[Result]]] = {
    "order": orders.measure_order,
    "overload": overload.measure_overload,
    "sync": orders.measure_sync,
    "project": tables.measure_project,
    "rebuild": tables.measure_rebuild,
    "close": tables.measure_close,
    "growth": growth.measure_growth,
    "memory": growth.measure_memory,
    "cli": growth.measure_cli,
}


def main() -> None:
    """Measure one thing, or all of them."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=MEASUREMENTS, help="all without it")
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run")
    given = parser.parse_args()
    for name in [given.name] if given.name else MEASUREMENTS:
        for result in MEASUREMENTS[name](given.rounds, given.seconds):
            tell(result, as_json=given.as_json)


if __name__ == "__main__":
    main()

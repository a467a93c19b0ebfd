"""A till in a process of its own, which writes until somebody kills it, and says what it wrote."""

import itertools
import sys
from pathlib import Path

from jaringan_usaha.client.outbox import Operation, Outbox


def main() -> None:
    outbox = Outbox(Path(sys.argv[1]))
    for number in itertools.count(len(outbox.those("waiting"))):
        op_id = f"operation-{number:08}"
        outbox.write([Operation(op_id=op_id, type="place_order", body={"n": "x" * 300})])
        print(op_id, flush=True)


if __name__ == "__main__":
    main()

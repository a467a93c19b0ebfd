"""Run by path in a process of its own: spreadsheet bytes in, cells out as JSON lines.

Nothing of ours is imported, so that whoever breaks the reader finds an empty house: no settings,
no connections, 512 MiB of memory, 20 seconds, no new files. Source: SEC-10.
"""

import io
import json
import math
import resource
import sys

MEMORY_BYTES = 512 << 20
SECONDS = 20


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def cell(value: object, most_text: int) -> object:
    """Text as it is, a number as `[digits]`: never through a float again."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float) and math.isfinite(value):
        return [repr(value)]
    return str(value)[:most_text]


def main() -> int:
    most_sheets, most_rows, most_columns, most_cells, most_text = map(int, sys.argv[1:])
    limit()
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        shown = [each.name for each in book.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
        left = most_cells
        for name in shown[:most_sheets]:
            sheet = book.get_sheet_by_name(name)
            last = sheet.end or (-1, -1)
            height, width = last[0] + 1, last[1] + 1
            left -= height * width
            if height > most_rows or width > most_columns or left < 0:
                print(json.dumps({"refused": "large"}))
                return 0
            rows = sheet.to_python(skip_empty_area=False)
            cells = [[cell(each, most_text) for each in row] for row in rows]
            print(json.dumps({"title": name[:most_text], "rows": cells}))
    except (CalamineError, ValueError, OSError):
        print(json.dumps({"refused": "broken"}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

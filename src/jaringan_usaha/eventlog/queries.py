"""Named SQL: one `.sql` file beside the Python that runs it."""

import re
from importlib.resources import files

_HEAD = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


class Queries:
    """The named blocks of one file, as attributes: `queries.cycle_board`."""

    def __init__(self, package: str, name: str) -> None:
        text = (files(package) / name).read_text(encoding="utf-8")
        parts = _HEAD.split(text)
        self.blocks: dict[str, str] = {
            block: sql.strip() for block, sql in zip(parts[1::2], parts[2::2], strict=True)
        }

    def __getattr__(self, name: str) -> str:
        try:
            return self.blocks[name]
        except KeyError:
            raise AttributeError(f"there is no query named {name}") from None

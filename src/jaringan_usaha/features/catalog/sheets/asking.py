"""What a table leaves open: questions with stable ids, and the answers people gave to them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SKIP = "skip"
YES = "yes"
KEEP = "keep"
END = "end"

_OF_A_ROW = re.compile(r":R\d+$|:\*$")
_OF_A_FILE = ("head", "sheet", "ppn", "money", "gone")


def is_remembered(question: str) -> bool:
    """Whether the answer also holds for the supplier's next file: what columns, separators,
    words and units mean does, what is said of one row or one file does not."""
    return question not in _OF_A_FILE and not _OF_A_ROW.search(question)


@dataclass(frozen=True, slots=True)
class Question:
    """Something that only people know. `id` is what the answer names; `R12` in it is row 12 of
    the file. `options` are the answers that fit; none means that a value is asked for."""

    id: str
    text: str
    row: int = 0
    cell: str = ""
    options: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What is asked, without the row: `price` of `price:R12`."""
        return self.id.partition(":")[0]


@dataclass
class Asking:
    """Collects what is open, and which of the answers were of use."""

    given: Mapping[str, str]
    questions: dict[str, Question] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def answer(self, question: str, fits: Callable[[str], bool] | tuple[str, ...]) -> str:
        """The fitting answer to a question, or to all of its kind (`pack:*`); or nothing."""
        for key in (question, f"{question.partition(':')[0]}:*"):
            value = self.given.get(key, "").strip()
            if value and (value in fits if isinstance(fits, tuple) else fits(value)):
                self.used.add(key)
                return value
        return ""

    def ask(self, question: Question) -> str:
        """The answer to a question with options; without one it stays open."""
        value = self.answer(question.id, question.options)
        if not value:
            self.leave_open(question)
        return value

    def leave_open(self, question: Question) -> None:
        self.questions.setdefault(question.id, question)

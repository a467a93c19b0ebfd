"""A small feature to try the log on: coins are put into jars on shelves, until a shelf closes.

A jar is a stream. A shelf is asked about by every command and changed by few, like a cycle.
A label only ever comes into being, like an item.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, assert_never

from jaringan_usaha.kernel.decider import About, Decider, Known, Topic
from jaringan_usaha.kernel.messages import Command, Event
from jaringan_usaha.kernel.rejections import Missing, Refused

MOST_COINS = 100


class ShelfOpened(Event):
    name: ClassVar[str] = "jars.shelf_opened.1"
    shelf_id: str


class ShelfClosed(Event):
    name: ClassVar[str] = "jars.shelf_closed.1"
    shelf_id: str


class LabelPrinted(Event):
    name: ClassVar[str] = "jars.label_printed.1"
    label_id: str


class CoinsPut(Event):
    """Negative when they were taken out."""

    name: ClassVar[str] = "jars.coins_put.1"
    jar_id: str
    shelf_id: str
    coins: int
    note: str = ""


EVENTS = (ShelfOpened, ShelfClosed, LabelPrinted, CoinsPut)


class OpenShelf(Command):
    shelf_id: str


class CloseShelf(Command):
    shelf_id: str


class PrintLabel(Command):
    label_id: str


class PutCoins(Command):
    """`new`: the caller thinks that nothing was ever put into the jar."""

    jar_id: str
    shelf_id: str
    coins: int = 1
    label_id: str = ""
    note: str = ""
    new: bool = False


class MoveCoins(Command):
    source_id: str
    target_id: str
    shelf_id: str
    coins: int


JarCommand = OpenShelf | CloseShelf | PrintLabel | PutCoins | MoveCoins


class NoSuchShelf(Missing):
    code = "shelf-unknown"


class ShelfIsClosed(Refused):
    code = "shelf-closed"


class NoSuchLabel(Missing):
    code = "label-unknown"


class JarOverflows(Refused):
    code = "jar-overflows"


@dataclass(frozen=True)
class Jar:
    jar_id: str
    coins: int = 0


@dataclass(frozen=True)
class Shelf:
    shelf_id: str
    is_open: bool = False
    closed: bool = False


@dataclass(frozen=True)
class Label:
    label_id: str
    printed: bool = False


def evolve_jar(jar: Jar, event: CoinsPut) -> Jar:
    return replace(jar, coins=jar.coins + event.coins)


def evolve_shelf(shelf: Shelf, event: ShelfOpened | ShelfClosed) -> Shelf:
    match event:
        case ShelfOpened():
            return replace(shelf, is_open=True)
        case ShelfClosed():
            return replace(shelf, is_open=False, closed=True)
    assert_never(event)


def evolve_label(label: Label, _: LabelPrinted) -> Label:
    return replace(label, printed=True)


JAR = Topic("jars.jar", "jar", (CoinsPut,), Jar, evolve_jar, stream=True)
SHELF = Topic("jars.shelf", "shelf", (ShelfOpened, ShelfClosed), Shelf, evolve_shelf)
LABEL = Topic("jars.label", "label", (LabelPrinted,), Label, evolve_label, settled=True)
TOPICS = (JAR, SHELF, LABEL)


def needs(command: JarCommand) -> Sequence[About[Any]]:
    match command:
        case OpenShelf() | CloseShelf():
            return [SHELF.about(command.shelf_id)]
        case PrintLabel():
            return [LABEL.about(command.label_id)]
        case PutCoins():
            label = [LABEL.about(command.label_id)] if command.label_id else []
            jar = JAR.about(command.jar_id, new=command.new)
            return [jar, SHELF.about(command.shelf_id), *label]
        case MoveCoins():
            jars = [JAR.about(command.source_id), JAR.about(command.target_id)]
            return [*jars, SHELF.about(command.shelf_id)]
    assert_never(command)


def decide(command: JarCommand, known: Known) -> Sequence[Event]:
    match command:
        case OpenShelf():
            shelf = known[SHELF.about(command.shelf_id)]
            if shelf.closed:
                raise ShelfIsClosed("a closed shelf stays closed")
            return [] if shelf.is_open else [ShelfOpened(shelf_id=command.shelf_id)]
        case CloseShelf():
            shelf = known[SHELF.about(command.shelf_id)]
            if not shelf.is_open and not shelf.closed:
                raise NoSuchShelf("no such shelf")
            return [] if shelf.closed else [ShelfClosed(shelf_id=command.shelf_id)]
        case PrintLabel():
            return [LabelPrinted(label_id=command.label_id)]
        case PutCoins():
            if command.label_id and not known[LABEL.about(command.label_id)].printed:
                raise NoSuchLabel("no such label")
            return [_put(command, known, command.jar_id, command.coins, command.note)]
        case MoveCoins():
            return [
                _put(command, known, command.source_id, -command.coins),
                _put(command, known, command.target_id, command.coins),
            ]
    assert_never(command)


def _put(
    command: PutCoins | MoveCoins, known: Known, jar_id: str, coins: int, note: str = ""
) -> CoinsPut:
    if not known[SHELF.about(command.shelf_id)].is_open:
        raise ShelfIsClosed("the shelf takes no coins")
    if not 0 <= known[JAR.about(jar_id)].coins + coins <= MOST_COINS:
        raise JarOverflows("a jar holds between none and a hundred coins")
    return CoinsPut(jar_id=jar_id, shelf_id=command.shelf_id, coins=coins, note=note)


jars: Decider[JarCommand] = Decider(needs, decide, TOPICS)


class Say(Command):
    """Whatever events, without asking anything."""

    events: tuple[Event, ...]


said: Decider[Say] = Decider(lambda _: (), lambda command, _: command.events, ())

"""Turns of the event loop: in each some clients are heard, and whatever works for those let in."""

import selectors

HEARD_AT_ONCE = 16

Ready = list[tuple[selectors.SelectorKey, int]]


class Turns(selectors.DefaultSelector):
    """For `asyncio.SelectorEventLoop`: what the database says for a request at work does not wait
    until everybody who came meanwhile has been heard, and told to come again.

    `clients` are the descriptors of their connections; whoever has to wait comes first next time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clients: set[int] = set()
        self._waiting: list[int] = []

    def select(self, timeout: float | None = None) -> Ready:
        """What is ready, without the clients that have to wait."""
        ready = super().select(timeout)
        if len(ready) <= HEARD_AT_ONCE:
            self._waiting.clear()
            return ready
        heard: Ready = []
        clients: dict[int, tuple[selectors.SelectorKey, int]] = {}
        for each in ready:
            descriptor = each[0].fd
            if descriptor in self.clients:
                clients[descriptor] = each
            else:
                heard.append(each)
        line = list(dict.fromkeys([each for each in self._waiting if each in clients] + [*clients]))
        self._waiting = line[HEARD_AT_ONCE:]
        heard += [clients[each] for each in line[:HEARD_AT_ONCE]]
        return heard

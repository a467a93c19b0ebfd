"""HTTP as uvicorn speaks it, with the refusal of what is no HTTP in the form of all refusals."""

from http import HTTPStatus

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from jaringan_usaha.api.problems import MEDIA_TYPE, Problem, members

_UNREADABLE = msgspec.json.encode(
    members(Problem(HTTPStatus.BAD_REQUEST, "bad-request", "this is no readable HTTP"), {}, "id")
)


class Protocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=…)`."""

    def send_400_response(self, msg: str) -> None:
        """What the parser could not read is refused, and the connection ended."""
        head = (
            f"HTTP/1.1 400 Bad Request\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-language: id\r\n"
            f"content-length: {len(_UNREADABLE)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + _UNREADABLE)
        self.transport.close()

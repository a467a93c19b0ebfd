"""Two persons: what one proposes, another one confirms."""

from jaringan_usaha.kernel.rejections import NotAllowed


class SecondPersonNeeded(NotAllowed):
    code = "second-person-needed"


def must_be_another(maker: str, checker: str) -> None:
    """Both as `Asked.by` names them. Raises SecondPersonNeeded."""
    if maker == checker:
        raise SecondPersonNeeded("whoever proposed this may not confirm it: ask a second person")

"""API-1: an idempotency key stands for one request of one scope, whatever another one sends."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jaringan_usaha.api.access.caller import Caller
from jaringan_usaha.api.asked import REPLAY, command_id, command_ids, new_id
from jaringan_usaha.api.fields import SLUG_PATTERN

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SLUGS = st.sampled_from(["operator", "auditor", "office", "supplier", "bulog"]) | st.from_regex(
    re.compile(SLUG_PATTERN, re.ASCII), fullmatch=True
)
NETWORKS = st.integers(1, 3)
CALLERS = st.one_of(
    st.builds(Caller, NETWORKS, st.just("koperasi"), SLUGS, st.just("key")),
    st.builds(Caller, NETWORKS, st.just("supplier"), st.none(), st.just("key"), supplier_id=SLUGS),
    st.builds(
        Caller,
        NETWORKS,
        st.sampled_from(["operator", "auditor", "office"]),
        st.none(),
        st.just("key"),
    ),
)
KEYS = st.builds(new_id) | st.from_regex(r"[A-Za-z0-9._:-]{16,40}", fullmatch=True)


@given(CALLERS, CALLERS, KEYS)
def test_api_1_nobody_looks_where_anothers_answer_lies(a: Caller, b: Caller, key: str) -> None:
    """Answers are found by the command's id alone, and two scopes have no id in common: so a
    look-up takes as long whether another has used the key or not."""
    same = (a.network_id, a.role, a.koperasi_id, a.supplier_id) == (
        b.network_id,
        b.role,
        b.koperasi_id,
        b.supplier_id,
    )
    assert set(command_ids(a, key)).isdisjoint(command_ids(b, key)) is not same


@given(CALLERS, KEYS, st.integers(-10, 500))
def test_api_2_a_command_is_looked_up_by_every_id_it_may_have(
    caller: Caller, key: str, days: int
) -> None:
    """Whenever it was sent, before its key grew old or after."""
    assert command_id(caller, key, NOW + timedelta(days=days)) in command_ids(caller, key)


def test_api_1_a_key_with_a_time_is_the_same_command_for_35_days() -> None:
    caller = Caller(1, "operator", None, "key")
    key, made = new_id(), datetime.now(UTC)
    first = command_id(caller, key, made)
    assert command_id(caller, key, made + REPLAY - timedelta(hours=1)) == first
    assert command_id(caller, key, made + REPLAY + timedelta(hours=1)) != first

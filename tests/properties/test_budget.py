"""Whatever is reserved, settled and given back, in whatever order: no limit is passed, and nothing is lost."""

from __future__ import annotations

from contextlib import suppress
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from agents.budget import BudgetAccount
from contracts.calls import ModelCard, ModelReply
from contracts.errors import BudgetExhausted
from contracts.runs import Budget, Usage

CARD = ModelCard(name="m", label="m", prompt_price=10.0, completion_price=20.0)
BUDGETS = st.builds(
    Budget,
    turns=st.none() | st.integers(1, 20),
    model_calls=st.none() | st.integers(1, 20),
    tokens=st.none() | st.integers(1, 20_000),
    usd=st.none() | st.floats(0.001, 1.0),
    tool_calls_per_turn=st.none() | st.integers(1, 5),
)
# A call: characters of its prompt, and what part of the reservation it uses; None is a call that failed.
CALLS = st.lists(st.tuples(st.integers(0, 20_000), st.none() | st.floats(0, 1)), max_size=40)


def _reply(chars: int, part: float) -> ModelReply:
    prompt, completion = int(chars // 4 * part), int(256 * part)
    usd = (prompt * 10.0 + completion * 20.0) / 1e6
    return ModelReply(content="", prompt_tokens=prompt, completion_tokens=completion, usd=usd)


@given(BUDGETS, CALLS, st.randoms(use_true_random=False))
def test_calls_that_use_what_they_reserved_pass_no_limit(
    budget: Budget, calls: list[tuple[int, float | None]], random: Random
) -> None:
    account = BudgetAccount(budget, usage=Usage(), started=0.0)
    open_calls: list[tuple[int, ModelReply | None]] = []
    made = 0
    for chars, part in calls:
        with suppress(BudgetExhausted):
            number = account.reserve_model_call(CARD, chars=chars, now=1.0)
            open_calls.append((number, None if part is None else _reply(chars, part)))
            made += 1
        while open_calls and random.random() < 0.4:
            account.settle(*open_calls.pop(random.randrange(len(open_calls))))
    for call in open_calls:
        account.settle(*call)
    usage = account.usage
    assert usage.model_calls == made
    assert budget.model_calls is None or made <= budget.model_calls
    assert budget.usd is None or usage.usd <= budget.usd + 1e-9
    if budget.tokens is not None and usage.prompt_tokens:
        assert usage.prompt_tokens + usage.completion_tokens <= budget.tokens


@given(CALLS)
def test_usage_without_limits_is_the_sum_of_the_replies(calls: list[tuple[int, float | None]]) -> None:
    account = BudgetAccount(Budget(), usage=Usage(), started=0.0)
    replies = [None if part is None else _reply(chars + 4_000, part + 0.1) for chars, part in calls]
    for (chars, _), reply in zip(calls, replies, strict=True):
        account.settle(account.reserve_model_call(CARD, chars=chars, now=0.0), reply)
    settled = [reply for reply in replies if reply is not None]
    assert account.usage.prompt_tokens == sum(reply.prompt_tokens for reply in settled)
    assert account.usage.completion_tokens == sum(reply.completion_tokens for reply in settled)
    assert account.usage.model_calls == len(calls)


@given(st.integers(1, 50), st.integers(0, 100))
def test_turns_are_numbered_until_they_are_used(limit: int, wanted: int) -> None:
    account = BudgetAccount(Budget(turns=limit), usage=Usage(), started=0.0)
    numbers: list[int] = []
    for _ in range(wanted):
        with suppress(BudgetExhausted):
            numbers.append(account.begin_turn())
    assert numbers == list(range(1, min(limit, wanted) + 1))
    assert account.usage.turns == len(numbers)


@given(st.floats(0.1, 1e6), st.floats(0, 2e6))
def test_time_is_over_when_it_is_used(limit: float, now: float) -> None:
    account = BudgetAccount(Budget(wall_seconds=limit), usage=Usage(), started=0.0)
    raised = False
    try:
        account.check_time(now)
    except BudgetExhausted as error:
        raised = error.limit == "wall_seconds"
    assert raised == (now >= limit)


@given(st.integers(1, 5), st.integers(0, 10))
def test_what_earlier_parts_of_a_run_used_counts(limit: int, used: int) -> None:
    account = BudgetAccount(Budget(model_calls=limit), usage=Usage(model_calls=used), started=0.0)
    made = 0
    with suppress(BudgetExhausted):
        while made < 10:
            account.reserve_model_call(CARD, chars=0, now=0.0)
            made += 1
    assert made == max(0, min(10, limit - used))

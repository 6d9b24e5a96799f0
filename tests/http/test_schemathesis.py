"""R14 in small: generated requests to every operation, with the right to ask; no 5xx, and every error is a registered problem of that operation."""

import asyncio
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import schemathesis
from httpx import Response
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backend.http.problems.registry import TITLES
from tests.http.salon import Salon
from tests.support.api import sendable
from tests.support.clock import TestClock

EXAMPLES = 12
UNDOCUMENTED_BY_NATURE = {404, 405, 415}
"""What any path can answer: generated path values that are no ids, and bodies of other types."""


def load(document: dict[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return schemathesis.openapi.from_dict(document)


async def ask(salon: Salon, operation: Any, case: Any) -> Response:
    raw = operation.definition.raw
    schemes = {name for wish in raw.get("security", ()) for name in wish}
    who = "key" if "apiKey" in schemes else {"manager": "manager", "staff": "employee"}.get(raw["tags"][0], "owner")
    caller = await salon.caller(who) if schemes else salon.api.nobody()
    sent = case.as_transport_kwargs(base_url="http://huifang.test")
    headers = {
        name: str(value)
        for name, value in sent.get("headers", {}).items()
        if name.lower() not in {"authorization", "user-agent"}
    }
    if caller.token:
        headers["Authorization"] = f"Bearer {caller.token}"
    return await caller.client.request(sent["method"], sent["url"], headers=headers, **sendable(sent))


def judge(operation: Any, answer: Response) -> None:
    what = f"{operation.label}: {answer.status_code} {answer.text[:300]}"
    assert answer.status_code < 500, what
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", what
        problem = answer.json()
        assert problem["code"] in TITLES, what
        documented = {int(status) for status in operation.definition.raw["responses"]} | UNDOCUMENTED_BY_NATURE
        assert answer.status_code in documented, what
    else:
        assert str(answer.status_code) in operation.definition.raw["responses"], what


def explore(operation: Any, run: Callable[[Coroutine[Any, Any, Response]], Response], salon: Salon) -> None:
    """Generate a few requests, right and wrong ones, in this thread; the loop of the session answers them."""

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def go(data: Any) -> None:
        mode = data.draw(st.sampled_from(list(schemathesis.GenerationMode)))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        judge(operation, run(ask(salon, operation, case)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        go()


@pytest.mark.filterwarnings("ignore")
async def test_generated_requests_meet_no_defect(salon: Salon, clock: TestClock) -> None:
    loop = asyncio.get_running_loop()
    await clock.now()
    document = (await salon.api.nobody().get("/openapi.json")).json()
    seen = 0
    for result in load(document).get_all_operations():
        operation = result.ok()
        if operation.definition.raw["operationId"] in {"Logout", "ChangePassword"}:
            continue  # they end the log-in that the others need; tests/http/test_auth.py has them
        await asyncio.to_thread(
            explore, operation, lambda asked: asyncio.run_coroutine_threadsafe(asked, loop).result(), salon
        )
        seen += 1
    assert seen >= 30

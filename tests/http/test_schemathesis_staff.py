"""R14 for the staff app: generated calls that follow each other as the contract's links say. No defect, no undocumented answer, no body not as declared."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from httpx import Response as Answer
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.generation.stateful import APIStateMachine
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from backend.http.problems.registry import TITLES
from tests.http.salon import Salon
from tests.http.test_schemathesis import UNDOCUMENTED_BY_NATURE, load
from tests.support.api import sendable
from tests.support.clock import TestClock, shanghai
from tests.support.files import PNG, announcement

CALLS = 300
CALLS_AT_LENGTH = 4_000
SCENARIOS = 12
"""In one round, at most: a scenario that meets what an earlier one has changed ends its round, as in the tool's own engine."""
STEPS = 10
WALKED_ELSEWHERE = {"StreamTasks"}
"""A stream has no end; tests/flows/test_sync*.py listen to it."""
OFTEN = 0.6
"""How often a generated body gives way to the contract's own example, with things of this salon in it: noise alone seldom gets past the first check."""
Run = Callable[[Coroutine[Any, Any, Answer]], Answer]


def staff_only(document: dict[str, Any]) -> dict[str, Any]:
    """The staff part of the contract; what no scenario may call is out, links to it too."""
    paths: dict[str, Any] = {}
    for path, item in document["paths"].items():
        kept = {
            method: said
            for method, said in item.items()
            if "staff" in said.get("tags", ()) and said["operationId"] not in WALKED_ELSEWHERE
        }
        if kept:
            paths[path] = kept
    return document | {"paths": begun(paths)}


def begun(paths: dict[str, Any]) -> dict[str, Any]:
    """With the first call after a log-in leading everywhere one can go without knowing an id yet."""
    anywhere = [
        said["operationId"]
        for path, item in paths.items()
        for said in item.values()
        if "{" not in path or path.endswith(("{ticket}", "{installation_id}"))
    ]
    first = paths["/v1/staff/bootstrap"]["get"]["responses"]["200"]
    first["links"] = {f"then-{name}": {"operationId": name} for name in anywhere}
    return paths


class Walk:
    """What the scenarios of one run share: the salon, who calls, what was seen of each operation."""

    def __init__(self, salon: Salon, run: Run) -> None:
        self.salon = salon
        self.run = run
        self.chance = random.Random(20260309)  # noqa: S311  # no secret
        self.uploads: list[str] = []
        self.seen: dict[str, list[int]] = {}
        self.faults: list[str] = []
        self.known: dict[str, list[str]] = {
            "customerId": [str(salon.customers["S1"])],
            "storeId": [str(salon.stores["S1"])],
            **{name: [str(salon.staff["employee"])] for name in ("staffId", "servedBy", "soldBy")},
        }

    @property
    def calls(self) -> int:
        """How many were made."""
        return sum(len(statuses) for statuses in self.seen.values())

    @property
    def succeeded(self) -> set[str]:
        """Operations that answered with success at least once."""
        return {name for name, statuses in self.seen.items() if min(statuses) < 300}

    def steer(self, case: Any) -> None:
        """Make a generated case one that could be of this salon."""
        operation = case.operation.definition.raw
        if "wait" in (case.query or {}):
            case.query["wait"] = 0
        if operation["operationId"] == "UploadAttachment" and self.uploads and self.chance.random() < OFTEN:
            case.path_parameters = {"ticket": self.chance.choice(self.uploads)}
            case.body = PNG
        example = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        if example is not None and self.chance.random() < OFTEN:
            case.body = self.ours(example)
            if operation["operationId"] == "AnnounceAttachment":
                case.body = announcement(UUID(case.body["taskId"]), PNG)

    def ours(self, value: Any, name: str = "") -> Any:
        """An example with ids of this salon."""
        if isinstance(value, dict):
            return {key: self.ours(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self.ours(each, name) for each in value]
        if name == "actionId":
            return str(UUID(int=self.chance.getrandbits(128), version=4))
        return self.chance.choice(self.known[name]) if name in self.known and value is not None else value

    async def ask(self, case: Any) -> Answer:
        """Send a case as an employee, or as nobody where the contract asks for no proof."""
        proven = bool(case.operation.definition.raw.get("security"))
        caller = await self.salon.caller("employee") if proven else self.salon.api.nobody()
        sent = case.as_transport_kwargs(base_url="http://huifang.test")
        headers = {
            name: str(value)
            for name, value in sent.get("headers", {}).items()
            if name.lower() not in {"authorization", "user-agent"}
        }
        if caller.token:
            headers["Authorization"] = f"Bearer {caller.token}"
        return await caller.client.request(sent["method"], sent["url"], headers=headers, **sendable(sent))

    def note(self, case: Any, answer: Answer) -> None:
        """Remember what a later step may use."""
        operation = case.operation.definition.raw["operationId"]
        self.seen.setdefault(operation, []).append(answer.status_code)
        told = answer.json() if answer.status_code in {200, 201} and "json" in answer.headers["content-type"] else {}
        for name, value in told.items():
            if name.endswith("Id") and value:
                self.known.setdefault(name, []).append(value)
        if told.get("uploadUrl"):
            self.uploads.append(told["uploadUrl"].rsplit("/", 1)[1])


async def stock(walk: Walk) -> None:
    """What the contract's examples speak of: tasks, a service, a card."""
    salon, key = walk.salon, await walk.salon.caller("key")
    walk.known["taskId"] = [str(await salon.task("S1", who)) for who in ("employee", None) * 20]
    for kind, item in (
        ("products", {"code": "FACIAL-60", "name": "面部护理", "kind": "service"}),
        ("card-products", {"code": "SV", "name": "充值卡", "kind": "stored_value"}),
        ("cards", {"externalId": "K1", "product": "SV", "customer": "C-S1", "store": "S1", "openedOn": "2026-03-01"}),
    ):
        await key.ask("PUT", f"/v1/intake/{kind}:batch", json={"items": [item]})
    walk.known["cardId"] = [
        str(row["id"]) for row in await salon.rows("select id from card where merchant_id = :merchant")
    ]


def judge(case: Any, answer: Answer, response: Response) -> None:
    """No defect; what is answered is documented, and as it is documented."""
    what = f"{case.operation.label}: {answer.status_code} {answer.text[:400]} for {case.body!r:.300}"
    documented = {int(status) for status in case.operation.definition.raw["responses"]}
    assert answer.status_code < 500, what
    assert answer.status_code in documented | UNDOCUMENTED_BY_NATURE, what
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", what
        assert answer.json()["code"] in TITLES, what
    if answer.status_code in documented:
        case.validate_response(
            response, checks=(not_a_server_error, status_code_conformance, response_schema_conformance)
        )


def walker(document: dict[str, Any], walk: Walk, seed: int) -> type[APIStateMachine]:
    """The contract as a machine whose steps are calls of this salon."""
    machine: type[APIStateMachine] = load(document).as_state_machine()

    class Walker(machine):  # type: ignore[misc, valid-type]  # made at run time
        _hypothesis_internal_use_seed = seed

        def before_call(self, case: Any) -> None:
            walk.steer(case)

        def call(self, case: Any, **_: Any) -> Response:
            self.answer = walk.run(walk.ask(case))
            walk.note(case, self.answer)
            return Response.from_httpx(self.answer, verify=True)

        def validate_response(self, response: Response, case: Any, *_: Any, **__: Any) -> None:
            try:
                judge(case, self.answer, response)
            except (AssertionError, FailureGroup) as fault:
                walk.faults.append(f"{fault}\n{'; '.join(map(str, getattr(fault, 'exceptions', ())))}")
                raise

    return Walker


def walk_on(document: dict[str, Any], walk: Walk, calls: int) -> None:
    """Play rounds until enough calls were made or one was wrong. A round may end because the salon is no longer as it was: that is no fault."""
    how = settings(
        max_examples=SCENARIOS, stateful_step_count=STEPS, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    for seed in range(calls):
        if walk.calls >= calls or walk.faults:
            return
        with suppress(Flaky, FailureGroup, AssertionError):
            walker(document, walk, seed).run(settings=how)


async def walked(salon: Salon, calls: int) -> tuple[Walk, set[str]]:
    """A walk of so many calls, and the operations it could have met."""
    loop = asyncio.get_running_loop()
    document = staff_only((await salon.api.nobody().get("/openapi.json")).json())
    walk = Walk(salon, lambda asked: asyncio.run_coroutine_threadsafe(asked, loop).result())
    await stock(walk)
    await salon.caller("employee")
    await asyncio.to_thread(walk_on, document, walk, calls)
    return walk, {said["operationId"] for item in document["paths"].values() for said in item.values()}


@pytest.mark.filterwarnings("ignore")
async def test_calls_that_follow_each_other_meet_no_defect(salon: Salon, clock: TestClock) -> None:
    await clock.set(shanghai("2026-03-09 12:00"))
    walk, operations = await walked(salon, CALLS)
    assert walk.faults == []
    assert walk.calls >= CALLS
    assert len(walk.seen) > 0.5 * len(operations), operations - set(walk.seen)
    assert len(walk.succeeded) > 0.3 * len(operations), operations - walk.succeeded


@pytest.mark.faults
@pytest.mark.filterwarnings("ignore")
async def test_many_calls_that_follow_each_other_meet_no_defect(salon: Salon, clock: TestClock) -> None:
    await clock.set(shanghai("2026-03-09 12:00"))
    walk, operations = await walked(salon, CALLS_AT_LENGTH)
    assert walk.faults == []
    assert len(walk.seen) > 0.9 * len(operations), operations - set(walk.seen)
    assert len(walk.succeeded) > 0.8 * len(operations), operations - walk.succeeded

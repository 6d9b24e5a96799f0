"""When the house is not well the caller is told so, and told when to come back; a defect says nothing of itself."""

import logging

import pytest
from litestar import get
from litestar.exceptions import HTTPException

from backend.app import create_app
from backend.db.engine import open_engine
from backend.db.faults import Fault, fault_of
from backend.db.units import Units
from backend.services import Services
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.http.salon import Salon
from tests.support.api import Api, quick_services

SECRET = "13712345678"


@pytest.fixture
def dead(master: MasterKey) -> Services:
    """Services whose database is not there."""
    return quick_services(Units(open_engine("postgresql://nobody@127.0.0.1:1/none"), master), master)


async def test_without_a_database_everything_says_come_back(dead: Services, salon: Salon) -> None:
    api = Api.of(dead)
    token = (await salon.caller("employee")).token
    key = (await salon.caller("key")).token
    answers = [
        await api.nobody().get("/health/ready"),
        await api.nobody().post("/v1/auth/login", {"phone": SECRET, "password": "whatever"}),
        await api.nobody().post("/v1/auth/refresh", {"refreshToken": f"hfr_{new_id().hex}_{new_id().hex}_AAAA"}),
        await api.key(str(token)).get("/v1/staff/tasks"),
        await api.key(str(key)).put("/v1/intake/customers:batch", {"items": [{"externalId": "C"}]}),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert (await api.nobody().get("/health/live")).status_code == 200


async def test_a_neighbour_that_is_away_degrades(salon: Salon, units: Units, master: MasterKey) -> None:
    async def fine() -> None: ...

    async def away() -> None:
        raise ConnectionError

    services = Services(units, master, passwords=salon.services.passwords, probes={"redis": away, "push": fine})
    answer = await Api.of(services).nobody().get("/health/ready")
    assert answer.json() == {"status": "degraded", "checks": {"database": "ok", "redis": "failed", "push": "ok"}}


@get("/defect", opt={})
async def defect() -> None:
    """Fail with something personal in the message."""
    raise RuntimeError(SECRET)


@get("/teapot", opt={})
async def teapot() -> None:
    """Answer a status that no code is registered for."""
    raise HTTPException(SECRET, status_code=418)


async def test_a_defect_is_a_500_that_says_nothing_and_logs_no_value(
    salon: Salon, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(salon.services)
    app.register(defect)
    app.register(teapot)
    with caplog.at_level(logging.ERROR):
        answer = await Api(app).nobody().get("/defect", headers={"x-request-id": "find-me-1234"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert SECRET not in answer.text + caplog.text
    assert "find-me-1234" in caplog.text
    assert "RuntimeError" in caplog.text
    other = await Api(app).nobody().get("/teapot")
    assert (other.status_code, other.json()["code"]) == (400, "bad-request")
    assert SECRET not in other.text


async def test_what_the_database_says_of_a_value_is_told_apart_from_a_defect(units: Units, salon: Salon) -> None:
    found: dict[str, Fault | None] = {}
    statements = {
        "a NUL": ("select cast(:x as text)", "a\0b"),
        "too large a number": ("select cast(:x as int)", 2**40),
        "a defect of ours": ("select 1 / cast(:x as int)", 0),
        "no such column": ("select :x, nothing", "a"),
    }
    for name, (sql, value) in statements.items():
        try:
            async with units.open(salon.merchant_id) as unit:
                await unit.run(sql, x=value)
        except Exception as error:  # noqa: BLE001  # which one is the question
            found[name] = fault_of(error)
    assert found == {
        "a NUL": Fault.UNSTORABLE,
        "too large a number": Fault.UNSTORABLE,
        "a defect of ours": None,
        "no such column": None,
    }

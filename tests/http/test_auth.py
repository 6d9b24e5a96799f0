"""X3: a reused refresh token ends its family, a removed member is out, guessing gets nobody in, and nobody can lock others out."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import jwt
import pytest
from argon2 import PasswordHasher
from sqlalchemy import text as sql

from backend.auth.access import load_member
from backend.auth.errors import TooManyAttempts, Unauthenticated
from backend.auth.login import Attempt, Gate, login
from backend.auth.passwords import Passwords
from backend.auth.throttle import Throttle, ThrottleRules, forget_old_attempts
from backend.auth.tokens import Bearer, Claims, read_access, sign_access
from backend.db.units import Units
from backend.services import Services
from tasks.kernel.ids import new_id
from tasks.kernel.scope import Role
from tasks.kernel.sealing import MasterKey
from tasks.people.inputs import StaffIn
from tasks.people.phones import normalise_phone
from tasks.people.service import upsert_staff
from tests.http.salon import PASSWORD, Salon, open_salon
from tests.support.api import Api

ME = "/v1/staff/me"


async def test_a_log_in_opens_the_door_and_log_out_shuts_it_at_once(salon: Salon) -> None:
    caller = await salon.caller("employee")
    assert (await caller.get(ME)).status_code == 200
    assert (await caller.post("/v1/auth/logout")).status_code == 204
    gone = await caller.get(ME)
    assert (gone.status_code, gone.json()["code"]) == (401, "unauthenticated")
    again = await caller.post("/v1/auth/refresh", {"refreshToken": caller.refresh_token, "device": "phone of employee"})
    assert again.json()["code"] == "session-ended"


async def test_a_refresh_token_works_once_and_its_reuse_ends_the_family(salon: Salon) -> None:
    caller = await salon.caller("employee")
    first = {"refreshToken": caller.refresh_token, "device": "phone of employee"}
    second = (await caller.post("/v1/auth/refresh", first)).json()
    await salon.rows(
        "update refresh_token set used_at = used_at - interval '11 seconds' where merchant_id = :merchant and used_at is not null"
    )
    stolen = await caller.post("/v1/auth/refresh", first)
    assert (stolen.status_code, stolen.json()["code"]) == (401, "refresh-reused")
    later = await caller.post(
        "/v1/auth/refresh", {"refreshToken": second["refreshToken"], "device": "phone of employee"}
    )
    assert later.json()["code"] == "session-ended"
    assert (await caller.get(ME)).status_code == 401
    (family,) = await salon.rows("select revoke_reason from refresh_family where merchant_id = :merchant")
    assert family["revoke_reason"] == "reused"


async def test_a_retry_of_the_same_device_gets_the_same_successor(salon: Salon) -> None:
    caller = await salon.caller("employee")
    body = {"refreshToken": caller.refresh_token, "device": "phone of employee"}
    answers = await asyncio.gather(*(caller.post("/v1/auth/refresh", body) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.json()["refreshToken"] for answer in answers}) == 1


async def test_another_device_with_the_same_token_ends_the_family_even_at_once(salon: Salon) -> None:
    caller = await salon.caller("employee")
    assert (
        await caller.post("/v1/auth/refresh", {"refreshToken": caller.refresh_token, "device": "phone of employee"})
    ).is_success
    thief = await caller.post("/v1/auth/refresh", {"refreshToken": caller.refresh_token, "device": "thief"})
    assert thief.json()["code"] == "refresh-reused"


async def test_a_removed_member_is_out_with_every_token(salon: Salon, services: Services) -> None:
    caller = await salon.caller("employee")
    assert (await caller.get(ME)).status_code == 200
    async with services.units.open(salon.merchant_id) as unit:
        await upsert_staff(unit, services.master, [StaffIn(external_id="employee", name="走了", active=False)])
    began = time.monotonic()
    assert (await caller.get(ME)).status_code == 401
    assert time.monotonic() - began < 5
    refreshed = await caller.post(
        "/v1/auth/refresh", {"refreshToken": caller.refresh_token, "device": "phone of employee"}
    )
    assert refreshed.json()["code"] == "session-ended"
    login = await caller.post("/v1/auth/login", {"phone": salon.phones["employee"], "password": PASSWORD})
    assert login.json()["code"] == "credentials-wrong"


async def test_a_thousand_guesses_let_nobody_in_and_lock_nobody_out(salon: Salon) -> None:
    owner = await salon.caller("owner")
    phone = salon.phones["owner"]

    async def guess(number: int) -> int:
        body = {"phone": phone, "password": f"guess-{number}", "device": f"stranger {number % 50}"}
        return (await salon.api.client.post("/v1/auth/login", json=body)).status_code

    statuses: list[int] = []
    for start in range(0, 1000, 10):
        statuses += await asyncio.gather(*(guess(start + n) for n in range(10)))
    assert set(statuses) == {401, 429}
    assert statuses.count(401) == 50 * 5
    again = await salon.api.login(phone, PASSWORD, device="phone of owner")
    assert (await again.get(ME)).status_code == 200
    assert (await owner.get(ME)).status_code == 200
    new_phone = await salon.api.login(phone, PASSWORD, device="a new phone")
    assert (await new_phone.get(ME)).status_code == 200


async def test_a_device_that_guessed_waits_even_with_the_right_password(salon: Salon) -> None:
    body = {"phone": salon.phones["employee"], "password": "falsch", "device": "clumsy"}
    answers = [await salon.api.client.post("/v1/auth/login", json=body) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 900
    right = await salon.api.client.post("/v1/auth/login", json=body | {"password": PASSWORD})
    assert right.json()["code"] == "too-many-attempts"


async def test_an_unknown_phone_costs_what_a_wrong_password_costs(salon: Salon, services: Services) -> None:
    seen: list[str | None] = []
    verify = services.passwords.verify

    async def counting(encoded: str | None, password: str) -> bool:
        seen.append(encoded)
        return await verify(encoded, password)

    services.passwords.verify = counting  # type: ignore[method-assign]  # counts, and does the real work
    try:
        known = await salon.api.client.post(
            "/v1/auth/login", json={"phone": salon.phones["owner"], "password": "x" * 9}
        )
        unknown = await salon.api.client.post("/v1/auth/login", json={"phone": "19999999998", "password": "x" * 9})
    finally:
        services.passwords.verify = verify  # type: ignore[method-assign]  # as above
    assert [bool(encoded) for encoded in seen] == [True, False]
    assert known.json() | {"requestId": ""} == unknown.json() | {"requestId": ""}


async def test_one_phone_at_two_merchants_chooses_after_the_password(
    salon: Salon, services: Services, api: Api
) -> None:
    other = await open_salon(services, api)
    phone = salon.phones["owner"]
    async with services.units.open(other.merchant_id) as unit:
        await upsert_staff(unit, services.master, [StaffIn(external_id="owner", name="同一人", phone=phone)])
    body = {"phone": phone, "password": PASSWORD}
    wrong = await api.client.post("/v1/auth/login", json=body | {"password": "wrong password"})
    assert (wrong.status_code, "choices" in wrong.json()) == (401, False)
    choice = await api.client.post("/v1/auth/login", json=body)
    assert (choice.status_code, choice.json()["code"]) == (409, "choose-merchant")
    assert {each["merchantId"] for each in choice.json()["choices"]} == {str(salon.merchant_id), str(other.merchant_id)}
    chosen = await api.client.post("/v1/auth/login", json=body | {"merchantId": str(other.merchant_id)})
    assert chosen.json()["merchantId"] == str(other.merchant_id)
    elsewhere = await api.client.post("/v1/auth/login", json=body | {"merchantId": str(new_id())})
    assert elsewhere.json()["code"] == "credentials-wrong"


async def test_changing_the_password_ends_every_other_log_in(salon: Salon) -> None:
    here = await salon.api.login(salon.phones["employee"], PASSWORD, device="here")
    there = await salon.api.login(salon.phones["employee"], PASSWORD, device="there")
    wrong = await here.post("/v1/auth/password", {"current": "not it", "password": "ein neues Passwort"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "current")
    weak = await here.post("/v1/auth/password", {"current": PASSWORD, "password": "short"})
    assert weak.json()["code"] == "password-weak"
    assert (
        await here.post("/v1/auth/password", {"current": PASSWORD, "password": "ein neues Passwort"})
    ).status_code == 204
    assert (await here.get(ME)).status_code == 200
    assert (await there.get(ME)).status_code == 401
    await salon.api.login(salon.phones["employee"], "ein neues Passwort")


async def test_guessing_the_current_password_is_throttled(salon: Salon) -> None:
    caller = await salon.caller("employee")
    body = {"current": "guess guess", "password": "ein neues Passwort"}
    statuses = [(await caller.post("/v1/auth/password", body)).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


@pytest.mark.parametrize(
    "token",
    [
        "",
        "garbage",
        "a.b.c",
        "hf_x_y_z",
        "é",
        jwt.encode({"m": "x", "s": "y", "f": "z", "exp": 4102444800}, "k" * 32, algorithm="HS256"),
        jwt.encode({"m": "x"}, key="", algorithm="none"),
    ],
)
def test_no_forged_access_token_is_read(master: MasterKey, token: str) -> None:
    with pytest.raises(Unauthenticated):
        read_access(master, token)


async def test_an_access_token_ends_and_names_one_merchant(
    salon: Salon, services: Services, units: Units, api: Api
) -> None:
    caller = await salon.caller("employee")
    claims = read_access(services.master, str(caller.token))
    (now,) = await salon.rows("select clock_timestamp() as at")
    with pytest.raises(Unauthenticated):
        read_access(services.master, sign_access(services.master, claims, now["at"] - timedelta(minutes=10, seconds=1)))
    other = await open_salon(services, api)
    async with units.open(other.merchant_id) as unit:
        with pytest.raises(Unauthenticated):
            await load_member(unit, claims)


async def test_the_scope_follows_the_memberships(salon: Salon, units: Units) -> None:
    async def member(who: str) -> tuple[Role, set[UUID], Role, set[UUID]]:
        caller = await salon.caller(who)
        claims: Claims = read_access(salon.services.master, str(caller.token))
        async with units.open(salon.merchant_id) as unit:
            found = await load_member(unit, claims)
        return found.role, set(found.leading.store_ids), found.working.role, set(found.working.store_ids)

    one, two = salon.stores["S1"], salon.stores["S2"]
    assert await member("owner") == (Role.OWNER, {one, two}, Role.OWNER, {one, two})
    assert await member("manager") == (Role.MANAGER, {one}, Role.MANAGER, {one})
    assert await member("employee") == (Role.EMPLOYEE, set(), Role.EMPLOYEE, {one})
    await salon.rows(
        "insert into membership (merchant_id, staff_id, store_id, role) values (:merchant, :staff, :store, 'employee')",
        staff=salon.staff["manager"],
        store=two,
    )
    assert await member("manager") == (Role.MANAGER, {one}, Role.EMPLOYEE, {one, two})


def test_an_opaque_secret_reads_back_and_hides_in_logs() -> None:
    bearer = Bearer.make("hf", new_id(), new_id())
    assert Bearer.read("hf", str(bearer)) == bearer
    assert Bearer.read("hfr", str(bearer)) is None
    assert str(bearer).split("_")[3] not in repr(bearer)
    for text in ("hf", "hf___", f"hf_{bearer.merchant_id.hex}_x_y", str(bearer) + "é", "hf_" * 300):
        assert Bearer.read("hf", text) is None


async def test_a_key_is_scoped_and_ends_when_revoked(salon: Salon, services: Services) -> None:
    owner, key = await salon.caller("owner"), await salon.caller("key")
    body = {"items": [{"externalId": "C-9", "name": "新客"}]}
    path = "/v1/intake/customers:batch"
    assert (await key.put(path, body)).status_code == 200
    made = (await owner.post("/v1/owner/api-keys", {"name": "second"})).json()["key"]
    assert (await salon.api.key(made).put(path, body)).status_code == 200
    assert (await salon.api.key(made[:-4] + "AAAA").put(path, body)).status_code == 401
    async with services.units.open(salon.merchant_id) as unit:
        await unit.run("update api_key set scopes = 'other' where merchant_id = :merchant and name = 'second'")
    assert (await salon.api.key(made).put(path, body)).status_code == 403
    assert (await owner.delete(f"/v1/owner/api-keys/{salon.key_id}")).status_code == 204
    assert (await key.put(path, body)).status_code == 401
    listed = (await owner.get("/v1/owner/api-keys")).json()["items"]
    assert [each["name"] for each in listed] == ["second"]


async def test_strange_devices_are_slowed_down_and_known_ones_are_not(salon: Salon, services: Services) -> None:
    rules = ThrottleRules(per_device=5, slow_after=3, slow_step=0.25, slow_most=1.0)
    throttle = Throttle(services.units, rules)
    account, mine = new_id(), new_id()
    holds = [await throttle.count(account, new_id()) for _ in range(9)]
    assert holds == [0, 0, 0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert await throttle.count(account, mine) == 1.0
    await throttle.forgive(account, mine)
    gate = Gate(
        services.units,
        services.master,
        services.passwords,
        Throttle(services.units, replace(rules, slow_most=3600.0, slow_step=3600.0)),
    )
    phone = salon.phones["owner"]
    await login(gate, Attempt(phone, PASSWORD, "known"))
    index = services.master.login_index(normalise_phone(phone))
    for _ in range(9):
        await gate.throttle.count(index, new_id())
    async with asyncio.timeout(30):  # an unknown device would be held for an hour
        await login(gate, Attempt(phone, PASSWORD, "known"))


async def test_failures_are_forgotten_after_the_window(services: Services) -> None:
    throttle = Throttle(services.units, ThrottleRules(per_device=1))
    account, device = new_id(), new_id()
    await throttle.count(account, device)
    with pytest.raises(TooManyAttempts):
        await throttle.count(account, device)

    async def later(hours: int) -> None:
        async with services.units.nameless() as session:
            moved = sql(
                "update login_throttle set window_from = window_from - make_interval(hours => :h) where account = :a"
            )
            await session.execute(moved, {"h": hours, "a": account})

    await later(1)
    await throttle.count(account, device)
    await later(48)
    await forget_old_attempts(services.units)
    async with services.units.nameless() as session:
        left = await session.execute(sql("select count(*) from login_throttle where account = :a"), {"a": account})
    assert left.scalar_one() == 0


async def test_a_hash_of_yesterdays_cost_is_renewed_at_log_in(salon: Salon, services: Services) -> None:
    async def stored() -> str:
        rows = await salon.rows(
            "select password_hash from staff where merchant_id = :merchant and id = :id", id=salon.staff["owner"]
        )
        return str(rows[0]["password_hash"])

    dearer = Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    before = await stored()
    assert dearer.outdated(before)
    await login(replace(services.gate, passwords=dearer), Attempt(salon.phones["owner"], PASSWORD))
    assert not dearer.outdated(await stored())
    assert await dearer.verify(await stored(), PASSWORD)
    assert not await dearer.verify("no hash at all", PASSWORD)


async def test_garbled_and_foreign_refresh_tokens_are_the_same_to_a_stranger(salon: Salon) -> None:
    caller = await salon.caller("employee")
    token = str(caller.refresh_token)
    stranger = str(Bearer.make("hfr", new_id(), new_id()))
    altered = token[:-6] + ("AAAAAA" if not token.endswith("AAAAAA") else "BBBBBB")
    for wrong in ("x", stranger, altered):
        answer = await caller.post("/v1/auth/refresh", {"refreshToken": wrong, "device": "phone of employee"})
        assert (answer.status_code, answer.json()["code"]) == (401, "session-ended")
    assert (await caller.post("/v1/auth/refresh", {"refreshToken": token, "device": "phone of employee"})).is_success

"""X1 cells of the front desk and of customers."""

from typing import Any, Final

from tasks.kernel.ids import new_id
from tests.http.cell import Ask, Cell, Make
from tests.http.salon import Salon

DESK: Final = "/v1/staff/front-desk"


def keyed() -> dict[str, str]:
    return {"idempotency-key": str(new_id())}


def about(kind: str, **words: Any) -> Make:
    async def make(salon: Salon) -> Ask:
        return f"{DESK}/{kind}", {"customerId": str(salon.customers["S1"]), **words}, keyed()

    return make


async def card_of(salon: Salon) -> str:
    """A card of the first store's customer with plenty on it."""
    manager = await salon.caller("owner")
    item = {"code": "SV", "name": "充值卡", "kind": "stored_value"}
    key = await salon.caller("key")
    await key.ask("PUT", "/v1/intake/card-products:batch", json={"items": [item]})
    body = {
        "customerId": str(salon.customers["S1"]), "storeId": str(salon.stores["S1"]), "newCard": {"product": "SV"}, "principalCents": 10_000_000,
    }  # fmt: skip
    done = await manager.ask("POST", f"{DESK}/top-ups", json=body, headers=keyed())
    return str(done["cardId"])


async def top_up(salon: Salon) -> Ask:
    body = {"customerId": str(salon.customers["S1"]), "cardId": await card_of(salon), "principalCents": 100}
    return f"{DESK}/top-ups", body, keyed()


async def card_use(salon: Salon) -> Ask:
    body = {"customerId": str(salon.customers["S1"]), "cardId": await card_of(salon), "amountCents": 100}
    return f"{DESK}/card-uses", body, keyed()


async def appointment(salon: Salon) -> Ask:
    employee = await salon.caller("employee")
    path, body, headers = await about("appointments", startsAt=await tomorrow(salon))(salon)
    made = await employee.ask("POST", path, json=body, headers=headers)
    return f"{path}/{made['id']}", {"status": "confirmed"}, keyed()


async def void(salon: Salon) -> Ask:
    """A sale to be voided; answered again under its key, however often it is asked."""
    employee = await salon.caller("employee")
    path, body, headers = await about("sales", lines=[{"cashCents": 100}])(salon)
    made = await employee.ask("POST", path, json=body, headers=headers)
    return f"{DESK}/voids", {"entryId": made["entryId"]}, keyed()


async def tomorrow(salon: Salon) -> str:
    (row,) = await salon.rows(
        "select to_char(cast(:now as timestamptz) + interval '1 day', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') as at"
    )
    return str(row["at"])


async def booked(salon: Salon) -> Ask:
    return await about("appointments", startsAt=await tomorrow(salon))(salon)


def plain_of_customer(suffix: str, body: Any = None) -> Make:
    async def make(salon: Salon) -> Ask:
        return f"/v1/staff/customers/{salon.customers['S1']}{suffix}", body, keyed()

    return make


async def undone(salon: Salon) -> Ask:
    employee = await salon.caller("employee")
    path, body, headers = await plain_of_customer(
        "/contacts", {"outcome": "refused_contact", "fields": {"scope": "phone"}}
    )(salon)
    kept = await employee.ask("POST", path, json=body, headers=headers)
    return f"{path}/{kept['contactId']}/undo", None, keyed()


async def new_customer(_salon: Salon) -> Ask:
    return "/v1/staff/customers", {"name": "新客"}, keyed()


def looked(path: str) -> Make:
    async def make(_salon: Salon) -> Ask:
        return path, None, {}

    return make


def own(make: Make, answers: int = 201) -> Cell:
    return Cell(make, "employee", answers, names_a_thing=True, same_store_only=True)


DESK_CELLS: Final[dict[str, Cell]] = {
    "RecordArrival": own(about("arrivals")),
    "RecordSale": own(about("sales", lines=[{"cashCents": 100}])),
    "RecordTopUp": own(top_up),
    "RecordCardUse": own(card_use),
    "BookAppointment": own(booked),
    "ChangeAppointment": own(appointment, 200),
    "VoidDeskEntry": own(void, 200),
    "ListDeskEntries": Cell(looked(f"{DESK}/entries"), "employee"),
    "ListDeskProducts": Cell(looked(f"{DESK}/products"), "employee"),
    "ListDeskCardProducts": Cell(looked(f"{DESK}/card-products"), "employee"),
    "FindCustomers": Cell(looked("/v1/staff/customers?q=%E5%AE%A2%E4%BA%BA"), "employee"),
    "Bootstrap": Cell(looked("/v1/staff/bootstrap"), "employee"),
    "MySummary": Cell(looked("/v1/staff/me/summary"), "employee"),
    "BrowseScripts": Cell(looked("/v1/staff/scripts?scene=second_visit"), "employee"),
    "GetCustomer": own(plain_of_customer(""), 200),
    "LogContact": own(plain_of_customer("/contacts", {"note": "问了价格"})),
    "UndoContact": own(undone, 200),
    "CreateCustomer": Cell(new_customer, "employee", 201),
}

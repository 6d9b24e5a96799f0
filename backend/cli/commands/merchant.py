"""`merchant`, `staff` and `api-key`."""

from typing import TYPE_CHECKING, Annotated

import typer

from backend.cli.commands.answers import AsJson, OfMerchant
from backend.cli.edge import go, show

if TYPE_CHECKING:
    from backend.settings import Settings

merchant = typer.Typer(help="Merchants (商家): create and list.", no_args_is_help=True)
staff = typer.Typer(help="Staff (员工) who log in.", no_args_is_help=True)
api_key = typer.Typer(help="Keys of integrators.", no_args_is_help=True)


@merchant.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Name of the brand.")],
    timezone: Annotated[str, typer.Option(help="IANA time zone of its stores, such as Asia/Shanghai.")],
    store: Annotated[list[str], typer.Option(help="Name of a store; may be given several times.")],
    owner_phone: Annotated[str | None, typer.Option(help="The owner's login; one is made up without it.")] = None,
    owner_password: Annotated[str | None, typer.Option(help="At least 8 characters; made up without it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Create a merchant with its stores, an owner who can log in, and an API key. Secrets are shown once."""

    async def work(settings: "Settings") -> None:
        from backend.cli.merchants import Wanted, create_merchant
        from backend.runtime import open_runtime

        async with open_runtime(settings) as runtime:
            made = await create_merchant(runtime, Wanted(name, timezone, store, owner_phone, owner_password))
        lines = [
            f"merchant {made.name}  {made.merchant_id}",
            *(f"store    {one.name}  {one.id}  (code {one.code})" for one in made.stores),
            f"owner    phone {made.owner.phone}  password {made.owner.password}",
            f"api key  {made.api_key}",
            "The password and the key are not shown again.",
        ]
        show(made, lines, as_json=as_json)

    go(work)


@merchant.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List the merchants of this deployment."""

    async def work(settings: "Settings") -> None:
        from backend.cli.merchants import list_merchants
        from backend.runtime import open_runtime

        async with open_runtime(settings) as runtime:
            found = await list_merchants(runtime.units)
        lines = [f"{one.merchant_id}  {one.name}  {len(one.stores)} stores, {one.staff} staff" for one in found]
        show(found, lines or ["no merchants: `huifang merchant create --help`"], as_json=as_json)

    go(work)


@staff.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Name of the person.")],
    phone: Annotated[str, typer.Option(help="Phone to log in with.")],
    store: Annotated[list[str], typer.Option(help="Code of a store to work in; may be given several times.")],
    role: Annotated[str, typer.Option(help="employee, manager or owner.")] = "employee",
    external_id: Annotated[
        str | None, typer.Option(help="The person's code in your own books; else the phone.")
    ] = None,
    password: Annotated[str | None, typer.Option(help="At least 8 characters; made up without it.")] = None,
    merchant: OfMerchant = None,
    as_json: AsJson = False,
) -> None:
    """Add a member of staff who can log in, or give one a new phone or password. The password is shown once."""

    async def work(settings: "Settings") -> None:
        from backend.cli.edge import Refused
        from backend.cli.merchants import add_staff, checked_phone, find_merchant
        from backend.runtime import open_runtime
        from tasks.kernel.scope import Role
        from tasks.people.inputs import StaffIn

        if role not in list(Role):
            raise Refused(f"--role is one of {', '.join(Role)}", 2)
        item = StaffIn(
            external_id=external_id or phone,
            name=name,
            phone=checked_phone(phone),
            role=Role(role),
            stores=tuple(store),
        )
        async with open_runtime(settings) as runtime:
            merchant_id = await find_merchant(runtime.units, merchant)
            async with runtime.units.open(merchant_id) as unit:
                login = await add_staff(runtime, unit, item, password)
        show(login, [f"{login.staff_id}  phone {login.phone}  password {login.password}"], as_json=as_json)

    go(work)


@api_key.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    merchant: OfMerchant = None,
    as_json: AsJson = False,
) -> None:
    """Create a key that may send books and events. It is shown once."""

    async def work(settings: "Settings") -> None:
        from backend.auth.api_keys import KeyScope, create_api_key
        from backend.cli.merchants import find_merchant
        from backend.runtime import open_runtime

        async with open_runtime(settings) as runtime:
            merchant_id = await find_merchant(runtime.units, merchant)
            async with runtime.units.open(merchant_id) as unit:
                key = await create_api_key(unit, name, list(KeyScope))
        show({"merchantId": merchant_id, "name": name, "apiKey": key}, [key], as_json=as_json)

    go(work)

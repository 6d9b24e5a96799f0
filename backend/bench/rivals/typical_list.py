"""The peer of S6: the same list as a typical team would write it, with FastAPI, SQLModel objects and their relationships.

Runs in an environment of its own (`venv`), started as `uvicorn backend.bench.rivals.typical_list:app`. Row-level security, order, counts, opened names and the
line that says why are the same; there is no log-in and no cursor.
"""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from fastapi import FastAPI
from sqlalchemy import DateTime, and_, case, func, or_, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import selectinload
from sqlmodel import Field, Relationship, SQLModel, select

from scripts.variables import nickname_for
from tasks.kernel.sealing import MasterKey, Vault

LIVE: Final = ("queued", "open", "in_progress", "waiting")
LIMIT: Final = 20


class Store(SQLModel, table=True):
    """A shop."""

    id: UUID = Field(primary_key=True)
    timezone: str


class Staff(SQLModel, table=True):
    """An employee."""

    id: UUID = Field(primary_key=True)
    sealed: bytes
    salt: bytes


class Plan(SQLModel, table=True):
    """What asked for the task."""

    id: UUID = Field(primary_key=True)
    name: str


class CustomerFacts(SQLModel, table=True):
    """What the books say of a customer."""

    __tablename__ = "customer_facts"

    customer_id: UUID = Field(primary_key=True, foreign_key="customer.id")
    first_visit_on: date | None


class ContactPoint(SQLModel, table=True):
    """A way to reach a customer."""

    __tablename__ = "contact_point"

    id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(foreign_key="customer.id")
    kind: str
    valid: bool


class Customer(SQLModel, table=True):
    """A customer."""

    id: UUID = Field(primary_key=True)
    sealed: bytes
    salt: bytes
    gender: str | None
    source: str | None
    level: str | None
    facts: CustomerFacts | None = Relationship()
    points: list[ContactPoint] = Relationship()


class TaskReason(SQLModel, table=True):
    """A plan's part in a task."""

    __tablename__ = "task_reason"

    id: UUID = Field(primary_key=True)
    task_id: UUID = Field(foreign_key="task.id")
    plan_id: UUID = Field(foreign_key="plan.id")
    priority: int
    plan: Plan = Relationship()


class Task(SQLModel, table=True):
    """One contact to make."""

    id: UUID = Field(primary_key=True)
    merchant_id: UUID
    store_id: UUID = Field(foreign_key="store.id")
    customer_id: UUID = Field(foreign_key="customer.id")
    assignee_id: UUID | None = Field(foreign_key="staff.id")
    origin: str
    status: str
    opens_at: datetime = Field(sa_type=DateTime(timezone=True))
    contact_from: datetime = Field(sa_type=DateTime(timezone=True))
    due_at: datetime = Field(sa_type=DateTime(timezone=True))
    expires_at: datetime = Field(sa_type=DateTime(timezone=True))
    wait_until: datetime | None = Field(sa_type=DateTime(timezone=True))
    closed_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    urged_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    wait_kind: str | None
    close_reason: str | None
    attempts: int
    priority: int
    value_cents: int
    customer: Customer = Relationship()
    store: Store = Relationship()
    assignee: Staff | None = Relationship()
    reasons: list[TaskReason] = Relationship()


class TaskOut(SQLModel):
    """A row of the list."""

    id: UUID
    store_id: UUID
    customer_id: UUID
    nickname: str | None
    level: str | None
    why: str
    plans: list[str]
    origin: str
    status: str
    opens_at: datetime
    contact_from: datetime
    due_at: datetime
    expires_at: datetime
    wait_until: datetime | None
    wait_kind: str | None
    overdue: bool
    urged: bool
    attempts: int
    priority: int
    value_cents: int
    has_phone: bool
    pool: bool
    assignee_id: UUID | None
    assignee: str | None
    closed_at: datetime | None
    close_reason: str | None


class PageOut(SQLModel):
    """A page of the list."""

    items: list[TaskOut]
    counts: dict[str, int]


class Held:
    """What the server keeps: connections and the merchant's key."""

    merchant = UUID(os.environ.get("BENCH_MERCHANT", "0" * 32))
    engine: Any = None
    vault: Vault


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Open the connections."""
    url = os.environ["HUIFANG_DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1)
    settings = {"server_settings": {"role": "huifang_app", "timezone": "UTC"}}
    Held.engine = create_async_engine(url, pool_size=10, connect_args=settings)
    async with AsyncSession(Held.engine) as session:
        await _now(session)
        wrapped = (await session.execute(text("select wrapped_key from merchant"))).scalar_one()
    Held.vault = MasterKey(base64.b64decode(os.environ["HUIFANG_MASTER_KEY"])).vault(Held.merchant, wrapped)
    yield
    await Held.engine.dispose()


app = FastAPI(lifespan=lifespan)


async def _now(session: AsyncSession) -> datetime:
    await session.execute(text("select set_config('app.merchant_id', :m, true)"), {"m": str(Held.merchant)})
    found = await session.execute(
        text("select clock_timestamp() + offset_us * interval '1 microsecond' from clock_setting")
    )
    now: datetime = found.scalar_one()
    return now


@app.get("/")
async def tasks(me: UUID, store: UUID) -> PageOut:
    """Return the first page of what can be done now."""
    async with AsyncSession(Held.engine) as session:
        now = await _now(session)
        mine = and_(
            Task.merchant_id == Held.merchant,
            Task.store_id == store,
            or_(Task.assignee_id == me, Task.assignee_id.is_(None)),
            Task.status.in_(LIVE),
        )
        opens = case((Task.status == "waiting", Task.wait_until), else_=Task.opens_at)
        ready = and_(opens <= now, Task.wait_kind.is_distinct_from("reply"))
        counted = await session.execute(
            select(
                func.count().filter(ready).label("today"),
                func.count().filter(and_(ready, Task.due_at < now)).label("overdue"),
                func.count().filter(Task.wait_kind == "callback").label("callbacks"),
                func.count().filter(opens > now).label("upcoming"),
            ).where(mine)
        )
        found = await session.execute(_best(now, and_(mine, ready)))
        items = [_out(task, now) for task in found.scalars()]
        return PageOut(items=items, counts=dict(counted.one()._mapping))  # noqa: SLF001  # its public name for a row's values


def _best(now: datetime, condition: Any) -> Any:
    """Return the query of a page: objects with all they are related to."""
    zone = Store.timezone
    ends = func.date(func.timezone(zone, Task.expires_at)) <= func.date(func.timezone(zone, now))
    related = (
        selectinload(Task.customer).options(selectinload(Customer.facts), selectinload(Customer.points)),
        selectinload(Task.reasons).selectinload(TaskReason.plan),
        selectinload(Task.assignee),
    )
    order = (
        Task.urged_at.is_(None),
        case((Task.wait_kind == "callback", Task.wait_until)).asc().nulls_last(),
        ends.desc(),
        Task.priority.desc(),
        Task.value_cents.desc(),
        Task.attempts,
        Task.id,
    )
    return select(Task).join(Store).where(condition).options(*related).order_by(*order).limit(LIMIT)


def _out(task: Task, now: datetime) -> TaskOut:
    customer, holder = task.customer, task.assignee
    person = msgspec.msgpack.decode(Held.vault.open(customer.salt, customer.id, customer.sealed))
    name = msgspec.msgpack.decode(Held.vault.open(holder.salt, holder.id, holder.sealed)) if holder else {}
    visit = customer.facts.first_visit_on if customer.facts else None
    return TaskOut(
        **task.model_dump(exclude={"merchant_id", "urged_at"}),
        nickname=nickname_for(
            person.get("remark_name"), person.get("nickname"), person["name"], customer.gender, "zh-CN"
        ),
        level=customer.level,
        why=f"{(now.date() - visit).days if visit else 0} 天前{customer.source or ''}新客，未再到店",
        plans=[reason.plan.name for reason in sorted(task.reasons, key=lambda each: -each.priority)],
        overdue=task.due_at < now,
        urged=task.urged_at is not None,
        has_phone=any(point.valid and point.kind in {"phone", "virtual"} for point in customer.points),
        pool=task.assignee_id is None,
        assignee=name.get("name"),
    )

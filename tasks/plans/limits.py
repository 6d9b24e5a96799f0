"""Up to where somebody who is no owner may turn plans on alone: a setting of the merchant, with a version of its own so that two owners notice each other."""

from typing import Annotated, Final

import msgspec

from tasks.kernel.documents import document
from tasks.kernel.errors import FlowError
from tasks.kernel.unit import Unit
from tasks.plans.definition import Definition, Suppress
from tasks.plans.states import Purpose
from tasks.plans.templates import TEMPLATES

AUDIENCE: Final = 500
"""Customers."""
BENEFIT: Final = 200_000
"""分."""
_NAME: Final = "planApproval"

Count = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
Cents = Annotated[int, msgspec.Meta(ge=0, le=10**12)]


class ApprovalLimits(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a plan may reach without an owner's approval: customers, cost of its benefit (分), and protections it leaves out."""

    audience: Count = AUDIENCE
    benefit_cents: Cents = BENEFIT
    overrides: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0


class LimitsChanged(FlowError):
    """Somebody changed the limits after they were read."""

    code = "approval-limits-changed"
    status = 412
    zh = "审批额度已被修改，请刷新后重试"
    en = "The approval limits were changed meanwhile; refresh and try again"


class _Kept(ApprovalLimits, frozen=True, kw_only=True):
    """The limits as they are stored, with their version."""

    etag: int = 0


async def approval_limits(unit: Unit) -> tuple[ApprovalLimits, int]:
    """Return the limits and their version; the defaults, version 0, until they are changed."""
    raw = await unit.scalar(f"select settings -> '{_NAME}' from merchant where merchant_id = :merchant")
    kept = msgspec.convert(document(raw) or {}, _Kept)
    return ApprovalLimits(audience=kept.audience, benefit_cents=kept.benefit_cents, overrides=kept.overrides), kept.etag


_PUT = f"""
update merchant set settings = jsonb_set(settings, '{{{_NAME}}}',
    cast(:limits as jsonb) || jsonb_build_object('etag', coalesce((settings -> '{_NAME}' ->> 'etag')::bigint, 0) + 1))
where merchant_id = :merchant and (cast(:seen as bigint) is null or coalesce((settings -> '{_NAME}' ->> 'etag')::bigint, 0) = cast(:seen as bigint))
"""


async def put_approval_limits(unit: Unit, limits: ApprovalLimits, seen: int | None) -> None:
    """Replace the limits; `seen` is the version the caller saw, None for whichever. Raises `LimitsChanged`."""
    put = await unit.run(_PUT, limits=msgspec.json.encode(limits).decode(), seen=seen)
    if put.rowcount != 1:
        raise LimitsChanged(field="If-Match")


def overridden(definition: Definition) -> list[str]:
    """Return the protections that a definition leaves out and its template (a custom plan: the default block) has, by field; pure."""
    template = TEMPLATES.get(definition.template)
    usual = template.suppress if template else Suppress()
    found = [
        f"suppress.{name}"
        for name in Suppress.__struct_encode_fields__
        if getattr(usual, _field(name)) and not getattr(definition.suppress, _field(name))
    ]
    if template is not None and template.purpose is Purpose.MARKETING and definition.purpose is Purpose.CARE:
        found.append("purpose")
    if template is not None and definition.hold_out < template.hold_out:
        found.append("holdOut")
    return found


def _field(name: str) -> str:
    """The Python name of a field of `Suppress`."""
    return Suppress.__struct_fields__[Suppress.__struct_encode_fields__.index(name)]

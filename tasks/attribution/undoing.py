"""Taking credit back for evidence that was a mistake."""

from collections.abc import Sequence
from uuid import UUID

from tasks.kernel.unit import Unit


async def revoke_evidence(unit: Unit, evidence_ids: Sequence[UUID], why: str) -> int:
    """Revoke every credit that these appointments, visits or sales earned; returns how many."""
    done = await unit.run(
        "update credit set revoked_at = :now, revoke_reason = :why "
        "where merchant_id = :merchant and evidence_id = any(cast(:evidence as uuid[])) and revoked_at is null",
        evidence=list(evidence_ids), why=why,
    )  # fmt: skip
    return done.rowcount

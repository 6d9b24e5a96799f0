"""What uses a segment or a tag, so that neither goes while something does."""

from collections.abc import Sequence
from uuid import UUID

from tasks.audience.references import Named
from tasks.audience.segment_rows import SegmentRow, direct_users, rules_naming, segments_naming
from tasks.audience.sight import sees
from tasks.kernel.errors import Conflict
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.plans.uses import plans_naming


class SegmentInUse(Conflict):
    """Other segments, plans or tags' rules use the segment; the problem names them, those that the caller may not see by their number (`+1`)."""

    code = "segment-in-use"
    zh = "分群正被使用（分群：{segments}；计划：{plans}；标签：{tags}）"
    en = "The segment is in use (segments: {segments}; plans: {plans}; tags: {tags})"


class TagInUse(Conflict):
    """Segments, plans or other tags' rules use the tag; the problem names them, those that the caller may not see by their number (`+1`)."""

    code = "tag-in-use"
    zh = "标签正被使用（分群：{segments}；计划：{plans}；标签：{tags}）"
    en = "The tag is in use (segments: {segments}; plans: {plans}; tags: {tags})"


async def refuse_in_use(unit: Unit, who: StaffScope, kind: Named, thing_id: UUID) -> None:
    """Raise `SegmentInUse` or `TagInUse` when something uses the thing; the definitions must be locked."""
    users = await (direct_users(unit, thing_id) if kind is Named.SEGMENT else segments_naming(unit, thing_id))
    plans = await plans_naming(unit, kind, thing_id)
    tags = [name for one, name, _ in await rules_naming(unit, [thing_id]) if one != thing_id]
    if users or plans or tags:
        fault = SegmentInUse if kind is Named.SEGMENT else TagInUse
        raise fault(segments=names_for(who, users), plans=_list(plans), tags=_list(tags))


def names_for(who: StaffScope, users: Sequence[SegmentRow]) -> str:
    """Return the names of those that somebody sees, and the number of the others."""
    seen = [one.name for one in users if sees(who, one)]
    return _list([*seen, *([f"+{len(users) - len(seen)}"] if len(seen) < len(users) else [])])


def _list(names: Sequence[str]) -> str:
    return "、".join(name.replace("/", "／") for name in names) or "–"

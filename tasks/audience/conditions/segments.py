"""The condition that stands for a saved or a smart segment."""

from tasks.audience.asking import Asked, Row
from tasks.audience.binds import Binds
from tasks.audience.references import SegmentId
from tasks.audience.registry import Condition, Params, register
from tasks.audience.smart import SMART, SmartName
from tasks.audience.states import Group
from tasks.audience.wording import Words


class SegmentParams(Params, frozen=True):
    """In this saved segment, or in this smart one."""

    segment: SegmentId | None = None
    smart: SmartName | None = None

    def __post_init__(self) -> None:
        """Exactly one of the two."""
        if (self.segment is None) == (self.smart is None):
            raise ValueError("needs one of: segment, smart")


def _segment(_params: SegmentParams, _binds: Binds) -> Asked:
    """The compiler puts the segment's own tree in this place."""
    return Row("false")


def _segment_words(params: SegmentParams, words: Words) -> str:
    called = words.named([params.segment]) if params.segment else words.say(*SMART[SmartName(str(params.smart))].names)
    return words.say("属于分群“{}”", "in segment “{}”", called)


register(
    Condition(
        name="segment",
        group=Group.VALUE,
        params=SegmentParams,
        zh="属于分群",
        en="In a segment",
        ask=_segment,
        words=_segment_words,
        example={"smart": "sleeping_90"},
    )
)

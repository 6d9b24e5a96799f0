"""What can stand in the way of correcting or undoing a callback."""

from tasks.kernel.errors import FlowError


class CallbackVoid(FlowError):
    """The callback was corrected or undone before."""

    code = "callback-void"
    status = 409
    zh = "该回访记录已被更正或撤销"
    en = "This callback was corrected or undone before"


class CorrectionTooLate(FlowError):
    """A callback is corrected within 24 hours."""

    code = "correction-too-late"
    status = 409
    zh = "回访记录只能在 {hours} 小时内更正"
    en = "A callback can be corrected for {hours} hours"


class NotUndoable(FlowError):
    """Only a refusal can be undone; any other outcome is corrected by logging what it was."""

    code = "callback-not-undoable"
    status = 409
    zh = "只有“拒绝联系”可以撤销；其他结果请更正"
    en = "Only a refusal can be undone; correct any other outcome"

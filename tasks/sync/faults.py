"""What can stand in the way of a sync."""

from tasks.kernel.errors import FlowError


class SyncForeign(FlowError):
    """The cursor belongs to another merchant, employee or device."""

    code = "sync-foreign"
    status = 403
    zh = "同步游标属于其他账号或设备，请重新完整同步"
    en = "The sync cursor belongs to another account or device; start again without one"


class SyncReset(FlowError):
    """The cursor is too old, or the stores or the role have changed: forget every task and sync again without a cursor."""

    code = "sync-reset"
    status = 410
    zh = "同步游标已失效，请清空本地任务后重新完整同步"
    en = "The sync cursor is over; forget all tasks and sync again without one"

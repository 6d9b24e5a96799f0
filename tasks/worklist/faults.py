"""What can stand in the way of moving a task."""

from tasks.kernel.errors import Conflict


class TaskAlreadyClaimed(Conflict):
    """A colleague has the task; `winner` is the colleague's name, for the caller's eyes and not for logs."""

    code = "task-already-claimed"
    zh = "{winner} 已经在跟进这位客户"
    en = "{winner} is already on this task"

    def __init__(self, winner: str) -> None:
        """Keep the name for the message."""
        super().__init__(winner=winner)

    def __str__(self) -> str:
        """Return the code only: a name does not belong into a log."""
        return self.code


class TaskClosed(Conflict):
    """The task is closed, and closed tasks never open again."""

    code = "task-closed"
    zh = "任务已结束（{status}）"
    en = "The task is closed ({status})"


class TaskNotReady(Conflict):
    """The task is in a state from which this is not possible now."""

    code = "task-not-ready"
    zh = "任务当前为 {status}，不能执行此操作"
    en = "The task is {status}; this is not possible now"


class TaskUnclaimed(Conflict):
    """The task is in the pool and must be claimed first."""

    code = "task-unclaimed"
    zh = "请先领取任务"
    en = "Claim the task first"

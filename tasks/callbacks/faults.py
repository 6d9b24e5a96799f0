"""What can stand in the way of logging a callback."""

from tasks.kernel.errors import FlowError


class ActionReused(FlowError):
    """The phone used an action id again for something else."""

    code = "action-reused"
    status = 422
    zh = "该操作编号已用于另一项操作"
    en = "This action id was used for something else"

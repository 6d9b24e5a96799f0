"""What can stand in the way of an action."""

from tasks.kernel.errors import Conflict, FlowError


class ActionReused(FlowError):
    """The phone used an action id again for something else."""

    code = "action-reused"
    status = 422
    zh = "该操作编号已用于另一项操作"
    en = "This action id was used for something else"


class ActionRefused(Conflict):
    """The action was rejected when it first came, and stays rejected; `reason` is the code of that problem."""

    code = "action-refused"
    zh = "该操作此前已被拒绝（{reason}），请用新的操作编号重试"
    en = "This action was rejected before ({reason}); try again under a new action id"

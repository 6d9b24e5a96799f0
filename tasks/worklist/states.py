"""The life of a task: states and the transitions between them (engine.md, "Life of a task"). Drawn in docs/task-states.md."""

from enum import StrEnum


class TaskStatus(StrEnum):
    """Where a task stands."""

    QUEUED = "queued"
    """Made, opens later."""
    OPEN = "open"
    """On the employee's list."""
    IN_PROGRESS = "in_progress"
    """Being worked on."""
    WAITING = "waiting"
    """Comes back at `wait_until`."""
    DONE = "done"
    """Closed by a callback."""
    EXPIRED = "expired"
    """Not done in time; stays in the denominator."""
    MOOT = "moot"
    """No longer needed; leaves the denominator."""
    CANCELLED = "cancelled"
    """Taken back; leaves the denominator."""


LIVE = (TaskStatus.QUEUED, TaskStatus.OPEN, TaskStatus.IN_PROGRESS, TaskStatus.WAITING)
"""States in which a task still counts as somebody's work."""

TRANSITIONS: dict[TaskStatus, frozenset[TaskStatus]] = {
    TaskStatus.QUEUED: frozenset(
        {TaskStatus.OPEN, TaskStatus.EXPIRED, TaskStatus.MOOT, TaskStatus.CANCELLED, TaskStatus.DONE}
    ),
    TaskStatus.OPEN: frozenset(
        {
            TaskStatus.IN_PROGRESS,
            TaskStatus.WAITING,
            TaskStatus.DONE,
            TaskStatus.EXPIRED,
            TaskStatus.MOOT,
            TaskStatus.CANCELLED,
        }
    ),
    TaskStatus.IN_PROGRESS: frozenset(
        {
            TaskStatus.OPEN,
            TaskStatus.WAITING,
            TaskStatus.DONE,
            TaskStatus.EXPIRED,
            TaskStatus.MOOT,
            TaskStatus.CANCELLED,
        }
    ),
    TaskStatus.WAITING: frozenset(
        {
            TaskStatus.OPEN,
            TaskStatus.WAITING,
            TaskStatus.DONE,
            TaskStatus.EXPIRED,
            TaskStatus.MOOT,
            TaskStatus.CANCELLED,
        }
    ),
    TaskStatus.DONE: frozenset(),
    TaskStatus.EXPIRED: frozenset(),
    TaskStatus.MOOT: frozenset(),
    TaskStatus.CANCELLED: frozenset(),
}
"""From each state, the states it may move to; status never moves backwards out of a closed one."""


class Origin(StrEnum):
    """Who asked for a task."""

    PLAN = "plan"
    """A plan; at most one live per customer."""
    OWN = "own"
    """The employee."""
    RECOVERY = "recovery"
    """A broken promise or a complaint."""
    TEST = "test"
    """An owner trying a plan."""


class TaskCause(StrEnum):
    """What a task is for that no plan made; the app words it (why.py)."""

    OWN = "own"
    """The employee wanted to follow up."""
    BROKEN_PROMISE = "broken_promise"
    """She said she would come, and did not."""
    COMPLAINT = "complaint"
    """She complained."""
    BAD_REVIEW = "bad_review"
    """She wrote a bad review."""
    TRIAL = "trial"
    """An owner tries a plan out."""


class ReasonState(StrEnum):
    """Whether a plan's part in a task still stands."""

    LIVE = "live"
    """Wanted."""
    CLOSED = "closed"
    """Answered, or no longer wanted; `close_reason` says which."""


class CloseReason(StrEnum):
    """Why a task or a reason closed."""

    CALLBACK = "callback"
    """A callback with an outcome."""
    EXHAUSTED = "exhausted"
    """Three attempts, no answer."""
    SKIPPED = "skipped"
    """The employee said why not."""
    SENT_NO_REPLY = "sent_no_reply"
    """A message was sent and nothing came back."""
    WRONG_NUMBER = "wrong_number"
    """Nobody can be reached under what we have of her."""
    BOOKED = "booked"
    """已约: an appointment exists."""
    ARRIVED = "arrived"
    """已到店: she came."""
    PURCHASED = "purchased"
    """She bought."""
    TOPPED_UP = "topped_up"
    """已充值."""
    REFUNDED = "refunded"
    """She got money back."""
    COMPLAINED = "complained"
    """She complained."""
    CARD_CLOSED = "card_closed"
    """The card was returned."""
    DO_NOT_CONTACT = "do_not_contact"
    """She refused contact."""
    EXPIRED = "expired"
    """Past its day."""
    CANCELLED = "cancelled"
    """Taken back by a manager or by ending the plan."""
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    """预约已取消: the appointment it was for is not to be."""


class Channel(StrEnum):
    """How a contact was made."""

    PHONE = "phone"
    """A call."""
    WECHAT = "wechat"
    """A WeChat message."""
    IN_STORE = "in_store"
    """Face to face."""
    SMS = "sms"
    """A text message."""

"""The closed vocabularies of plans."""

from enum import StrEnum


class PlanKind(StrEnum):
    """What makes a plan fire."""

    ONE_OFF = "one_off"
    """单次营销: a date and a time, never again."""
    BEHAVIOUR = "behaviour"
    """客户行为触发: each time a customer does something."""
    RECURRING = "recurring"
    """定期重复: by the calendar."""


class Purpose(StrEnum):
    """Why customers are contacted; marketing obeys the gap and the cap."""

    CARE = "care"
    """Service to somebody who is a customer already."""
    MARKETING = "marketing"
    """Meant to sell."""


class PlanState(StrEnum):
    """Whether a plan fires."""

    DRAFT = "draft"
    """Being written."""
    PENDING_APPROVAL = "pending_approval"
    """Waits for the owner."""
    ACTIVE = "active"
    """Fires."""
    PAUSED = "paused"
    """Does not fire; nothing is lost."""
    ENDED = "ended"
    """Never fires again."""


class OccurrenceState(StrEnum):
    """Where one firing stands."""

    DUE = "due"
    """To be run at `fire_at`."""
    RUNNING = "running"
    """A worker holds its lease."""
    DONE = "done"
    """Every chunk committed."""
    FAILED = "failed"
    """Given up, visibly."""
    MISSED = "missed"
    """Past its grace when somebody looked."""
    CANCELLED = "cancelled"
    """The plan ended first."""


class EnrolmentState(StrEnum):
    """Where a customer's passage through a plan stands."""

    WAITING = "waiting"
    """Fires at `fire_at`."""
    ACTIVE = "active"
    """A step's task is out."""
    COMPLETED = "completed"
    """All steps done, goal not met."""
    CONVERTED = "converted"
    """The goal was met."""
    EXITED = "exited"
    """Left early; `exit_reason` says why."""
    FAILED = "failed"
    """Could not be judged; reported."""


class Scope(StrEnum):
    """What a passage is about."""

    CUSTOMER = "customer"
    """The person."""
    CARD = "card"
    """One card."""
    VISIT = "visit"
    """One visit."""
    APPOINTMENT = "appointment"
    """One appointment."""


class EntryMode(StrEnum):
    """How often the same scope may enter."""

    NEVER_AGAIN = "never_again"
    """Once in a lifetime."""
    AFTER_EXIT = "after_exit"
    """When the last passage is over."""
    COOLDOWN = "cooldown"
    """Some days after the last entry."""
    AT_MOST = "at_most"
    """So often in so many days."""
    RESTART = "restart"
    """The newest replaces the pending one."""
    ONCE_PER_CROSSING = "once_per_crossing"
    """Again after the measure was on the other side of its bound."""
    EACH_TIME = "each_time"
    """Every event or firing is a passage of its own."""


class Measure(StrEnum):
    """What `once_per_crossing` watches."""

    BALANCE = "balance"
    """A card's value left (分): once at or below each bound, again when it rose above it."""
    USES_LEFT = "uses_left"
    """A card's uses left: as balance."""
    DAYS_LEFT = "days_left"
    """Days until a card expires: once at or below each bound for one expiry date."""
    PAID = "paid"
    """What a customer paid in all (分): once at or above each bound."""


class Counted(StrEnum):
    """When a plan that repeats is over before its times are."""

    NO_USES_LEFT = "no_uses_left"
    """The card has no uses left."""


class LastDay(StrEnum):
    """The day after which a task is of no use."""

    ANCHOR = "anchor"
    """The day the schedule is about: a member day, a festival, before its offset."""
    CARD_EXPIRY = "card_expiry"
    """The day the card expires."""
    BIRTHDAY = "birthday"
    """Her next birthday."""
    APPOINTMENT = "appointment"
    """When the appointment begins."""


class WhoElse(StrEnum):
    """To whom a task goes instead."""

    MANAGER = "manager"
    """A manager of the store."""
    OWNER = "owner"
    """The owner."""


class ExitOn(StrEnum):
    """What ends a passage early."""

    BOOKED = "booked"
    """An appointment was made."""
    ARRIVED = "arrived"
    """She came."""
    PURCHASED = "purchased"
    """She bought."""
    TOPPED_UP = "topped_up"
    """She topped up a card."""
    REFUNDED = "refunded"
    """She got money back."""
    COMPLAINED = "complained"
    """She complained."""
    DO_NOT_CONTACT = "do_not_contact"
    """She refused contact."""
    CARD_CLOSED = "card_closed"
    """The card was returned."""


class GoalKind(StrEnum):
    """What a plan wants."""

    ARRIVED = "arrived"
    """A visit."""
    PURCHASED = "purchased"
    """A sale."""
    BOOKED = "booked"
    """An appointment."""
    TOPPED_UP = "topped_up"
    """A card top-up."""
    CARD_USED = "card_used"
    """A card use."""
    REPLIED = "replied"
    """An answer."""
    FRIEND_ADDED = "friend_added"
    """She is a WeChat or WeCom friend now."""
    RESOLVED = "resolved"
    """A complaint is settled."""


class Backfill(StrEnum):
    """What happens to events from before activation."""

    NONE = "none"
    """Nothing."""
    IN_WINDOW = "in_window"
    """Those of the last offset days are taken in."""


class Route(StrEnum):
    """Whose store gets the task."""

    EVENT_STORE = "event_store"
    """Where it happened."""
    HOME_STORE = "home_store"
    """The customer's home store."""
    STAFF_STORE = "staff_store"
    """The assignee's store."""


class Link(StrEnum):
    """A personal link from a customer to a staff member, walked in the plan's order."""

    NAMED = "named"
    """The staff member the plan names."""
    CONSULTANT = "consultant"
    """专属顾问."""
    TECHNICIAN = "technician"
    """专属技师."""
    LAST_SERVED = "last_served"
    """Who served last."""
    MOST_SERVED = "most_served"
    """Who served most; 点客 counts double."""
    EVENT_STAFF = "event_staff"
    """Who recorded or served the event that started it."""
    BOOKED_STAFF = "booked_staff"
    """With whom the appointment is."""
    MANAGER = "manager"
    """A manager of the store."""
    OWNER = "owner"
    """The owner."""
    LEAST_LOADED = "least_loaded"
    """Whoever of the store has the least to do."""


class Decided(StrEnum):
    """What the engine decided for a customer who matched."""

    TASK = "task"
    """A task was made."""
    MERGED = "merged"
    """Joined a task that was there."""
    DEFERRED = "deferred"
    """The task there waits too long; looked at daily."""
    HELD_OUT = "held_out"
    """In the hold-out group."""
    ENTRY = "entry"
    """The entry rule says not again."""
    SUPPRESSED = "suppressed"
    """Must not be contacted; `reason` says why."""
    CAPPED = "capped"
    """The run's own limit was reached."""
    NO_CAPACITY = "no_capacity"
    """Nobody could take it."""
    TOO_LATE = "too_late"
    """Beyond grace, or older than the plan."""
    EXITED = "exited"
    """The audience no longer held when it fired; `reason` says which leaf or event."""
    FAILED = "failed"
    """Could not be judged; `reason` says the fault."""


class Suppression(StrEnum):
    """Why a customer must not be contacted, in the order they are looked at (product.md)."""

    DO_NOT_CONTACT = "do_not_contact"
    """She refused contact."""
    WRONG_NUMBER = "wrong_number"
    """The only number is known to be wrong and there is no other way."""
    COMPLAINT = "complaint"
    """A complaint is open, or marketing is frozen after one."""
    APPOINTMENT = "appointment"
    """She has an appointment on or after the day."""
    CONTACTED_TODAY = "contacted_today"
    """One contact a day."""
    PHONE_TODAY = "phone_today"
    """One marketing contact per phone a day, across the people behind it."""
    MARKETING_GAP = "marketing_gap"
    """A marketing contact in the last seven days."""
    TIER_CAP = "tier_cap"
    """More than the cap in thirty days."""
    NO_ANSWER = "no_answer"
    """No answer to five contacts in 180 days."""
    NOT_INTERESTED = "not_interested"
    """She was not interested in what a plan of the same family offered, in the last 60 days."""
    NEW_YEAR = "new_year"
    """除夕 and 初一."""
    CLOSED = "closed"
    """The store is closed that day (春节, 装修), and the plan is marketing."""

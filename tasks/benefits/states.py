"""The closed vocabularies of benefits."""

from enum import StrEnum


class BenefitState(StrEnum):
    """Whether a benefit is given."""

    DRAFT = "draft"
    """Being written."""
    ACTIVE = "active"
    """Given on its days."""
    PAUSED = "paused"
    """Not given for now; what was counted stays."""
    ENDED = "ended"
    """Never given again."""


class GainKind(StrEnum):
    """What a customer gets."""

    POINTS = "points"
    """More points for the same spend."""
    PERCENT_OFF = "percent_off"
    """A percentage off: 12 is 8.8折."""
    AMOUNT_OFF = "amount_off"
    """An amount off, once or for every so much spent: 满300减50."""
    MEMBER_PRICE = "member_price"
    """A price of its own for named services or goods."""


class Stacking(StrEnum):
    """What a benefit goes together with."""

    EXCLUSIVE = "exclusive"
    """With nothing else."""
    STACK = "stack"
    """With everything that is not exclusive."""
    BEST = "best"
    """With what stacks; of several such ones that take money off only one, and of several that give points only the highest."""


class BudgetUnit(StrEnum):
    """What a budget counts."""

    CENTS = "cents"
    """Money taken off (分); for points the spend that earned more of them."""
    USES = "uses"
    """Redemptions."""


class Period(StrEnum):
    """How long a budget lasts before it begins anew."""

    DAY = "day"
    """A store-local day."""
    MONTH = "month"
    """A calendar month of store-local days."""
    ALL = "all"
    """For good."""


class Stands(StrEnum):
    """How a benefit that is on stands to what was asked."""

    APPLIES = "applies"
    """It can be given."""
    NEEDS_PRODUCT = "needs_product"
    """It is for certain services or goods; ask with the product."""
    NEEDS_AMOUNT = "needs_amount"
    """It has a minimum spend; ask with the amount."""
    BELOW_MINIMUM = "below_minimum"
    """The amount is below its minimum spend."""
    CAP_SPENT = "cap_spent"
    """The customer had all of it that a day allows."""
    BUDGET_SPENT = "budget_spent"
    """Its budget is used up."""


class RedemptionState(StrEnum):
    """What has become of a redemption."""

    TAKEN = "taken"
    """It counts."""
    TAKEN_BACK = "taken_back"
    """The bill was cancelled; it counts no more."""

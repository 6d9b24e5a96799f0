"""What can be in the way of a benefit."""

from tasks.kernel.errors import FlowError


class BenefitChanged(FlowError):
    """Somebody edited the benefit after it was read."""

    code = "benefit-changed"
    status = 412
    zh = "优惠已被修改，请刷新后重试"
    en = "The benefit was changed meanwhile; refresh and try again"


class BenefitMoved(FlowError):
    """The benefit is not in a state from which this is possible."""

    code = "benefit-state"
    status = 409
    zh = "优惠当前状态为 {state}，不能执行此操作"
    en = "The benefit is {state}; this is not possible now"


class BenefitNotGiven(FlowError):
    """The benefit is not given there and then, or not to this customer: not its day, store, level or product."""

    code = "benefit-not-given"
    status = 409
    zh = "该优惠此时、此店或对该客户不适用"
    en = "The benefit is not given there and then, or not to this customer"


class BenefitSpent(FlowError):
    """The customer's cap or the benefit's budget does not allow so much; `left` is what is left."""

    code = "benefit-spent"
    status = 409
    zh = "{what}不足，剩余 {left}"
    en = "The {what} does not allow it; {left} left"


class RedemptionReused(FlowError):
    """An external id was used again for another redemption."""

    code = "redemption-reused"
    status = 422
    zh = "该核销单号已用于另一次核销"
    en = "This external id was used for another redemption"

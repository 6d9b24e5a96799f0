"""What can stand in the way at the front desk."""

from tasks.kernel.errors import Conflict, FlowError


class SearchesSpent(FlowError):
    """Somebody looked for customers oftener than the front desk of a full store does; wait for `Retry-After` seconds."""

    code = "searches-spent"
    status = 429
    zh = "查找客户过于频繁，请在 {retry_after} 秒后再试"
    en = "You look for customers too often; try again in {retry_after} seconds"


class ReceiptKnown(Conflict):
    """The books have a receipt of this number already."""

    code = "receipt-known"
    zh = "该小票号已入账"
    en = "The books have a receipt of this number already"


class CardShort(Conflict):
    """The card does not hold what is to be taken."""

    code = "card-short"
    zh = "卡内余额或次数不足"
    en = "The card does not hold as much"


class CardUnusable(Conflict):
    """The card was returned, or is frozen."""

    code = "card-unusable"
    zh = "该卡已退或已停用"
    en = "The card was returned or is frozen"


class EntryMovedOn(Conflict):
    """What was typed in is voided, was changed by another system since, or is too old to be voided by the caller."""

    code = "desk-entry-moved-on"
    zh = "该记录已作废、已被其他系统更新，或已超过可作废的时间"
    en = "The entry is voided, was changed by another system since, or is too old for you to void"

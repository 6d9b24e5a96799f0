"""The one list of problem codes. A code, once released, keeps its meaning; a FlowError without an entry here fails a test."""

from collections.abc import Iterator
from typing import Final

import msgspec

import backend.imports.errors  # noqa: F401  # the import problems are listed too
from tasks.kernel.errors import FlowError


class ProblemType(msgspec.Struct, frozen=True, rename="camel"):
    """What `GET /problems/{code}` says of a code."""

    type: str
    code: str
    status: int
    title: str
    meaning: str


TITLES: Final[dict[str, tuple[str, str]]] = {
    "import-file": ("无法读取文件", "File cannot be read"),
    "import-columns": ("文件缺少列", "Columns are missing"),
    "import-mapping": ("映射有误", "Mapping not valid"),
    "import-store": ("未说明门店", "Store not clear"),
    "bad-request": ("请求格式不正确", "Malformed request"),
    "malformed-json": ("不是有效的 JSON", "Malformed JSON"),
    "unauthenticated": ("未登录", "Not logged in"),
    "credentials-wrong": ("手机号或密码不正确", "Wrong phone or password"),
    "session-ended": ("登录已失效", "Session ended"),
    "refresh-reused": ("登录凭证被重复使用", "Refresh token reused"),
    "forbidden": ("没有权限", "Not allowed"),
    "not-found": ("找不到", "Not found"),
    "no-such-path": ("没有这个地址", "No such path"),
    "method-not-allowed": ("不支持的方法", "Method not allowed"),
    "conflict": ("状态已改变", "Changed meanwhile"),
    "choose-merchant": ("请选择商家", "Choose a merchant"),
    "too-large": ("请求体过大", "Body too large"),
    "unsupported-media-type": ("不支持的内容类型", "Unsupported media type"),
    "invalid": ("取值无效", "Invalid value"),
    "invalid-request": ("字段不符合要求", "Invalid fields"),
    "unstorable": ("取值超出范围", "Value out of range"),
    "password-wrong": ("当前密码不正确", "Wrong password"),
    "password-weak": ("密码不符合要求", "Password refused"),
    "precondition-required": ("缺少 If-Match", "Precondition required"),
    "too-many-attempts": ("尝试次数过多", "Too many attempts"),
    "unknown": ("引用的对象不存在", "Unknown reference"),
    "callback-void": ("回访记录已失效", "Callback void"),
    "correction-too-late": ("更正时间已过", "Too late to correct"),
    "callback-not-undoable": ("不能撤销", "Cannot be undone"),
    "action-reused": ("操作编号被重复使用", "Action id reused"),
    "action-refused": ("操作此前已被拒绝", "Action rejected before"),
    "task-already-claimed": ("任务已被领取", "Task already claimed"),
    "task-closed": ("任务已结束", "Task closed"),
    "task-not-ready": ("任务状态不符", "Task not ready"),
    "task-unclaimed": ("任务未领取", "Task not claimed"),
    "calls-refused": ("客户拒绝来电", "Calls refused"),
    "attachment-differs": ("附件与声明不一致", "Attachment differs"),
    "attachments-spent": ("附件已达上限", "Attachments used up"),
    "upload-expired": ("上传地址已过期", "Upload address expired"),
    "upload-broken": ("上传中断", "Upload broken off"),
    "files-unavailable": ("附件暂不可用", "Attachments unavailable"),
    "reveal-budget-spent": ("查看次数已用完", "Reveals used up"),
    "plan-changed": ("计划已被修改", "Plan changed"),
    "festival-changed": ("节日已被修改", "Festival changed"),
    "festival-used": ("节日正在使用", "Festival in use"),
    "insight-rules-changed": ("客户价值规则已被修改", "Rules of customer value changed"),
    "benefit-changed": ("优惠已被修改", "Benefit changed"),
    "benefit-state": ("优惠状态不符", "Benefit state"),
    "benefit-not-given": ("优惠不适用", "Benefit not given"),
    "benefit-spent": ("预算或限额不足", "Benefit spent"),
    "redemption-reused": ("核销单号被重复使用", "Redemption id reused"),
    "plan-state": ("计划状态不符", "Plan state"),
    "approval-limits-changed": ("审批额度已被修改", "Approval limits changed"),
    "entry-changed": ("条目已被修改", "Entry changed"),
    "segment-changed": ("分群已被修改", "Segment changed"),
    "segment-in-use": ("分群正被使用", "Segment in use"),
    "tag-changed": ("标签已被修改", "Tag changed"),
    "tag-in-use": ("标签正被使用", "Tag in use"),
    "tag-held-by-rule": ("标签由规则设置", "Tag set by its rule"),
    "entry-raced": ("正在被另一进程处理", "Entry raced"),
    "entry-busy": ("正在被其他进程处理", "Entry busy"),
    "lease-lost": ("任务已被接管", "Lease lost"),
    "cursor-garbled": ("分页游标无效", "Invalid cursor"),
    "sync-foreign": ("同步游标属于他人", "Sync cursor of somebody else"),
    "sync-reset": ("需要重新完整同步", "Sync again from the beginning"),
    "searches-spent": ("查找过于频繁", "Looked too often"),
    "receipt-known": ("小票号已入账", "Receipt known"),
    "card-short": ("卡内余额或次数不足", "Card holds too little"),
    "card-unusable": ("卡不可用", "Card not usable"),
    "desk-entry-moved-on": ("记录不能作废", "Entry cannot be voided"),
    "internal-error": ("系统错误", "Internal error"),
    "unavailable": ("服务暂时不可用", "Temporarily unavailable"),
}
"""Code → Chinese title, English title."""


def type_of(code: str) -> str:
    """Return the `type` of a problem: a relative URI that answers what it means."""
    return f"/problems/{code}"


def title_of(code: str, locale: str) -> str:
    """Return the short title, the same for every occurrence."""
    zh, en = TITLES.get(code, TITLES["internal-error"])
    return en if locale == "en" else zh


def kinds() -> Iterator[type[FlowError]]:
    """Yield every kind of error that can reach a caller."""
    waiting: list[type[FlowError]] = [FlowError]
    while waiting:
        kind = waiting.pop()
        subclasses = kind.__subclasses__()
        waiting += subclasses
        if kind is not FlowError:
            yield kind


def by_code() -> dict[str, type[FlowError]]:
    """Return the kind of each registered code that is loaded; for a code that a subclass inherits, the one that states it."""
    return {kind.code: kind for kind in kinds() if "code" in vars(kind) and kind.code in TITLES}


def problem_types(locale: str) -> list[ProblemType]:
    """Return all registered problems, by code."""
    found = by_code()
    return [
        ProblemType(
            type_of(code), code, found[code].status, title_of(code, locale), (found[code].__doc__ or "").strip()
        )
        for code in sorted(found)
    ]

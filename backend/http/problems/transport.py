"""Errors of the transport itself: the request is wrong before the flow is asked, or the house is not well."""

from collections.abc import Sequence

import msgspec

from tasks.kernel.errors import FlowError


class FieldFault(msgspec.Struct, frozen=True):
    """One field that is wrong: its JSON path, a stable code, and a sentence."""

    field: str
    code: str
    detail: str


class BadRequest(FlowError):
    """The request is not one."""

    code = "bad-request"
    status = 400
    zh = "请求格式不正确"
    en = "The request is malformed"


class MalformedJson(FlowError):
    """The body is not JSON in UTF-8."""

    code = "malformed-json"
    status = 400
    zh = "请求体不是有效的 UTF-8 JSON"
    en = "The body is not valid JSON in UTF-8"


class NoSuchPath(FlowError):
    """There is nothing at this path."""

    code = "no-such-path"
    status = 404
    zh = "没有这个地址"
    en = "There is nothing at this path"


class MethodNotAllowed(FlowError):
    """The path exists and knows other methods; `Allow` names them."""

    code = "method-not-allowed"
    status = 405
    zh = "该地址不支持此方法"
    en = "This path does not take this method"


class TooLarge(FlowError):
    """The body is larger than this path takes."""

    code = "too-large"
    status = 413
    zh = "请求体过大"
    en = "The body is too large"


class UnsupportedMediaType(FlowError):
    """The body is of a type this path does not take."""

    code = "unsupported-media-type"
    status = 415
    zh = "不支持的内容类型，请使用 {accepted}"
    en = "Unsupported content type; send {accepted}"


class InvalidRequest(FlowError):
    """One or more fields do not fit; `errors` names them."""

    code = "invalid-request"
    status = 422
    zh = "请求中有字段不符合要求"
    en = "Some fields of the request are not valid"

    def __init__(self, *faults: tuple[str, str, dict[str, object]]) -> None:
        """Keep (JSON path, fault code, facts) of each wrong field."""
        super().__init__(field=faults[0][0] if faults else None)
        self.faults: Sequence[tuple[str, str, dict[str, object]]] = faults


class Unstorable(FlowError):
    """A value lies outside what can be stored."""

    code = "unstorable"
    status = 422
    zh = "请求中有值超出可存储的范围"
    en = "A value of the request is outside what can be stored"


class PreconditionRequired(FlowError):
    """The change needs `If-Match` with the ETag the caller has seen."""

    code = "precondition-required"
    status = 428
    zh = "请在 If-Match 中提供您看到的版本"
    en = "Send If-Match with the ETag you have seen"


class Unavailable(FlowError):
    """The database cannot be reached right now; nothing was done."""

    code = "unavailable"
    status = 503
    zh = "服务暂时不可用，请稍后重试"
    en = "The service is temporarily unavailable; try again shortly"


class InternalError(FlowError):
    """A defect of ours; the request id finds it in the log."""

    code = "internal-error"
    status = 500
    zh = "系统出错了，请记下请求编号联系我们"
    en = "Something went wrong on our side; the request id helps us find it"

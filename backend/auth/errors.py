"""Refusals of log-in, tokens and keys. None says which part was wrong when that would help a stranger."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from tasks.kernel.errors import FlowError


class Unauthenticated(FlowError):
    """No usable token or key came with the request."""

    code = "unauthenticated"
    status = 401
    zh = "请先登录"
    en = "Log in first"


class CredentialsWrong(FlowError):
    """Phone and password do not belong together; the same whether the phone is known or not."""

    code = "credentials-wrong"
    status = 401
    zh = "手机号或密码不正确"
    en = "Phone or password is wrong"


class SessionEnded(FlowError):
    """The refresh token is unknown, expired, revoked, or of somebody who left."""

    code = "session-ended"
    status = 401
    zh = "登录已失效，请重新登录"
    en = "The session has ended; log in again"


class RefreshReused(FlowError):
    """A refresh token came a second time: its family is revoked, because one of the two was stolen."""

    code = "refresh-reused"
    status = 401
    zh = "登录凭证被重复使用，为安全起见已全部退出"
    en = "The refresh token was used before; this log-in was ended for safety"


class TooManyAttempts(FlowError):
    """This device tried this account too often; other devices are not affected."""

    code = "too-many-attempts"
    status = 429
    zh = "尝试次数过多，请 {retry_after} 秒后再试"
    en = "Too many attempts; try again in {retry_after} seconds"


class PasswordWrong(FlowError):
    """The current password given for a change is not the one."""

    code = "password-wrong"
    status = 422
    zh = "当前密码不正确"
    en = "The current password is wrong"


class PasswordWeak(FlowError):
    """The new password is too short, too long, or the old one."""

    code = "password-weak"
    status = 422
    zh = "新密码需为 {least} 到 {most} 个字符，且不同于当前密码"
    en = "A new password has {least} to {most} characters and differs from the current one"


class MerchantChoice(msgspec.Struct, frozen=True, rename="camel"):
    """One of the merchants a person works for."""

    merchant_id: UUID
    name: str


class ChooseMerchant(FlowError):
    """The password is proven at several merchants; log in again with one of them."""

    code = "choose-merchant"
    status = 409
    zh = "该手机号属于多个商家，请选择一个"
    en = "This phone works for several merchants; choose one"

    def __init__(self, choices: Sequence[MerchantChoice]) -> None:
        """Keep the choices for the answer; they are the person's own employers."""
        super().__init__()
        self.choices = tuple(choices)

    @property
    def extension(self) -> dict[str, object]:
        """Extra members of the problem document (RFC 9457 §3.2)."""
        return {"choices": self.choices}

"""Errors are facts: a stable code, an HTTP status, two sentences and the values that fill them.

`backend.http.problems` is the one place that turns them into `application/problem+json`; nothing personal may be among the values.
"""

from typing import ClassVar


class FlowError(Exception):
    """Something a caller did cannot be done; says which field when one is to blame."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    zh: ClassVar[str] = "请求无法处理"
    en: ClassVar[str] = "The request cannot be processed"

    def __init__(self, *, field: str | None = None, **facts: object) -> None:
        """Keep the field (a JSON path such as `items[3].phone`) and the facts; the message is made when it is read."""
        super().__init__(self.code)
        self.field = field
        self.facts = facts

    def message(self, locale: str) -> str:
        """Return the sentence in `zh-CN` (default) or `en`, filled with the facts."""
        template = self.en if locale.startswith("en") else self.zh
        return template.format(**self.facts)

    def __str__(self) -> str:
        """Return code and facts, for logs: no personal data by the rule above."""
        facts = ", ".join(f"{key}={value}" for key, value in self.facts.items())
        where = f" at {self.field}" if self.field else ""
        return f"{self.code}{where}: {facts or self.en}"


class NotFound(FlowError):
    """The thing does not exist for this caller: absent, another merchant's, or another store's."""

    code = "not-found"
    status = 404
    zh = "找不到该{what}"
    en = "No such {what}"


class Invalid(FlowError):
    """A value has the right type and the wrong meaning."""

    code = "invalid"
    status = 422
    zh = "{field_name} 无效：{why}"
    en = "{field_name} is not valid: {why}"

    def __init__(self, field: str, why: str) -> None:
        """Name the field (JSON path) and say why in a short phrase."""
        super().__init__(field=field, field_name=field, why=why)


class Forbidden(FlowError):
    """The caller is known and may not."""

    code = "forbidden"
    status = 403
    zh = "没有权限"
    en = "You may not do this"


class Conflict(FlowError):
    """The thing moved on before the caller got there."""

    code = "conflict"
    status = 409
    zh = "状态已改变，请刷新"
    en = "It has changed meanwhile; refresh"

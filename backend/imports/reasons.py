"""Why one row was not taken: a code, and a sentence in each language."""

from typing import Final

import msgspec

REASONS: Final[dict[str, tuple[str, str]]] = {
    "ragged": ("单元格数与表头不符：{detail}", "the row's cells do not match the header: {detail}"),
    "too-long": ("单元格超过 32767 个字符", "a cell is longer than 32,767 characters"),
    "nul": ("单元格含有空字符（NUL）", "a cell contains a NUL character"),
    "missing": ("必填的值为空", "a value that is needed is empty"),
    "not-an-amount": ("不是金额", "not an amount of money"),
    "not-a-number": ("不是数字", "not a number"),
    "not-a-date": ("不是日期，或与 date_formats 不符", "not a date in any of the mapping's formats"),
    "not-a-time": ("不是时间", "not a time of day"),
    "date-out-of-range": ("日期不合理（1900–2100 年之外）", "the year is not between 1900 and 2100"),
    "not-a-flag": ("不是“是/否”", "neither yes nor no"),
    "not-a-choice": ("不在允许的取值之内：{detail}", "not one of: {detail}"),
    "unknown-product": ("目录中没有该项目或商品", "no such entry in the catalogue"),
    "ambiguous-product": ("目录中有多个同名项目", "several entries of the catalogue have this name"),
    "unknown-store": ("没有该门店", "no such store"),
    "unknown-customer": (
        "没有该客户；可在映射中写 create_customers = true",
        "no such customer; the mapping may say create_customers = true",
    ),
    "unknown-staff": (
        "没有该员工；可在映射中写 create_staff = true",
        "no such staff member; the mapping may say create_staff = true",
    ),
    "rows-disagree": ("同一单据（或卡）的各行不一致：{detail}", "rows of one receipt or card disagree: {detail}"),
    "rows-incomplete": (
        "同一单据（或卡）的第 {detail} 行有误，整单未导入",
        "row {detail} of the same receipt or card was refused, so none of it was taken",
    ),
}
"""Code → (zh, en). Codes that the flow gives are shown with the flow's own words."""


class Refusal(msgspec.Struct, frozen=True):
    """One row that was not taken: its number in the file, the column to look at, and why."""

    row_no: int
    column: str
    code: str
    detail: str
    cells: tuple[str, ...]

    def sentences(self) -> tuple[str, str]:
        """Return the reason in Chinese and in English."""
        zh, en = REASONS.get(self.code, ("未通过检查：{code} {detail}", "refused by the books: {code} {detail}"))
        return zh.format(code=self.code, detail=self.detail), en.format(code=self.code, detail=self.detail)


class CellRefused(Exception):  # a fact about a cell
    """A cell cannot be what the mapping says it is; never shows the cell's content."""

    def __init__(self, code: str, column: str = "", detail: str = "") -> None:
        """Name the reason code, the file's column and what would have been right."""
        super().__init__(code)
        self.code = code
        self.column = column
        self.detail = detail

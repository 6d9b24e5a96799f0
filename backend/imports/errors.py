"""What stops an import before anything is written: the file or the mapping is not fit."""

from tasks.kernel.errors import FlowError


class FileUnfit(FlowError):
    """The file cannot be read as a table at all."""

    code = "import-file"
    status = 422
    zh = "无法读取文件 {file}：{why_zh}"
    en = "{file} cannot be read: {why}"

    def __init__(self, file: str, why: str, why_zh: str) -> None:
        """Name the file (its name only, never its path) and say why in both languages."""
        super().__init__(field="file", file=file, why=why, why_zh=why_zh)


class ColumnsMissing(FlowError):
    """The mapping names columns that the file has not, or has twice."""

    code = "import-columns"
    status = 422
    zh = "文件中没有映射所用的列：{missing}。文件的列：{columns}"
    en = "The mapping names columns that the file has not, or has twice: {missing}. The file's columns: {columns}"

    def __init__(self, missing: list[str], columns: list[str]) -> None:
        """List both sides, so that the mapping can be corrected without opening the file."""
        super().__init__(field="columns", missing=quoted(missing), columns=quoted(columns))


class MappingInvalid(FlowError):
    """The mapping file is not TOML, has a key nobody knows, or says something that cannot be meant."""

    code = "import-mapping"
    status = 422
    zh = "映射文件有误（{where}）：{why}"
    en = "The mapping is not valid at {where}: {why}"

    def __init__(self, where: str, why: str) -> None:
        """Name the place in the mapping (`columns.cash.less`) and the fault."""
        super().__init__(field=where, where=where, why=why)


class StoreUnclear(FlowError):
    """Rows name no store and the merchant has more than one."""

    code = "import-store"
    status = 422
    zh = "映射没有说明门店，而商家有 {count} 家门店：请在 [columns] 或 [defaults] 中给出 store"
    en = "The mapping names no store and the merchant has {count}: give `store` in [columns] or [defaults]"


def quoted(names: list[str]) -> str:
    """Return up to sixty names, each quoted and cut to forty characters."""
    shown = ", ".join(f"“{name[:40]}”" for name in names[:60])
    return f"{shown} … (+{len(names) - 60})" if len(names) > 60 else shown  # noqa: PLR2004  # as the sentence above says

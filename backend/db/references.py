"""References that are proved a statement at a time instead of a row at a time.

PostgreSQL checks a foreign key row by row, which was a fifth of the processor time of an import (ADR 11). The references of receipts, lines and visits
are proved by one set-based look per statement instead: a trigger looks for what the written rows name, under the same policies as the statement itself, and
refuses all of them when one names nothing or another merchant's row. What is named can never go away: rows of the named tables are not deleted, nor given
another id.
"""

from collections.abc import Iterator
from typing import Final

PROVED: Final = {
    "sale": {"store_id": "store", "customer_id": "customer"},
    "sale_line": {"sale_id": "sale"},
    "visit": {"customer_id": "customer", "store_id": "store", "said_by": "staff", "said_product_id": "product"},
}
"""Table → column → the table that it names, by `(merchant_id, id)`."""
NAMED: Final = tuple(sorted({named for columns in PROVED.values() for named in columns.values()}))
"""The tables whose rows are never deleted and keep their ids."""
_LOOK: Final = """select '{name}' into lost from (select distinct merchant_id, {column} as id from written where {column} is not null) w
where (select true from {named} p where p.merchant_id = w.merchant_id and p.id = w.id) is null limit 1;
if lost is not null then raise foreign_key_violation using message = 'a row of {table} breaks ' || lost, table = '{table}', constraint = lost; end if;"""


def reference_statements() -> Iterator[str]:
    """Yield the functions and triggers."""
    for table, columns in PROVED.items():
        yield _proof(table, columns)
        for deed in ("insert", "update"):
            yield (
                f"create trigger prove_{deed} after {deed} on {table} referencing new table as written "
                f"for each statement execute function prove_{table}()"
            )
    yield (
        "create function keep_named() returns trigger language plpgsql as $body$ "
        "begin raise restrict_violation using message = 'rows of ' || tg_table_name || ' are kept under their ids', table = tg_table_name; end $body$"
    )
    for table in NAMED:
        yield f"create trigger keep_named before delete or update of merchant_id, id on {table} for each row execute function keep_named()"


def _proof(table: str, columns: dict[str, str]) -> str:
    looks = "\n".join(
        _LOOK.format(name=f"fk_{table}_{column}", table=table, column=column, named=named)
        for column, named in columns.items()
    )
    # Statistics of a table that is being filled say that it is empty. A scalar sub-select is never turned into a join, and without a sequential scan it has
    # the primary key alone, as a foreign-key check has.
    return (
        f"create function prove_{table}() returns trigger language plpgsql set search_path = public, pg_temp set enable_seqscan = off "
        f"as $body$\ndeclare lost text;\nbegin\n{looks}\nreturn null;\nend $body$"
    )

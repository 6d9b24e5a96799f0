"""The roles' SQL as text; tests/faults/test_embedded_stack.py shows what the roles can do."""

import pytest

from backend.db.roles import APP, DEFINER, OWNER, bootstrap_statements


def test_without_passwords_nothing_is_said_about_them() -> None:
    statements = bootstrap_statements("huifang")
    assert not any("PASSWORD" in statement for statement in statements)
    assert sum("CREATE ROLE" in statement for statement in statements) == 3


def test_a_password_is_a_literal_whatever_it_contains() -> None:
    statements = bootstrap_statements("huifang", {OWNER: "it's", APP: "back\\slash"})
    assert f"ALTER ROLE {OWNER} PASSWORD E'it''s'" in statements
    assert f"ALTER ROLE {APP} PASSWORD E'back\\\\slash'" in statements


@pytest.mark.parametrize(("role", "secret"), [(DEFINER, "x"), ("postgres", "x"), (APP, ""), (APP, "a\x00b")])
def test_a_password_for_nobody_or_of_nothing_is_refused(role: str, secret: str) -> None:
    with pytest.raises(ValueError, match=r"does not log in|empty or contains"):
        bootstrap_statements("huifang", {role: secret})


@pytest.mark.parametrize("name", ["", "Upper", 'x"; DROP DATABASE y', "1st", "a" * 64])
def test_an_unusual_database_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="lower-case"):
        bootstrap_statements(name)

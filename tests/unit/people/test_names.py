from tasks.people.names import name_tokens, query_tokens


def finds(query: str, name: str) -> bool:
    tokens = query_tokens(query)
    return bool(tokens) and tokens <= name_tokens(name)


def test_chinese_names_are_found_by_character_pair_and_initials() -> None:
    for query in ("王小红", "小红", "红", "王小", "wxh", "xh", "WXH", "wx"):
        assert finds(query, "王小红"), query
    for query in ("李", "红小", "wh", "王红", "h小"):
        assert not finds(query, "王小红"), query


def test_a_surname_is_found_by_each_of_its_readings() -> None:
    assert finds("zl", "曾莉")
    assert finds("cl", "曾莉")


def test_latin_names_are_found_by_word_and_beginning() -> None:
    for query in ("elizabeth", "Eliz", "SMITH", "smi eli", "Elizabeth Smith"):
        assert finds(query, "Elizabeth Smith"), query
    assert not finds("beth", "Elizabeth Smith")


def test_mixed_full_width_and_decorated_names() -> None:
    assert finds("amy", "Ａｍｙ姐")
    assert finds("姐", "Amy姐")
    assert finds("王姐", "王姐(VIP)")
    assert finds("vip", "王姐(VIP)")


def test_nothing_is_found_by_nothing() -> None:
    assert query_tokens("  -- ") == set()
    assert name_tokens("🌸") == set()

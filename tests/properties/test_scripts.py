"""Whatever is typed is refused with a fact or says something short and whole."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.faults import MissingValues, ScriptFault
from scripts.render import MAX_OUTPUT, compile_script
from scripts.review import review
from scripts.variables import NUMERIC, VARIABLES, Value

NAMES = st.sampled_from(["nickname", "store", "uses_left", "benefit", "visits_left", "skin_tag", "unknown", "range"])
TEXT = st.text(st.sampled_from("你好 ab1%～\n{}#-|\u200b\x00🎂'\"\\"), max_size=6)
OPERATOR = st.sampled_from(["==", "!=", "<", ">", ">=", "and", "or", "|", "**", "in", "is", "."])
OPERAND = st.one_of(
    NAMES, st.integers(0, 10**12).map(str), TEXT.map(repr), st.sampled_from(["not nickname", "(store)", "[1]"])
)
EXPRESSION = st.one_of(OPERAND, st.tuples(OPERAND, OPERATOR, OPERAND).map(" ".join))
BLANK = st.one_of(NAMES, st.tuples(NAMES, st.sampled_from(["|upper", "|trim", "|x", ".a", "()"])).map("".join))
PIECE = st.one_of(TEXT, BLANK.map("{{{{ {} }}}}".format))


def _choice(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    shape = st.sampled_from(
        ["{{% if {} %}}{}{{% endif %}}", "{{%- if {} -%}}{}{{% else %}}x{{% endif %}}", "{{% for {} %}}{}"]
    )
    return st.builds(lambda form, test, body: form.format(test, body), shape, EXPRESSION, inner)


SOURCE = st.lists(st.recursive(PIECE, _choice, max_leaves=12), max_size=12).map("".join)
VALUE: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.integers(), st.text(max_size=40), st.sampled_from(["", " ", "{{ store }}", "{% x %}", "3", "王姐"])
)
VALUES = st.dictionaries(st.sampled_from(sorted(VARIABLES)), VALUE)


def say(source: str, values: dict[str, Value]) -> str | None:
    """The text, or None when refused with a fact; anything else fails the test."""
    try:
        return compile_script(source).render(values)
    except (ScriptFault, MissingValues):
        return None


def check(text: str | None) -> None:
    if text is not None:
        assert 0 < len(text) <= MAX_OUTPUT
        assert not {"{", "}"} & set(text)
        assert text.strip() == text


@given(SOURCE, VALUES)
@settings(max_examples=500, deadline=None)
def test_near_scripts_are_refused_or_rendered_within_limits(source: str, values: dict[str, Value]) -> None:
    check(say(source, values))


@given(st.text(), VALUES)
@settings(max_examples=300, deadline=None)
def test_any_text_is_refused_or_rendered_within_limits(source: str, values: dict[str, Value]) -> None:
    check(say(source, values))


@given(SOURCE)
@settings(max_examples=100, deadline=None)
def test_review_never_fails_and_its_spans_are_in_the_source(source: str) -> None:
    for locale in ("zh-CN", "en"):
        for hint in review(source, "zh-CN" if locale == "zh-CN" else "en"):
            assert 0 <= hint.start <= hint.end <= len(source)
            assert 1 <= hint.line <= source.count("\n") + 1


@given(SOURCE)
@settings(max_examples=200, deadline=None)
def test_all_needed_values_are_enough_unless_a_branch_asks_for_more(source: str) -> None:
    try:
        script = compile_script(source)
    except ScriptFault:
        return
    assert script.needs <= script.uses <= set(VARIABLES)
    full: dict[str, Value] = {name: 7 if VARIABLES[name].kind in NUMERIC else "好" for name in script.uses}
    try:
        script.render(full)
    except MissingValues as missing:
        assert missing.names <= script.uses  # noqa: PT017 - a script may have nothing to say

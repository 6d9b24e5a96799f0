import msgspec
import pytest

from scripts.faults import FaultCode, MissingValues, ScriptFault
from scripts.render import MAX_OUTPUT, Script, compile_script, offered
from scripts.variables import Value

IF = "{% if uses_left TEST %}yes{% else %}no{% endif %}"


class Named(msgspec.Struct, frozen=True):
    name: str
    script: Script


def render(source: str, **values: Value) -> str:
    return compile_script(source).render(values)


def fault(source: str) -> tuple[FaultCode, int, str]:
    with pytest.raises(ScriptFault) as caught:
        compile_script(source)
    return caught.value.code, caught.value.line, caught.value.detail


def missing(source: str, **values: Value) -> frozenset[str]:
    with pytest.raises(MissingValues) as caught:
        render(source, **values)
    return caught.value.names


def test_text_and_blanks() -> None:
    assert render("你好，店里九折 100% %s %(x)s") == "你好，店里九折 100% %s %(x)s"
    assert render("{{ nickname }}，{{staff}}100%", nickname=" 王姐 ", staff="大王") == "王姐，大王100%"
    assert render("{{ uses_left }}次", uses_left=3) == "3次"
    assert render("{{ uses_left }}次", uses_left=0) == "0次"
    assert render("{{ uses_left }}次", uses_left=True) == "1次"
    assert render("  a\n{{- nickname -}}\n b \r\nc\n", nickname="x") == "axb \nc"


def test_a_branch_is_taken_for_a_present_value_only() -> None:
    source = "好{% if benefit %}，有{{ benefit }}{% elif level %}，{{ level }}{% else %}。{% endif %}"
    assert render(source, benefit="礼物", level="金卡") == "好，有礼物"
    assert render(source, benefit=" ", level="金卡") == "好，金卡"
    assert render(source, benefit=None) == "好。"
    assert render("好{% if visits_left %}{{ visits_left }}{% endif %}", visits_left=0) == "好"


@pytest.mark.parametrize(
    ("test", "value", "said"),
    [
        ("== 1", 1, "yes"),
        ("== 1", 2, "no"),
        ("== 1", "1", "yes"),
        ("== 1", "one", "no"),
        ("== 1", None, "no"),
        ("!= 1", 2, "yes"),
        ("!= 1", None, "yes"),
        ("< 2", 1, "yes"),
        ("<= 2", 2, "yes"),
        ("> 2", 2, "no"),
        (">= 2", "2", "yes"),
        (">= 2", "many", "no"),
        ("< 2", None, "no"),
    ],
)
def test_comparisons(test: str, value: Value, said: str) -> None:
    assert render(IF.replace("TEST", test), uses_left=value) == said


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("level and store", "no"),
        ("level and not store", "yes"),
        ("store or level", "yes"),
        ("store or staff", "no"),
        ("not (store or staff)", "yes"),
        ("level == '金卡'", "yes"),
        ('level != "金卡"', "no"),
        ("level and level == '金卡' and not store", "yes"),
        ("store or staff or uses_left > 2", "yes"),
    ],
)
def test_connectives(test: str, said: str) -> None:
    source = f"{{% if {test} %}}yes{{% else %}}no{{% endif %}}"
    assert render(source, level="金卡", uses_left=3) == said


def test_filters() -> None:
    assert (
        render("{{ member_day_when | capfirst }}: {{ member_day_when }}", member_day_when="tomorrow")
        == "Tomorrow: tomorrow"
    )
    assert render("{{ level | lower | upper }}{{ level|trim()|lower }}", level="Gold") == "GOLDgold"
    assert render("{{ uses_left | upper }}{% if benefit %}{{ benefit | upper }}{% endif %}", uses_left=3) == "3"


def test_needs_are_what_every_way_through_prints() -> None:
    script = compile_script(
        "{{ nickname }}{% if benefit %}{{ benefit }}{{ store }}{{ staff }}{% elif level %}{{ staff | upper }}"
        "{% else %}{{ store }}{{ staff }}{% endif %}{% if uses_left > 1 %}{{ item }}{% endif %}"
    )
    assert script.needs == {"nickname", "staff"}
    assert script.uses == {"nickname", "benefit", "store", "staff", "level", "uses_left", "item"}
    assert script.sensitive == frozenset()
    assert compile_script("{{ skin_tag }}").sensitive == {"skin_tag"}


def test_no_hole_is_ever_printed() -> None:
    assert missing("{{ nickname }}{{ store }}") == {"nickname", "store"}
    assert missing("{{ nickname }}{{ store }}", nickname="", store="店") == {"nickname"}
    assert missing("好{% if visits_left %}{{ last_service }}{% endif %}", visits_left=2) == {"last_service"}
    assert render("好{% if visits_left %}{{ last_service }}{% endif %}") == "好"
    assert missing("{% if benefit %}有{{ benefit }}{% endif %}") == {"benefit"}
    assert missing("{% if not benefit %}{{ nickname }}有{% endif %}", benefit="x", nickname="y") == {
        "benefit",
        "nickname",
    }
    assert str(MissingValues(["b", "a"])) == "a, b"


def test_values_are_bounded() -> None:
    for value in ("x" * (MAX_OUTPUT + 1), 10**15, -(10**15), 10**5000):
        with pytest.raises(ScriptFault, match="output_too_long"):
            render("{{ nickname }}", nickname=value)
    with pytest.raises(ScriptFault, match="output_too_long"):
        render("{{ nickname }}" * 2, nickname="x" * 1_500)
    assert len(render("{{ nickname }}", nickname="x" * MAX_OUTPUT)) == MAX_OUTPUT


def test_a_value_is_never_a_template() -> None:
    assert render("{{ nickname }}好", nickname="{{ store }}{% x %}%s") == "｛｛ store ｝｝｛% x %｝%s好"


def test_faults_say_where_and_what() -> None:
    assert fault("好\n{{ nick }}") == (FaultCode.UNKNOWN_VARIABLE, 2, "nick")
    assert fault("好\n\n{{ nickname | x }}") == (FaultCode.UNKNOWN_FILTER, 3, "x")
    assert fault("a" * 4_001) == (FaultCode.TOO_LONG, 0, "4001 > 4000")
    assert fault("好\x00") == (FaultCode.CONTROL_CHARACTER, 1, "U+0000")
    assert fault("{% for a in b %}") == (FaultCode.FORBIDDEN, 1, "for")
    assert fault("{% if nickname > 1 %}a{% endif %}") == (FaultCode.BAD_COMPARISON, 1, "nickname")
    assert fault("{% if uses_left == 'a' %}a{% endif %}") == (FaultCode.BAD_COMPARISON, 1, "uses_left")
    assert fault("{% if uses_left %}")[0] is FaultCode.SYNTAX
    assert str(ScriptFault(FaultCode.EMPTY, 1, "x")) == "empty at line 1: x"


def test_limits_are_reached_but_not_passed() -> None:
    deep = "{% if nickname %}" * 8 + "a" + "{% endif %}" * 8
    assert render(deep, nickname="x") == "a"
    assert fault("{% if nickname %}" + deep + "{% endif %}")[0] is FaultCode.TOO_DEEP
    assert render("a{{ level }}" * 199, level="b") == "ab" * 199
    assert fault("a{{ level }}" * 200)[0] is FaultCode.TOO_MANY_NODES
    assert render("a" * MAX_OUTPUT) == "a" * MAX_OUTPUT


def test_compiled_once() -> None:
    assert compile_script("{{ nickname }}一次") is compile_script("{{ nickname }}一次")


def test_only_what_can_be_said_is_offered() -> None:
    sources = {
        "a": "{{ nickname }}好",
        "b": "你好",
        "c": "{{ store }}",
        "d": "{% if nickname %}{{ staff }}{% endif %}好",
    }
    variants = [Named(name, compile_script(source)) for name, source in sources.items()]
    assert [each.name for each in offered(variants, {"nickname": "王姐"})] == ["a", "b"]
    assert [each.name for each in offered(variants, {"store": "x" * 3_000})] == ["b", "d"]
    assert [each.name for each in offered(variants, {})] == ["b", "d"]

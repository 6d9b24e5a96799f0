import re
from pathlib import Path

from tasks.worklist.rules import may_move, sources
from tasks.worklist.states import LIVE, TRANSITIONS, TaskStatus

DRAWING = Path(__file__).parents[3] / "docs" / "task-states.md"


def test_the_drawing_and_the_table_say_the_same() -> None:
    arrows = re.findall(r"^    (\w+) --> (\w+): ", DRAWING.read_text("utf-8"), re.MULTILINE)
    drawn = {(TaskStatus(one), TaskStatus(other)) for one, other in arrows}
    assert drawn == {(one, other) for one, targets in TRANSITIONS.items() for other in targets}
    ends = re.findall(r"^    (\w+) --> \[\*\]", DRAWING.read_text("utf-8"), re.MULTILINE)
    assert {TaskStatus(each) for each in ends} == set(TaskStatus) - set(LIVE)


def test_closed_is_closed() -> None:
    for status in set(TaskStatus) - set(LIVE):
        assert not any(may_move(status, other) for other in TaskStatus)
        assert sources(status) == [each.value for each in LIVE]

"""What a chunk is judged for."""

from dataclasses import dataclass
from uuid import UUID

from tasks.generation.candidates import Moment
from tasks.plans.definition import Definition
from tasks.plans.steps import StaffTask


@dataclass(frozen=True)
class Job:
    """One plan version, one moment, one step.

    Attributes:
        definition: the plan version.
        plan_id, version_id: whose; a draft that is only looked at has ids of nobody.
        moment: when.
        occurrence_id: the firing, for plans of the calendar.
        hold_out: percent of the matched who get no task; decided once per run.
        room: how many more tasks this run may make, None for as many as there are.
        ordinal: which firing of the passages this is, counted from 0 through every round.
        offset_no: which offset of a behaviour plan they came in by.
    """

    definition: Definition
    plan_id: UUID
    version_id: UUID
    moment: Moment
    occurrence_id: UUID | None = None
    hold_out: int = 0
    room: int | None = None
    ordinal: int = 0
    offset_no: int = 0

    @property
    def act(self) -> StaffTask:
        """The task that this step makes."""
        return self.definition.act(self.ordinal)

"""Templates about days: the member day, birthdays, milestones, the seasons."""

from datetime import time

from tasks.plans.benefits import Points
from tasks.plans.calendars.names import Term
from tasks.plans.definition import Daily, Definition, Entry, Goal, StaffTask, Step, Suppress
from tasks.plans.schedules import Monthly, SolarTerm
from tasks.plans.states import EntryMode, ExitOn, GoalKind, LastDay, Link, Purpose, Route, Scope
from tasks.plans.templates.trees import VALUE_LEFT, came_within, every, leaf, some

LONGEST_LEAD = 7
"""Days before the member day on which it can be announced."""

MEMBER_DAY = Definition(
    name="会员日",
    template="member_day",
    purpose=Purpose.MARKETING,
    trigger=Monthly(days=(18,), offset_days=-1, at=time(10)),
    audience=some(came_within(180), *VALUE_LEFT["any"]),
    entry=Entry(scope=Scope.CUSTOMER, mode=EntryMode.EACH_TIME),
    exit_on=(ExitOn.BOOKED, ExitOn.ARRIVED, ExitOn.PURCHASED, ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    steps=(
        Step(
            act=StaffTask(
                scene="member_day",
                chain=(Link.CONSULTANT, Link.LAST_SERVED, Link.LEAST_LOADED),
                route=Route.HOME_STORE,
                due_in=LONGEST_LEAD,
                expires_in=LONGEST_LEAD,
                last_day=LastDay.ANCHOR,
                due_at=time(12),
                spread_days=LONGEST_LEAD,
                priority=300,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.PURCHASED, days=1),),
    hold_out=10,
    benefit=Points(multiplier=200),
)
"""会员日: the 18th of every month, announced the day before; late at noon of the day and over at its end."""

BIRTHDAY = Definition(
    name="生日关怀",
    template="birthday",
    purpose=Purpose.CARE,
    trigger=Daily(at=time(10)),
    audience=every(leaf("birthday", nextDays=3), leaf("birthday_plausible"), came_within(365)),
    entry=Entry(scope=Scope.CUSTOMER, mode=EntryMode.COOLDOWN, days=330),
    exit_on=(ExitOn.BOOKED, ExitOn.ARRIVED, ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    suppress=Suppress(marketing_gap=False, tier_cap=False),
    steps=(
        Step(
            act=StaffTask(
                scene="birthday",
                chain=(Link.CONSULTANT,),
                route=Route.HOME_STORE,
                due_in=1,
                expires_in=3,
                last_day=LastDay.BIRTHDAY,
                priority=650,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.ARRIVED, days=30),),
)
"""生日关怀: three days before, solar or lunar; later only if she could not be asked that day. A lunar year may be 354 days long, so once is once in 330."""

ANNIVERSARY = Definition(
    name="相识纪念日",
    template="anniversary",
    purpose=Purpose.CARE,
    trigger=Daily(at=time(10)),
    audience=every(leaf("milestone", days=[100, 365], yearly=True), came_within(180)),
    entry=Entry(scope=Scope.CUSTOMER, mode=EntryMode.EACH_TIME),
    exit_on=(ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    suppress=Suppress(care_gap=True),
    steps=(
        Step(
            act=StaffTask(
                scene="anniversary",
                chain=(Link.CONSULTANT,),
                route=Route.HOME_STORE,
                due_in=1,
                expires_in=1,
                spread_days=0,
                priority=200,
            )
        ),
    ),
)
"""相识纪念日: a hundred days after the first purchase, 365, and then every year. Each milestone is one day, so each firing is an entry of its own."""

FESTIVAL_CARE = Definition(
    name="节气护肤/节日问候",
    template="festival_care",
    purpose=Purpose.MARKETING,
    trigger=SolarTerm(term=Term.LI_DONG, at=time(10)),
    audience=every(came_within(90)),
    entry=Entry(scope=Scope.CUSTOMER, mode=EntryMode.EACH_TIME),
    exit_on=(ExitOn.BOOKED, ExitOn.ARRIVED, ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    steps=(
        Step(
            act=StaffTask(
                scene="festival_care",
                chain=(Link.CONSULTANT,),
                route=Route.HOME_STORE,
                due_in=1,
                expires_in=3,
                priority=150,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.ARRIVED, days=14),),
    hold_out=10,
)
"""节气护肤/节日问候: on the day of a solar term or festival, to whom was here lately."""

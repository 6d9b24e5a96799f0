"""Templates about single moments: something tried or taken home, a first meeting, a new level, a new consultant."""

from datetime import time

from tasks.plans.definition import Behaviour, Definition, Entry, Goal, Offset, StaffTask, Step, Suppress
from tasks.plans.states import EntryMode, ExitOn, GoalKind, Link, Measure, Purpose, Route, Scope
from tasks.plans.templates.trees import VALUE_LEFT, came_within, every, leaf, some
from tasks.plans.triggers import Unless

TRIED_NOT_BOUGHT = Definition(
    name="体验未成交跟进",
    template="tried_not_bought",
    purpose=Purpose.MARKETING,
    trigger=Behaviour(
        events=("tried_not_bought",),
        offsets=(Offset(after_days=1, at=time(10)),),
        unless=Unless(event="purchase", within="2d"),
    ),
    entry=Entry(scope=Scope.CUSTOMER, mode=EntryMode.EACH_TIME),
    exit_on=(ExitOn.PURCHASED, ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    suppress=Suppress(marketing_gap=False),
    steps=(
        Step(
            act=StaffTask(
                scene="tried_not_bought",
                chain=(Link.EVENT_STAFF,),
                route=Route.EVENT_STORE,
                due_in=1,
                expires_in=3,
                spread_days=1,
                priority=620,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.PURCHASED, days=14),),
)
"""体验未成交跟进: the morning after, unless she bought meanwhile. She was asked in the store whether she may be written to, so the gap does not count."""

SAMPLE_FOLLOW_UP = Definition(
    name="小样/试用跟进",
    template="sample_follow_up",
    purpose=Purpose.CARE,
    trigger=Behaviour(events=("sample_taken",), offsets=(Offset(after_days=1, at=time(10)),)),
    entry=Entry(scope=Scope.CUSTOMER, mode=EntryMode.EACH_TIME),
    exit_on=(ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    steps=(
        Step(
            act=StaffTask(
                scene="sample_follow_up",
                chain=(Link.EVENT_STAFF,),
                route=Route.EVENT_STORE,
                due_in=1,
                expires_in=3,
                spread_days=1,
                priority=580,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.PURCHASED, days=14),),
)
"""小样/试用跟进: the morning after she took a sample home."""

ADD_WECHAT = Definition(
    name="到店加微信",
    template="add_wechat",
    purpose=Purpose.CARE,
    trigger=Behaviour(events=("service_completed", "voucher_redeemed"), offsets=(Offset(),)),
    audience=every(leaf("visit_count", atMost=1), leaf("friend", nobody=True)),
    entry=Entry(scope=Scope.CUSTOMER, mode=EntryMode.NEVER_AGAIN),
    exit_on=(ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    steps=(
        Step(
            act=StaffTask(
                scene="add_wechat",
                chain=(Link.EVENT_STAFF,),
                route=Route.EVENT_STORE,
                due_in=0,
                expires_in=1,
                spread_days=0,
                priority=880,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.FRIEND_ADDED, days=7),),
)
"""到店加微信: while a new customer is still in the store; who served her, else the front desk (the store's pool)."""

TIER_UPGRADE = Definition(
    name="会员升级祝贺",
    template="tier_upgrade",
    purpose=Purpose.CARE,
    trigger=Behaviour(events=("purchase",), offsets=(Offset(after="2h", in_window=True),)),
    entry=Entry(
        scope=Scope.CUSTOMER,
        mode=EntryMode.ONCE_PER_CROSSING,
        measure=Measure.PAID,
        bounds=(300_000, 1_000_000, 3_000_000),
    ),
    exit_on=(ExitOn.REFUNDED, ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    steps=(
        Step(
            act=StaffTask(
                scene="tier_upgrade",
                chain=(Link.CONSULTANT,),
                route=Route.EVENT_STORE,
                due_in=1,
                expires_in=3,
                spread_days=1,
                priority=350,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.ARRIVED, days=30),),
)
"""会员升级祝贺: two hours after what she paid in her life came to ¥3,000, ¥10,000 or ¥30,000, once each."""

HANDOVER_INTRO = Definition(
    name="顾问交接",
    template="handover_intro",
    purpose=Purpose.CARE,
    trigger=Behaviour(events=("consultant_changed",), offsets=(Offset(after_days=1, at=time(10)),)),
    audience=some(*VALUE_LEFT["any"], came_within(180)),
    entry=Entry(scope=Scope.CUSTOMER, mode=EntryMode.EACH_TIME),
    exit_on=(ExitOn.COMPLAINED, ExitOn.DO_NOT_CONTACT),
    steps=(
        Step(
            act=StaffTask(
                scene="handover_intro",
                chain=(Link.CONSULTANT,),
                route=Route.STAFF_STORE,
                due_in=3,
                expires_in=10,
                priority=640,
            )
        ),
    ),
    goals=(Goal(kind=GoalKind.REPLIED, days=14),),
)
"""顾问交接: the morning after somebody else began to look after her, by the new consultant."""

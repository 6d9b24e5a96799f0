"""X1 cells of plans: owners' and managers'."""

from typing import Any

from tasks.flow.approve_plans import submit
from tasks.flow.manage_plans import activate, create_plan
from tasks.kernel.ids import new_id
from tasks.kernel.scope import Role, StaffScope
from tasks.plans.definition import encode
from tasks.plans.templates import SECOND_VISIT
from tests.http.cell import Ask, Cell, Make, plain
from tests.http.salon import Salon

DRAFT = {"template": "second_visit"}


def on_plan(suffix: str, body: Any = None, *, active: bool = False, if_match: bool = True) -> Make:
    async def make(salon: Salon) -> Ask:
        async with salon.services.units.open(salon.merchant_id) as unit:
            plan = await create_plan(unit, "second_visit", {"name": f"计划 {new_id().hex[-6:]}"})
            if active:
                plan = await activate(unit, plan.id)
        return f"/v1/owner/plans/{plan.id}{suffix}", body, {"if-match": f'"{plan.etag}"'} if if_match else {}

    return make


def managers_plan(suffix: str, body: Any = None, *, surface: str = "manager", submitted: bool = False) -> Make:
    """A draft of the manager's own, or one that waits for approval."""

    async def make(salon: Salon) -> Ask:
        scope = StaffScope(salon.merchant_id, salon.staff["manager"], Role.MANAGER, (salon.stores["S1"],))
        changes = {"name": f"店长计划 {new_id().hex[-6:]}", "holdOut": 0}
        async with salon.services.units.open(salon.merchant_id) as unit:
            plan = await create_plan(unit, "second_visit", changes, scope.staff_id)
            if submitted:
                plan = await submit(unit, scope, plan.id, plan.etag)
        return f"/v1/{surface}/plans/{plan.id}{suffix}", body, {"if-match": f'"{plan.etag}"'}

    return make


def explained(surface: str) -> Make:
    async def make(salon: Salon) -> Ask:
        path, _, _ = await on_plan("/explain")(salon)
        return f"{path.replace('/owner/', f'/{surface}/')}?customer={salon.customers['S1']}", None, {}

    return make


PERIOD = {"from": "2026-02-27", "to": "2026-02-28"}
PLANS = {
    "ListTemplates": Cell(plain("/v1/owner/templates"), "owner"),
    "ListPlans": Cell(plain("/v1/owner/plans"), "owner"),
    "CreatePlan": Cell(plain("/v1/owner/plans", DRAFT), "owner", 201),
    "CheckDraft": Cell(plain("/v1/owner/plans:check", DRAFT), "owner"),
    "GetPlan": Cell(on_plan("", if_match=False), "owner", 200, names_a_thing=True),
    "ChangePlan": Cell(on_plan("", {"changes": {}}), "owner", 200, names_a_thing=True),
    "ReplacePlan": Cell(on_plan("", {"definition": encode(SECOND_VISIT)}), "owner", 200, names_a_thing=True),
    "ListVersions": Cell(on_plan("/versions", if_match=False), "owner", 200, names_a_thing=True),
    "GetVersion": Cell(on_plan("/versions/1", if_match=False), "owner", 200, names_a_thing=True),
    "CheckPlan": Cell(on_plan("/check", if_match=False), "owner", 200, names_a_thing=True),
    "ActivatePlan": Cell(on_plan("/activate"), "owner", 200, names_a_thing=True),
    "ApprovePlan": Cell(managers_plan("/approve", surface="owner", submitted=True), "owner", 200, names_a_thing=True),
    "SendBackPlan": Cell(
        managers_plan("/send-back", {"note": "再想想"}, surface="owner", submitted=True),
        "owner",
        200,
        names_a_thing=True,
    ),
    "PausePlan": Cell(on_plan("/pause", {"note": "盘点"}, active=True), "owner", 200, names_a_thing=True),
    "EndPlan": Cell(on_plan("/end", {}), "owner", 200, names_a_thing=True),
    "StopEverything": Cell(plain("/v1/owner/stop-everything", {"stopped": False}), "owner", 204),
    "GetApprovalLimits": Cell(plain("/v1/owner/approval-limits"), "owner"),
    "PreviewPlan": Cell(on_plan("/preview", {}, if_match=False), "owner", 200, names_a_thing=True),
    "PreviewTemplate": Cell(plain("/v1/owner/plans:preview", DRAFT), "owner"),
    "ExplainPlan": Cell(explained("owner"), "owner", 200, names_a_thing=True),
    "BackTestPlan": Cell(on_plan("/back-test", PERIOD, if_match=False), "owner", 200, names_a_thing=True),
    "ListDecisions": Cell(on_plan("/decisions", if_match=False), "owner", 200, names_a_thing=True),
    "ListPlansAsManager": Cell(plain("/v1/manager/plans"), "manager"),
    "CreatePlanAsManager": Cell(plain("/v1/manager/plans", DRAFT), "manager", 201),
    "CheckDraftAsManager": Cell(plain("/v1/manager/plans:check", DRAFT), "manager"),
    "GetPlanAsManager": Cell(managers_plan(""), "manager", 200, names_a_thing=True),
    "ChangePlanAsManager": Cell(managers_plan("", {"changes": {}}), "manager", 200, names_a_thing=True),
    "ReplacePlanAsManager": Cell(
        managers_plan("", {"definition": encode(SECOND_VISIT)}), "manager", 200, names_a_thing=True
    ),
    "SubmitPlan": Cell(managers_plan("/submit"), "manager", 200, names_a_thing=True),
    "PreviewPlanAsManager": Cell(managers_plan("/preview", {}), "manager", 200, names_a_thing=True),
    "ExplainPlanAsManager": Cell(explained("manager"), "manager", 200, names_a_thing=True, same_store_only=True),
}


async def limits(_salon: Salon) -> Ask:
    return "/v1/owner/approval-limits", {"audience": 400}, {"if-match": "*"}


PLANS["PutApprovalLimits"] = Cell(limits, "owner")

"""What the contract shows of the worklist: one customer's task, from the list to the callback.

tests/http/test_contract_staff.py holds each true to its type.
"""

from typing import Any, Final

TASK: Final = "01930000-0000-7000-8000-0000000000d1"
STORE: Final = "01930000-0000-7000-8000-000000000051"
CUSTOMER: Final = "01930000-0000-7000-8000-0000000000e1"
EMPLOYEE: Final = "01930000-0000-7000-8000-0000000000a1"
REASON: Final = "01930000-0000-7000-8000-0000000000f1"
ME: Final = {
    "staffId": EMPLOYEE,
    "merchantId": "01930000-0000-7000-8000-000000000001",
    "name": "小美",
    "role": "employee",
    "stores": [{"id": STORE, "code": "S1", "name": "徐汇店", "timezone": "Asia/Shanghai"}],
    "serverTime": "2026-03-09T02:00:00Z",
}
ITEM: Final[dict[str, Any]] = {
    "id": TASK,
    "storeId": STORE,
    "customerId": CUSTOMER,
    "nickname": "小红姐",
    "level": "金卡",
    "why": "7 天前点评新客，未再到店",
    "plans": ["新客二次到店"],
    "origin": "plan",
    "status": "open",
    "opensAt": "2026-03-09T02:00:00Z",
    "contactFrom": "2026-03-09T02:00:00Z",
    "dueAt": "2026-03-11T13:00:00Z",
    "expiresAt": "2026-03-16T16:00:00Z",
    "waitUntil": None,
    "waitKind": None,
    "overdue": False,
    "urged": False,
    "attempts": 0,
    "priority": 500,
    "valueCents": 12_300,
    "hasPhone": True,
    "pool": False,
    "assigneeId": EMPLOYEE,
    "assignee": "小美",
    "closedAt": None,
    "closeReason": None,
    "claimedUntil": None,
    "reservedBy": None,
    "reservedUntil": None,
}
SYNCED: Final = {name: value for name, value in ITEM.items() if name != "overdue"} | {"rev": 41}
"""As a phone keeps it: whether it is overdue the phone tells by its clock."""
PAGE: Final = {
    "items": [ITEM],
    "counts": {"today": 1, "overdue": 0, "callbacks": 2, "upcoming": 5, "replies": 1, "done": 7},
    "nextCursor": None,
}
NEXT: Final = {
    "task": ITEM
    | {
        "pool": True,
        "assigneeId": None,
        "assignee": None,
        "reservedBy": "小美",
        "reservedUntil": "2026-03-09T06:35:00Z",
    }
}
"""One of the pool, kept for the caller for some minutes."""
DETAIL: Final[dict[str, Any]] = {
    "id": TASK,
    "storeId": STORE,
    "store": "徐汇店",
    "origin": "plan",
    "status": "waiting",
    "why": "7 天前点评新客，未再到店",
    "opensAt": "2026-03-09T02:00:00Z",
    "contactFrom": "2026-03-09T02:00:00Z",
    "outsideWindow": False,
    "dueAt": "2026-03-11T13:00:00Z",
    "expiresAt": "2026-03-16T16:00:00Z",
    "waitUntil": "2026-03-09T08:00:00Z",
    "waitKind": "retry",
    "overdue": False,
    "urged": False,
    "attempts": 1,
    "priority": 500,
    "valueCents": 12_300,
    "pool": False,
    "assigneeId": EMPLOYEE,
    "assignee": "小美",
    "closedAt": None,
    "closeReason": None,
    "reasons": [
        {
            "id": REASON,
            "planId": "01930000-0000-7000-8000-0000000000f2",
            "plan": "新客二次到店",
            "template": "second_visit",
            "talkingPoint": "7 天前点评新客，未再到店",
            "priority": 500,
            "state": "live",
            "closeReason": None,
            "result": None,
        }
    ],
    "customer": {
        "id": CUSTOMER,
        "nickname": "小红姐",
        "level": "金卡",
        "gender": "female",
        "source": "点评",
        "phones": [{"masked": "138****0001", "kind": "phone", "valid": True}],
        "hasPhone": True,
        "hasWechat": False,
        "noPhone": False,
        "noWechat": False,
        "noContact": False,
        "notes": "不要提价格",
    },
    "cards": [
        {
            "id": "01930000-0000-7000-8000-0000000000f3",
            "name": "充值卡",
            "kind": "stored_value",
            "balanceCents": 46_000,
            "principalCents": 46_000,
            "giftCents": 0,
            "usesLeft": 0,
            "expiresOn": None,
            "frozen": False,
        }
    ],
    "lastVisit": {"visitedOn": "2026-03-02", "service": "美睫", "staff": "小美"},
    "contacts": [
        {
            "at": "2026-03-09T04:00:00Z",
            "channel": "phone",
            "reached": False,
            "staff": "小美",
            "outcome": "no_answer",
            "note": "在开会",
        }
    ],
    "scripts": [
        {
            "variant": "second_visit/b",
            "reasonId": REASON,
            "title": "按周期",
            "tone": "专业",
            "channel": "wechat",
            "text": "小红姐，我是7天前帮你做美睫的小美～一般隔21天左右再来一次，状态会比较稳。明天或周三还有位，帮你约上？",
        }
    ],
    "actions": ["copy", "reveal_phone", "callback", "snooze", "release"],
    "outcomes": [{"code": "no_answer", "needs": []}, {"code": "refused_contact", "needs": ["scope"]}],
    "mootBecause": None,
}
MOVED: Final = {
    "id": TASK,
    "status": "in_progress",
    "assigneeId": EMPLOYEE,
    "waitUntil": None,
    "dueAt": "2026-03-11T13:00:00Z",
    "expiresAt": "2026-03-16T16:00:00Z",
    "changed": True,
}
SNOOZED: Final = MOVED | {"status": "waiting", "waitUntil": "2026-03-09T08:00:00Z"}
RELEASED: Final = MOVED | {"status": "open", "assigneeId": None}
LOGGED: Final = {
    "verdict": "applied",
    "first": "applied",
    "callbackId": "01930000-0000-7000-8000-0000000000ee",
    "taskId": TASK,
    "status": "done",
    "attempts": 1,
    "waitUntil": None,
    "waitKind": None,
    "closeReason": "callback",
    "occurredAt": "2026-03-09T02:12:00Z",
    "receivedAt": "2026-03-09T02:12:03Z",
    "suspectClock": False,
    "appointmentId": "01930000-0000-7000-8000-0000000000f4",
    "outcome": "booked",
    "corrects": None,
    "askNumber": False,
    "followUpTaskId": None,
}

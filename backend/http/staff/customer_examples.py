"""What a customer's card looks like, for the contract."""

from typing import Any, Final

_STORE: Final = "01930000-0000-7000-8000-0000000000b1"

PAGE: Final[dict[str, Any]] = {
    "id": "01930000-0000-7000-8000-0000000000c1",
    "name": "王小红",
    "nickname": "小红姐",
    "remarkName": None,
    "gender": "female",
    "level": "gold",
    "tags": ["敏感肌"],
    "source": "dianping",
    "homeStoreId": _STORE,
    "customerSinceOn": "2025-06-18",
    "birthdayOn": "1991-10-18",
    "birthdayKind": "solar",
    "anonymous": False,
    "notes": "不要提年龄",
    "phones": ["138****0001"],
    "hasWechat": True,
    "noPhone": False,
    "noWechat": False,
    "noContact": False,
    "askForNumber": False,
    "complaintOpen": False,
    "consultant": "大王",
    "technician": "小林",
    "facts": {
        "visitCount": 7,
        "firstVisitOn": "2025-06-18",
        "lastVisitOn": "2026-03-02",
        "spendCashCents": 580000,
        "spendCardCents": 236000,
        "purchaseCount": 9,
        "lastPurchaseAt": "2026-03-02T08:10:00Z",
        "points": 1200,
    },
    "cards": [
        {
            "id": "01930000-0000-7000-8000-0000000000d1",
            "name": "充值卡 1000",
            "kind": "stored_value",
            "balanceCents": 86000,
            "principalCents": 66000,
            "giftCents": 20000,
            "usesLeft": 0,
            "expiresOn": "2026-12-31",
            "frozen": False,
        }
    ],
    "appointments": [
        {
            "id": "01930000-0000-7000-8000-0000000000a2",
            "storeId": _STORE,
            "store": "静安店",
            "startsOn": "2026-03-12",
            "startsAt": "2026-03-12T07:00:00Z",
            "precision": "exact",
            "status": "booked",
            "service": "补水护理 60 分钟",
            "staff": "小林",
        }
    ],
    "visits": [
        {
            "id": "01930000-0000-7000-8000-0000000000a3",
            "storeId": _STORE,
            "store": "静安店",
            "visitedOn": "2026-03-02",
            "service": "补水护理 60 分钟",
            "staff": "小林",
        }
    ],
    "contacts": [
        {
            "at": "2026-03-05T02:12:00Z",
            "channel": "phone",
            "direction": "inbound",
            "reached": True,
            "staff": "大王",
            "outcome": "booked",
            "note": "想换个技师",
        }
    ],
    "promises": [{"promisedOn": "2026-02-26", "halfDay": "pm", "state": "kept", "staff": "大王"}],
    "promisesKept": 1,
    "promisesSettled": 1,
    "tasks": [{"taskId": "01930000-0000-7000-8000-0000000000d9", "status": "open", "assignee": "大王", "mine": True}],
}
"""An answer of `GetCustomer`."""

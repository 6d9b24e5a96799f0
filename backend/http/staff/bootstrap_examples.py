"""What the answers around the worklist look like, for the contract."""

from typing import Any, Final

BOOTSTRAP: Final[dict[str, Any]] = {
    "me": {"id": "01930000-0000-7000-8000-0000000000e1", "name": "大王", "role": "employee"},
    "merchant": {"id": "01930000-0000-7000-8000-0000000000aa", "name": "大王美业", "timezone": "Asia/Shanghai"},
    "stores": [
        {
            "id": "01930000-0000-7000-8000-0000000000b1",
            "code": "JA",
            "name": "静安店",
            "timezone": "Asia/Shanghai",
            "role": "employee",
            "pool": True,
            "hours": [{"weekday": 0, "opens": "10:00:00", "closes": "21:00:00"}],
            "closures": [{"fromOn": "2026-04-04", "toOn": "2026-04-05", "reason": "清明"}],
            "colleagues": [{"id": "01930000-0000-7000-8000-0000000000e2", "name": "小林"}],
        }
    ],
    "outcomes": [
        {
            "code": "callback_requested",
            "behaviour": "callback_requested",
            "label": "约定回电",
            "positive": False,
            "own": False,
            "needs": ["callbackAt"],
            "fields": [
                {
                    "name": "callbackAt",
                    "kind": "instant",
                    "required": True,
                    "choices": [],
                    "chips": [
                        {
                            "code": "two_hours",
                            "label": "2 小时后",
                            "kind": "after",
                            "minutes": 120,
                            "days": None,
                            "at": None,
                        }
                    ],
                }
            ],
            "reasons": [],
            "channels": [],
        }
    ],
    "outcomesWithoutTask": ["booked", "will_come", "refused_contact"],
    "contactWindow": [{"weekday": 0, "opens": "09:30:00", "closes": "20:30:00"}],
    "sources": [{"code": "walk-in", "name": "路过进店"}],
    "limits": {"revealsADay": 60, "actionsACall": 100},
    "features": ["actions", "front_desk", "sync"],
    "minimumAppVersion": "1.0.0",
    "serverTime": "2026-03-09T02:12:00Z",
}
"""An answer of `Bootstrap`, shortened."""
SUMMARY: Final[dict[str, Any]] = {
    "onDay": "2026-03-09",
    "today": {
        "counts": {"today": 12, "overdue": 2, "callbacks": 1, "upcoming": 5, "replies": 3, "done": 6},
        "done": 6,
        "attempted": 9,
        "reached": 6,
        "positive": 4,
        "booked": 3,
    },
    "conversion": {
        "fromOn": "2026-02-08",
        "toOn": "2026-03-09",
        "assigned": 210,
        "attempted": 180,
        "reached": 120,
        "positive": 66,
        "booked": 54,
        "arrived": 45,
        "paid": 40,
        "cashCents": 1860000,
        "cardCents": 920000,
        "reachedRate": 0.667,
        "bookedRate": 0.3,
        "arrivedRate": 0.25,
        "paidRate": 0.222,
    },
    "streak": {"days": 11, "today": True},
}
"""An answer of `MySummary`."""
SCRIPTS: Final[dict[str, Any]] = {
    "scenes": [{"code": "second_visit", "title": "新客二次到店", "variants": 4}],
    "scene": "second_visit",
    "items": [
        {
            "variant": "second_visit/a",
            "title": "关心上次效果",
            "tone": "亲切",
            "channel": "wechat",
            "when": None,
            "text": "王姐您好，我是静安店大王…",
        }
    ],
}
"""An answer of `BrowseScripts`, shortened."""

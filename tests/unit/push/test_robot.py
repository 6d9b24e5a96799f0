"""What the three kinds of group robots are told, and what their answers mean."""

import base64
import hmac
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from backend.push.provider import Message, Verdict
from backend.push.robot import Robot, request_of, said
from tasks.notices.robots import RobotAddress
from tasks.notices.states import NoticeKind

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
WECOM = RobotAddress("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")
DINGTALK = RobotAddress("https://oapi.dingtalk.com/robot/send?access_token=t", "SECdingtalk")
FEISHU = RobotAddress("https://open.feishu.cn/open-apis/bot/v2/hook/h", "feishu-secret")
TEXT = "今日回访 3 条\n逾期 1 条"


def test_wecom_is_told_plainly() -> None:
    assert request_of(WECOM, TEXT, NOW) == (WECOM.url, {"msgtype": "text", "text": {"content": TEXT}})


def test_dingtalk_is_signed_in_the_address() -> None:
    url, body = request_of(DINGTALK, TEXT, NOW)
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert body == {"msgtype": "text", "text": {"content": TEXT}}
    assert query["timestamp"] == "1772416800000"
    wanted = hmac.new(b"SECdingtalk", b"1772416800000\nSECdingtalk", "sha256").digest()
    assert base64.b64decode(query["sign"]) == wanted
    assert query["access_token"] == "t"


def test_feishu_is_signed_in_the_body() -> None:
    url, body = request_of(FEISHU, TEXT, NOW)
    assert url == FEISHU.url
    wanted = hmac.new(b"1772416800\nfeishu-secret", b"", "sha256").digest()
    assert (body["timestamp"], base64.b64decode(body["sign"])) == ("1772416800", wanted)
    assert body["content"] == {"text": TEXT}


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, {"errcode": 0, "errmsg": "ok"}, Verdict.ACCEPTED),
        (200, {"code": 0, "msg": "success", "data": {}}, Verdict.ACCEPTED),
        (200, {"StatusCode": 0, "code": 0}, Verdict.ACCEPTED),
        (200, {"errcode": 45009, "errmsg": "api freq out of limit"}, Verdict.THROTTLED),
        (200, {"errcode": 660026, "errmsg": "too fast"}, Verdict.THROTTLED),
        (200, {"code": 9499, "msg": "too many request"}, Verdict.THROTTLED),
        (200, {"errcode": 93000, "errmsg": "invalid webhook url"}, Verdict.REJECTED),
        (200, {"errcode": 310000, "errmsg": "sign not match"}, Verdict.REJECTED),
        (200, {"code": 19021, "msg": "sign match fail"}, Verdict.REJECTED),
        (200, {"errcode": -1, "errmsg": "system busy"}, Verdict.TRANSIENT),
        (200, ["what"], Verdict.REJECTED),
        (404, {}, Verdict.REJECTED),
        (429, {}, Verdict.THROTTLED),
        (502, {}, Verdict.TRANSIENT),
    ],
)
def test_what_an_answer_means(status: int, body: object, verdict: Verdict) -> None:
    assert said(httpx.Response(status, json=body), NOW).verdict is verdict


async def test_an_address_that_is_no_robots_is_not_called() -> None:
    async def nobody(_request: httpx.Request) -> httpx.Response:
        raise AssertionError("called")

    robot = Robot(httpx.AsyncClient(transport=httpx.MockTransport(nobody)))
    message = Message(
        id="1", address='{"url":"https://127.0.0.1/robot/send"}', address_kind="", kind=NoticeKind.DIGEST,
        title="今日回访 3 条", body="", data={}, collapse_key="digest", ttl_s=60, at=NOW,
    )  # fmt: skip
    (result,) = await robot.send([message])
    assert result.verdict is Verdict.REJECTED
    await robot.close()

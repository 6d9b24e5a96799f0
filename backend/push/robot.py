"""Group robots of 企业微信, 钉钉 and 飞书: a line of text in the store's group, signed where its owner asked for that.

All three answer 200 and say in the body what happened; each has its own number for "too often".
"""

import asyncio
import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus

import httpx
import msgspec

from backend.push.answers import of_status
from backend.push.outside import NotPublic
from backend.push.provider import Message, Result, Verdict
from tasks.kernel.errors import Invalid
from tasks.notices.robots import RobotAddress, kind_of
from tasks.notices.states import RobotKind

THROTTLED_S: Final = 60.0
"""All three count messages by the minute."""
TOO_OFTEN: Final = frozenset({45009, 130101, 410100, 660026, 9499, 11232, 99991400})
"""What 企业微信 (45009), 钉钉 (130101, 410100, 660026) and 飞书 (9499, 11232, 99991400) say to who says too much."""
NO_ROBOT: Final = frozenset({93000, 93004, 93008, 300001, 40035, 19001, 19002})
"""The robot was taken out of the group, or never was."""


class _Said(msgspec.Struct):
    """What a robot answers: 企业微信 and 钉钉 `errcode`, 飞书 `code`."""

    errcode: int | None = None
    code: int | None = None


class Robot:
    """Says texts in groups."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def send(self, messages: Sequence[Message]) -> list[Result]:
        """Say each in its group."""
        return list(await asyncio.gather(*(self._one(message) for message in messages)))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _one(self, message: Message) -> Result:
        try:
            robot = msgspec.json.decode(message.address, type=RobotAddress)
            url, body = request_of(robot, message.text, message.at)
        except (msgspec.DecodeError, Invalid):
            return Result(Verdict.REJECTED, fault="not a robot")
        try:
            return said(await self._client.post(url, json=body), message.at)
        except NotPublic:
            return Result(Verdict.REJECTED, fault="not public")
        except httpx.HTTPError as fault:
            return Result(Verdict.TRANSIENT, fault=type(fault).__name__)


def request_of(robot: RobotAddress, text: str, now: datetime) -> tuple[str, Mapping[str, Any]]:
    """Return where to and what to post; raises `Invalid` for an address that is no robot's."""
    kind = kind_of(robot.url)
    if kind is RobotKind.FEISHU:
        seconds = str(int(now.timestamp()))
        signed = {"timestamp": seconds, "sign": _feishu(seconds, robot.secret)} if robot.secret else {}
        return robot.url, {**signed, "msg_type": "text", "content": {"text": text}}
    body = {"msgtype": "text", "text": {"content": text}}
    if kind is RobotKind.DINGTALK and robot.secret:
        millis = str(int(now.timestamp() * 1000))
        return f"{robot.url}&timestamp={millis}&sign={quote_plus(_dingtalk(millis, robot.secret))}", body
    return robot.url, body


def said(answer: httpx.Response, at: datetime) -> Result:
    """Return what a robot's answer means."""
    result = of_status(answer, at)
    if result.verdict is not Verdict.ACCEPTED:
        # A group robot has no address to detach: 404 is a wrong address that somebody has to mend.
        return Result(Verdict.REJECTED, fault=result.fault) if result.verdict is Verdict.INVALID_ADDRESS else result
    try:
        known = msgspec.json.decode(answer.content, type=_Said)
    except msgspec.DecodeError:
        return Result(Verdict.REJECTED, fault="not an answer of a robot")
    number = known.errcode if known.errcode is not None else known.code
    if number == 0:
        return result
    fault = f"code {number}"
    if number in TOO_OFTEN:
        return Result(Verdict.THROTTLED, THROTTLED_S, fault)
    if number == -1:
        return Result(Verdict.TRANSIENT, fault=fault)
    return Result(Verdict.REJECTED, fault="no such robot" if number in NO_ROBOT else fault)


def _dingtalk(millis: str, secret: str) -> str:
    digest = hmac.digest(secret.encode(), f"{millis}\n{secret}".encode(), "sha256")
    return base64.b64encode(digest).decode()


def _feishu(seconds: str, secret: str) -> str:
    return base64.b64encode(hmac.digest(f"{seconds}\n{secret}".encode(), b"", "sha256")).decode()

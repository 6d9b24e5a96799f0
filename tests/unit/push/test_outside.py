"""Addresses that users name lead to the public internet and nowhere else: a corpus of ways in, each refused before a byte is sent."""

from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import pytest

from backend.push.outside import NotPublic, PublicOnly, is_public, outside_client
from backend.push.robot import request_of
from tasks.kernel.errors import Invalid
from tasks.notices.robots import RobotAddress, kind_of
from tasks.notices.states import RobotKind

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PUBLIC = "93.184.216.34"
INSIDE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1", "169.254.169.254", "100.64.0.1",  # noqa: S104  # one of the ways in
    "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::", "::127.0.0.1", "not an address", "",
]  # fmt: skip
URLS = [
    "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a",
    "https://qyapi.weixin.qq.com:8443/cgi-bin/webhook/send?key=a",
    "https://qyapi.weixin.qq.com:443/cgi-bin/webhook/send?key=a",
    "https://user@qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a",
    "https://qyapi.weixin.qq.com@127.0.0.1/cgi-bin/webhook/send?key=a",
    "https://127.0.0.1/cgi-bin/webhook/send?key=a",
    "https://[::1]/cgi-bin/webhook/send?key=a",
    "https://2130706433/cgi-bin/webhook/send",
    "https://0x7f.1/robot/send",
    "https://localhost/robot/send",
    "https://qyapi.weixin.qq.com.evil.test/cgi-bin/webhook/send?key=a",
    "https://evil.test/qyapi.weixin.qq.com/cgi-bin/webhook/send",
    "https://evil.test#@oapi.dingtalk.com/robot/send?access_token=a",
    "https://evil.test\\@oapi.dingtalk.com/robot/send?access_token=a",
    "https://oapi.dingtalk.com\\.evil.test/robot/send",
    "https://oapi.dingtalk.com./robot/send?access_token=a",
    "https://oapi.dingtalk.com/robot/../gettoken",
    "https://oapi.dingtalk.com/robot/%2e%2e/gettoken",
    "https://oapi.dingtalk.com/gettoken?appkey=a",
    "https://oapi.dingtalk.com/robot/send?access_token=a#x",
    "https://oapi.dingtalk.com/robot/send?access_token=a\r\nHost: evil.test",
    "https://oapi.dingtalk.com/robot/send?access_token=a b",
    "https://ｏapi.dingtalk.com/robot/send?access_token=a",
    "https://open.feishu.cn/open-apis/auth/v3/token",
    "ftp://open.feishu.cn/open-apis/bot/v2/hook/a",
    "file:///etc/passwd",
    "//oapi.dingtalk.com/robot/send",
    "https://oapi.dingtalk.com:99999/robot/send",
    "https://[oapi.dingtalk.com]/robot/send",
    "https:///robot/send",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "",
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=" + "a" * 600,
]


class Inner(httpx.AsyncBaseTransport):
    """What would open connections: keeps what reaches it."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(302, headers={"location": "https://169.254.169.254/latest"})


def public_only(*addresses: str) -> tuple[httpx.AsyncClient, Inner]:
    async def resolve(_host: str) -> Sequence[str]:
        return addresses

    inner = Inner()
    return outside_client(PublicOnly(resolve, inner)), inner


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_the_house_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700:4700::1111"])
def test_an_address_of_the_internet_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", INSIDE)
async def test_a_name_that_leads_inside_is_not_called(address: str) -> None:
    client, inner = public_only(PUBLIC, address)
    with pytest.raises(NotPublic):
        await client.post("https://push.example.test/x")
    assert inner.asked == []
    await client.aclose()


@pytest.mark.parametrize(
    "url",
    ["http://push.example.test/", "https://push.example.test:8443/", "https://a:b@push.example.test/", "ws://x.test/"],
)
async def test_only_https_on_its_own_port_without_a_login(url: str) -> None:
    client, inner = public_only(PUBLIC)
    with pytest.raises(httpx.TransportError):
        await client.post(url)
    assert inner.asked == []
    await client.aclose()


async def test_the_call_goes_to_the_address_that_was_looked_at_and_follows_nobody() -> None:
    client, inner = public_only(PUBLIC)
    answer = await client.post("https://push.example.test/x?y=1")
    (asked,) = inner.asked
    assert answer.status_code == 302
    assert (asked.url.host, asked.url.path, asked.headers["host"]) == (PUBLIC, "/x", "push.example.test")
    assert asked.extensions["sni_hostname"] == "push.example.test", "TLS proves the name, not the number"
    await client.aclose()


async def test_a_name_without_an_address_is_an_error_of_the_network() -> None:
    client, _ = public_only()
    with pytest.raises(NotPublic):
        await client.post("https://push.example.test/x")
    await client.aclose()


@pytest.mark.parametrize("url", URLS)
def test_what_is_no_address_of_a_robot_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        kind_of(url)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7d3c-4bc4-97a0-0ec2f1fa5aaa", RobotKind.WECOM),
        ("https://oapi.dingtalk.com/robot/send?access_token=abcdef", RobotKind.DINGTALK),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/a1b2c3", RobotKind.FEISHU),
        ("https://open.larksuite.com/open-apis/bot/v2/hook/a1b2c3", RobotKind.FEISHU),
    ],
)
def test_the_robots_that_are_known(url: str, kind: RobotKind) -> None:
    assert kind_of(url) is kind
    assert request_of(RobotAddress(url), "今日回访 3 条", NOW)[0] == url

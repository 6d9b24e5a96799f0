"""Which providers a deployment has: the log without credentials, a plain word about credentials that are none."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from backend.push.log_provider import LogProvider
from backend.push.provider import Message, Provider, Verdict
from backend.push.providers import open_providers
from backend.settings import Settings, SettingsError
from tasks.kernel.sealing import MasterKey
from tasks.notices.states import NoticeKind, RobotKind

MASTER = MasterKey(b"m" * 32)
MESSAGE = Message(
    id="p1", address="the-secret-token", address_kind="token", kind=NoticeKind.DIGEST, title="今日回访 3 条", body="",
    data={}, collapse_key="digest", ttl_s=60, at=datetime(2026, 3, 2, tzinfo=UTC),
)  # fmt: skip


async def test_without_credentials_pushes_are_lines_in_the_log_without_addresses() -> None:
    with capture_logs() as lines:
        async with open_providers(Settings(), MASTER) as providers:
            assert isinstance(providers["fcm"], LogProvider)
            results = await providers["fcm"].send([MESSAGE, MESSAGE])
    assert [one.verdict for one in results] == [Verdict.ACCEPTED, Verdict.ACCEPTED]
    (line,) = lines
    assert (line["event"], line["provider"], line["kind"], line["count"]) == ("push.log.written", "fcm", "digest", 2)
    assert "secret" not in str(lines)


async def test_browsers_and_robots_are_always_there() -> None:
    async with open_providers(Settings(), MASTER) as providers:
        assert set(providers) == {"fcm", "webpush", *RobotKind}
        assert all(isinstance(one, Provider) for one in providers.values())


@pytest.mark.parametrize("content", ["", "{}", '{"type": "service_account"}', "not json"])
async def test_credentials_that_are_none_are_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "firebase.json"
    file.write_text(content, encoding="utf-8")
    settings = msgspec.structs.replace(Settings(), firebase_credentials=file)
    with pytest.raises(SettingsError, match="HUIFANG_FIREBASE_CREDENTIALS"):
        async with open_providers(settings, MASTER):
            pass

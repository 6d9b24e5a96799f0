"""Words of notices, pushes, devices and robots."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """What a notice is about."""

    DIGEST = "digest"
    """At the start of the shift: what there is to do today."""
    NEW_TASKS = "new_tasks"
    """Tasks that came since."""
    CALLBACK_DUE = "callback_due"
    """The time is come that was promised to a customer."""
    URGED = "urged"
    """The manager wants it done."""
    HANDED_OVER = "handed_over"
    """Somebody gave one their tasks."""
    TAKEN_OVER = "taken_over"
    """Somebody else has a task that was one's own."""
    PROMISE_BROKEN = "promise_broken"
    """She said she would come, and did not."""
    ALERT = "alert"
    """A complaint or a bad review to mend."""
    TEST = "test"
    """Somebody tries whether messages come."""


class Provider(StrEnum):
    """Who carries pushes to a device."""

    FCM = "fcm"
    """Firebase Cloud Messaging."""
    WEBPUSH = "webpush"
    """The browser's own push service (RFC 8030)."""
    INAPP = "inapp"
    """Nobody: the app asks by itself. Always on, whatever else there is."""


class AddressKind(StrEnum):
    """What an address of a device is."""

    TOKEN = "token"  # noqa: S105  # a kind, not a secret
    """An FCM registration token."""
    FID = "fid"
    """A Firebase installation id."""
    SUBSCRIPTION = "subscription"
    """A browser's push subscription."""


class RobotKind(StrEnum):
    """Whose group robot it is."""

    WECOM = "wecom"
    """企业微信."""
    DINGTALK = "dingtalk"
    """钉钉."""
    FEISHU = "feishu"
    """飞书, or Lark."""


class PushState(StrEnum):
    """Where a push stands."""

    QUEUED = "queued"
    """Is sent at `next_at`."""
    SENDING = "sending"
    """A worker has it until `lease_until`."""
    SENT = "sent"
    """The provider took it."""
    DROPPED = "dropped"
    """Not wanted any more: too late, replaced, stopped, or nobody there."""
    FAILED = "failed"
    """Refused, or tried six times."""


class Drop(StrEnum):
    """Why a push was dropped."""

    STOPPED = "stopped"
    """The merchant stopped everything."""
    STALE = "stale"
    """It came too late to be of use."""
    SUPERSEDED = "superseded"
    """A newer one says it better."""
    DETACHED = "detached"
    """The device has gone, logged out, or belongs to another log-in."""


CARRIED = (Provider.FCM, Provider.WEBPUSH)
"""Providers that a device can name and that need an address."""

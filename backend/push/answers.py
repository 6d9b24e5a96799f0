"""From an HTTP answer to a result, for providers that are spoken to directly."""

from datetime import datetime

import httpx

from backend.push.provider import Result, Verdict
from backend.push.retry_after import UNSAID_S, retry_after

TOO_MANY = 429
GONE = (404, 410)
SERVER_FAULT = 500


def of_status(answer: httpx.Response, at: datetime) -> Result:
    """Return what the status means: taken, gone, not now, out of order, or refused. A server that says when to come back is believed."""
    wait = retry_after(answer.headers.get("retry-after"), at)
    fault = f"http {answer.status_code}"
    if answer.is_success:
        return Result(Verdict.ACCEPTED)
    if answer.status_code in GONE:
        return Result(Verdict.INVALID_ADDRESS, fault=fault)
    if answer.status_code == TOO_MANY:
        return Result(Verdict.THROTTLED, wait or UNSAID_S, fault)
    if answer.status_code >= SERVER_FAULT:
        return Result(Verdict.THROTTLED, wait, fault) if wait else Result(Verdict.TRANSIENT, fault=fault)
    return Result(Verdict.REJECTED, fault=fault)

"""Refuse the calls that a script names."""

import threading
from collections.abc import Sequence

from passerby.api import faults
from passerby.api.faults import Fault
from passerby.replay.script import FaultRule, Operation

# In texts that name numbers: the service's own limits. Like the server, the text of open
# jobs counts those that the account has already.
SERVICE_OPEN_JOBS = 20
_VIDEO_BYTES = 10 * 1000**3


class ScriptedFaults:
    """The fault rules of one script, with their counts of calls. Safe to use from threads.

    Parameters
    ----------
    open_limit : int
        Limit on open jobs that the text of LimitExceededException names.
    """

    def __init__(self, rules: Sequence[FaultRule], open_limit: int = SERVICE_OPEN_JOBS) -> None:
        self._rules = rules
        self._open_limit = open_limit
        self._seen = [0] * len(rules)
        self._lock = threading.Lock()

    def check(
        self, operation: Operation, video: str, tag: str | None, account_id: str, token: str | None
    ) -> None:
        """Raise the Fault that the script has for this call, if any.

        Parameters
        ----------
        video : str
            Bucket/key.
        token : str or None
            ClientRequestToken of the job.
        """
        rule = self._next_fault(operation, video, tag)
        if rule is None:
            return
        details = self._details(rule.code, operation, video, account_id, token)
        raise Fault(faults.DECLARED[rule.code], rule.message, **details)

    def _next_fault(self, operation: Operation, video: str, tag: str | None) -> FaultRule | None:
        with self._lock:
            for number, rule in enumerate(self._rules):
                if rule.operation not in (None, operation) or not rule.fits(video, tag):
                    continue
                self._seen[number] += 1
                turn = self._seen[number] - rule.after
                if turn > 0 and (rule.times is None or turn <= rule.times):
                    return rule
        return None

    def _details(
        self, code: str, operation: str, video: str, account_id: str, token: str | None
    ) -> dict[str, str | int]:
        """Fill in the usual text of an error."""
        if code == faults.LIMIT_EXCEEDED.code:
            limit = self._open_limit
            return {"open_jobs": limit, "limit": limit, "user": account_id}
        if code == faults.VIDEO_TOO_LARGE.code:
            return {"size": _VIDEO_BYTES + 1, "limit": _VIDEO_BYTES}
        user = f"arn:aws:iam::{account_id}:user/stand-in"
        resource = f"arn:aws:s3:::{video}"
        return {"user": user, "operation": operation, "resource": resource, "token": token or ""}

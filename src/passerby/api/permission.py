"""Check the rights of a caller."""

from typing import Protocol

from passerby.access.rights import Rights
from passerby.api import faults
from passerby.api.faults import Fault


class Caller(Protocol):
    """The access key that signed a request."""

    @property
    def id(self) -> str:
        """The public half of the key."""

    @property
    def account_id(self) -> str:
        """The account of the key."""

    @property
    def rights(self) -> Rights:
        """The operations, videos and topics that the key allows."""


def check_operation(caller: Caller, operation: str) -> None:
    """Raise AccessDeniedException where the key does not allow the operation."""
    if not caller.rights.allow_operation(operation):
        raise _denied(caller, operation, "*")


def check_forwarded(caller: Caller, operation: str) -> None:
    """Raise AccessDeniedException where the key does not name an operation of others."""
    if not caller.rights.allow_forwarded(operation):
        fault = _denied(caller, operation, "*")
        hint = f"a key that allows it: passerby keys create --operation {operation}"
        raise Fault(faults.ACCESS_DENIED, f"{fault.message}. This server forwards it for {hint}")


def check_video(caller: Caller, operation: str, bucket: str, key: str) -> None:
    """Raise AccessDeniedException where the key does not allow the video."""
    if not caller.rights.allow_video(bucket, key):
        raise _denied(caller, operation, f"arn:aws:s3:::{bucket}/{key}")


def check_topic(caller: Caller, operation: str, topic_arn: str) -> None:
    """Raise AccessDeniedException where the key does not allow the topic."""
    if not caller.rights.allow_topic(topic_arn):
        raise _denied(caller, operation, topic_arn)


def _denied(caller: Caller, operation: str, resource: str) -> Fault:
    # An access key is its own user here: there are no others to name.
    user = f"arn:aws:iam::{caller.account_id}:user/{caller.id}"
    return Fault(faults.ACCESS_DENIED, user=user, operation=operation, resource=resource)

"""Access keys in the forms that AWS clients read: shell variables or JSON."""

from typing import Protocol


class Credentials(Protocol):
    """The parts of an access key that a client needs."""

    @property
    def id(self) -> str:
        """Access key id."""
        ...

    @property
    def secret(self) -> str:
        """Secret access key."""
        ...

    @property
    def session_token(self) -> str:
        """Session token of a temporary key; empty for any other."""
        ...


def environment_lines(key: Credentials, endpoint: str) -> str:
    """Write the shell lines that make AWS clients use a key and the server at `endpoint`."""
    values = {
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_SESSION_TOKEN": key.session_token,
        "AWS_ENDPOINT_URL_REKOGNITION": endpoint,
    }
    return "\n".join(f"export {name}={value}" for name, value in values.items() if value)


def credentials(key: Credentials) -> dict[str, str]:
    """Return a key under the names that AWS tools give its parts."""
    values = {
        "AccessKeyId": key.id,
        "SecretAccessKey": key.secret,
        "SessionToken": key.session_token,
    }
    return {name: value for name, value in values.items() if value}

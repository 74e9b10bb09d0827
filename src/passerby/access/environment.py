"""Access keys in the forms that AWS clients read: shell variables or JSON."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Protocol

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
DEFAULT_REGION = "us-east-1"
# What stands in a shell line is a word, whatever the environment holds.
REGION = re.compile("[a-z0-9-]+")


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


def environment_lines(key: Credentials, endpoint: str, region: str = DEFAULT_REGION) -> str:
    """Write the shell lines that make AWS clients use a key and the server at `endpoint`.

    The region stands twice: boto3 and version 1 of the AWS CLI read another variable than
    all others.
    """
    values = {
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_SESSION_TOKEN": key.session_token,
        "AWS_ENDPOINT_URL_REKOGNITION": endpoint,
        **dict.fromkeys(REGION_VARIABLES, region),
    }
    return "\n".join(f"export {name}={value}" for name, value in values.items() if value)


def client_region(regions: Sequence[str], environment: Mapping[str, str] = os.environ) -> str:
    """Choose the region that clients sign for, which means nothing to a server.

    Parameters
    ----------
    regions : sequence of str
        Regions that a signature may name; empty: any.
    environment : mapping
        A region that it names already is kept if it may be: other clients use it, too.

    Examples
    --------
    >>> client_region([], {"AWS_DEFAULT_REGION": "eu-west-1"})
    'eu-west-1'
    >>> client_region(["eu-central-1"], {"AWS_REGION": "eu-west-1"})
    'eu-central-1'
    >>> client_region([], {})
    'us-east-1'
    """
    known = (environment.get(name, "") for name in REGION_VARIABLES)
    usable = (region for region in known if REGION.fullmatch(region))
    fitting = (region for region in usable if not regions or region in regions)
    return next(fitting, regions[0] if regions else DEFAULT_REGION)


def credentials(key: Credentials) -> dict[str, str]:
    """Return a key under the names that AWS tools give its parts."""
    values = {
        "AccessKeyId": key.id,
        "SecretAccessKey": key.secret,
        "SessionToken": key.session_token,
    }
    return {name: value for name, value in values.items() if value}

"""The AWS JSON 1.1 protocol: operation names, parameters and answers on the wire."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

import msgspec

from passerby.api import faults
from passerby.api.faults import Fault
from passerby.api.model import TARGET_PREFIX, operation_inputs

CONTENT_TYPE = "application/x-amz-json-1.1"
TARGET_HEADER = "x-amz-target"
REQUEST_ID_HEADER = "x-amzn-RequestId"
# Members of GetPersonTracking that conversions of the service model to OpenAPI put
# into the query of the URL.
QUERY_MEMBERS = ("MaxResults", "NextToken")

_NAME = re.compile("[A-Z][A-Za-z0-9]{0,99}")


def operation_name(target: str | None) -> str:
    """Read the name of the operation, perhaps of one that is not answered here.

    Raises
    ------
    Fault
        UnknownOperationException where the header is missing or names none.
    """
    if target is None:
        raise Fault(
            faults.UNKNOWN_OPERATION,
            f"The header X-Amz-Target is missing: {TARGET_PREFIX}GetPersonTracking, for instance.",
        )
    prefix, _, name = target.rpartition(".")
    if f"{prefix}." != TARGET_PREFIX or not _NAME.fullmatch(name):
        raise Fault(
            faults.UNKNOWN_OPERATION,
            f"The header X-Amz-Target names no operation of Rekognition: {target[:200]}",
        )
    return name


def is_answered_here(name: str) -> bool:
    """Whether the operation is one of the service model's."""
    return name in operation_inputs()


def parameters(body: bytes) -> dict[str, object]:
    """Decode a request body, which must be one JSON object.

    Raises
    ------
    Fault
        SerializationException for anything else.
    """
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    # A body of nothing but brackets nests deeper than the decoder's stack.
    except (ValueError, RecursionError) as error:
        raise Fault(faults.SERIALIZATION) from error


def parse_query(query: str) -> Mapping[str, object]:
    """Parse the `QUERY_MEMBERS` of a percent-encoded query; the first of equal ones counts.

    Raises
    ------
    Fault
        SerializationException for a `MaxResults` that is no whole number.
    """
    # "+" stays: it is a digit of page tokens, and clients forget to encode it.
    pairs = [part.partition("=") for part in query.split("&")]
    members: dict[str, object] = {
        unquote(name): unquote(value) for name, _, value in reversed(pairs)
    }
    found = {name: members[name] for name in QUERY_MEMBERS if name in members}
    count = found.get("MaxResults")
    if count is not None:
        if not re.fullmatch("-?[0-9]{1,10}", str(count)):
            raise Fault(faults.SERIALIZATION, "Value at 'maxResults' must be of type integer")
        found["MaxResults"] = int(str(count))
    return found

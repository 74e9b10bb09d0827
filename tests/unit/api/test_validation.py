import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.api.faults import Fault
from passerby.api.model import operation_inputs
from passerby.api.validation import validate

START = operation_inputs()["StartPersonTracking"]
GET = operation_inputs()["GetPersonTracking"]
VIDEO: dict[str, object] = {"S3Object": {"Bucket": "lobby", "Name": "monday.mp4"}}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:AmazonRekognitionDone"
ROLE = "arn:aws:iam::123456789012:role/publisher"


def refused(params: dict[str, object]) -> Fault:
    shape = START if "Video" in params or "JobTag" in params else GET
    with pytest.raises(Fault) as caught:
        validate(params, shape)
    return caught.value


@pytest.mark.parametrize(
    ("params", "kept"),
    [
        pytest.param({"JobId": "a", "NextToken": ""}, None, id="an empty token"),
        pytest.param({"JobId": "a-b_C9"}, None, id="every class of the job id's pattern"),
        pytest.param({"JobId": "a", "MaxResults": 1_000_000}, None, id="more than a page"),
        pytest.param({"JobId": "a", "Colour": 1}, {"JobId": "a"}, id="an unknown member"),
        pytest.param({"JobId": "a", "SortBy": None}, {"JobId": "a"}, id="a null"),
        pytest.param({"Video": {}}, None, id="a video that is nowhere"),
        pytest.param({"Video": {"Url": "x"}}, {"Video": {}}, id="an unknown nested member"),
        pytest.param(
            {"Video": VIDEO, "JobTag": "a/b=c+d:e"}, None, id="the newer alphabet of tags"
        ),
        pytest.param(
            {"Video": VIDEO, "NotificationChannel": {"SNSTopicArn": TOPIC, "RoleArn": ROLE}},
            None,
            id="a channel",
        ),
    ],
)
def test_accepted(params: dict[str, object], kept: dict[str, object] | None) -> None:
    shape = START if "Video" in params else GET

    assert validate(params, shape) == (kept or params)


@pytest.mark.parametrize(
    ("params", "text"),
    [
        pytest.param(
            {},
            "Value null at 'jobId' failed to satisfy constraint: Member must not be null",
            id="nothing",
        ),
        pytest.param(
            {"JobId": "a" * 65},
            f"Value '{'a' * 65}' at 'jobId' failed to satisfy constraint: "
            "Member must have length less than or equal to 64",
            id="too long",
        ),
        pytest.param(
            {"JobId": "a b"},
            "Value 'a b' at 'jobId' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: ^[a-zA-Z0-9-_]+$",
            id="a blank in the job id",
        ),
        pytest.param(
            {"JobId": "a\n"},
            "Value 'a\n' at 'jobId' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: ^[a-zA-Z0-9-_]+$",
            id="a line end behind the job id",
        ),
        pytest.param(
            {"JobId": "a", "SortBy": "FOO"},
            "Value 'FOO' at 'sortBy' failed to satisfy constraint: "
            "Member must satisfy enum value set: [INDEX, TIMESTAMP]",
            id="another order",
        ),
        pytest.param(
            {"JobId": "a", "MaxResults": 0},
            "Value '0' at 'maxResults' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1",
            id="an empty page",
        ),
        pytest.param(
            {"Video": {"S3Object": {"Bucket": "ab", "Name": "x"}}},
            "Value 'ab' at 'video.s3Object.bucket' failed to satisfy constraint: "
            "Member must have length greater than or equal to 3",
            id="too short, nested",
        ),
        pytest.param(
            {"Video": VIDEO, "NotificationChannel": {"RoleArn": ROLE}},
            "Value null at 'notificationChannel.sNSTopicArn' failed to satisfy constraint: "
            "Member must not be null",
            id="required within an optional member",
        ),
        pytest.param(
            {"Video": VIDEO, "NotificationChannel": {"SNSTopicArn": TOPIC, "RoleArn": "x"}},
            "Value 'x' at 'notificationChannel.roleArn' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: "
            "arn:aws:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
            id="no role",
        ),
    ],
)
def test_one_broken_constraint(params: dict[str, object], text: str) -> None:
    fault = refused(params)

    assert fault.kind.code == "ValidationException"
    assert fault.message == f"1 validation error detected: {text}"


def test_all_broken_constraints_are_told_together() -> None:
    assert refused({"JobTag": ""}).message == (
        "3 validation errors detected: "
        "Value null at 'video' failed to satisfy constraint: Member must not be null; "
        "Value '' at 'jobTag' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1; "
        "Value '' at 'jobTag' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.\\-:+=\\/]+"
    )


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"JobId": 5}, id="a number for a string"),
        pytest.param({"JobId": ["a"]}, id="a list for a string"),
        pytest.param({"JobId": "a", "MaxResults": "5"}, id="a string for a number"),
        pytest.param({"JobId": "a", "MaxResults": True}, id="a truth value for a number"),
        pytest.param({"JobId": "a", "MaxResults": 1.5}, id="a fraction for an integer"),
        pytest.param({"JobId": "a", "MaxResults": 2**31}, id="an integer beyond 32 bits"),
        pytest.param({"Video": "x"}, id="a string for a structure"),
        pytest.param({"Video": {"S3Object": {"Name": {}}}}, id="a structure for a nested string"),
        pytest.param({"JobId": "a" * 65, "MaxResults": "5"}, id="types come before constraints"),
    ],
)
def test_wrong_types(params: dict[str, object]) -> None:
    assert refused(params).kind.code == "SerializationException"


def start(**members: object) -> dict[str, object]:
    return {"Video": VIDEO, **members}


def get(**members: object) -> dict[str, object]:
    return {"JobId": "a", **members}


def stored(**members: object) -> dict[str, object]:
    return {"Video": {"S3Object": {**members}}}


# The model's rules for each member, written a second time by hand.
RULES: list[tuple[str, Callable[..., dict[str, object]], str, int, int]] = [
    ("JobId", get, r"[a-zA-Z0-9\-_]+", 1, 64),
    ("NextToken", get, r"(?s:.*)", 0, 255),
    ("SortBy", get, r"INDEX|TIMESTAMP", 0, 255),
    ("JobTag", start, r"[a-zA-Z0-9_.\-:+=/]+", 1, 1024),
    ("ClientRequestToken", start, r"[a-zA-Z0-9\-_]+", 1, 64),
    ("Bucket", stored, r"[0-9A-Za-z.\-_]*", 3, 255),
    ("Name", stored, r"(?s:.*)", 1, 1024),
    ("Version", stored, r"(?s:.*)", 1, 1024),
]
LIKELY = st.sampled_from("aZ0-_.:+=/ \nä²") | st.characters(codec="utf-8")
TEXTS = (
    st.text(LIKELY, max_size=8)
    | st.builds(
        str.__mul__, st.sampled_from("aZ0-_.:é"), st.sampled_from([64, 65, 255, 256, 1024, 1025])
    )
    | st.sampled_from(["INDEX", "TIMESTAMP", "index"])
)


@given(rule=st.sampled_from(RULES), text=TEXTS)
def test_exactly_what_the_rules_allow_is_accepted(
    rule: tuple[str, Callable[..., dict[str, object]], str, int, int], text: str
) -> None:
    name, around, pattern, least, most = rule
    allowed = least <= len(text) <= most and re.fullmatch(pattern, text) is not None
    params = around(**{name: text})

    if allowed:
        assert validate(params, START if "Video" in params else GET) == params
    else:
        assert refused(params).kind.code == "ValidationException"


@pytest.mark.parametrize("count", [1, 100_000])  # for which a search would take hours
def test_a_topic_with_line_breaks_is_refused_without_a_search(count: int) -> None:
    # `.` matches no line break, and each `:aaaaaaaaaaaa:` would be a place to begin anew.
    arn = "arn:aws:sns:" + ":aaaaaaaaaaaa:" * count + "\n\n"
    channel = {"SNSTopicArn": arn, "RoleArn": "arn:aws:iam::123456789012:role/x"}

    fault = refused({"Video": {}, "NotificationChannel": channel})

    assert fault.message is not None
    assert "sNSTopicArn" in fault.message

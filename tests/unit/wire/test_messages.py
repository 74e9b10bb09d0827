import msgspec
import pytest

from passerby.wire.messages import GetPersonTrackingRequest, StartPersonTrackingRequest


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"Video": {}}, id="as little as possible"),
        pytest.param(
            {
                "Video": {"S3Object": {"Bucket": "b", "Name": "n", "Version": "v"}},
                "ClientRequestToken": "t",
                "NotificationChannel": {"SNSTopicArn": "s", "RoleArn": "r"},
                "JobTag": "j",
            },
            id="everything",
        ),
    ],
)
def test_a_start_request_goes_to_records_and_back(params: dict[str, object]) -> None:
    request = msgspec.convert(params, StartPersonTrackingRequest)

    assert msgspec.to_builtins(request) == params


def test_timestamp_is_the_default_order() -> None:
    assert msgspec.convert({"JobId": "0"}, GetPersonTrackingRequest).sort_by == "TIMESTAMP"

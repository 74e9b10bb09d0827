import pytest

from passerby.access.environment import client_region, environment_lines
from passerby.replay.keys import TEST_KEY


def test_the_lines_that_a_client_needs() -> None:
    lines = environment_lines(TEST_KEY, "http://127.0.0.1:8420", "eu-west-1").splitlines()

    assert lines == [
        f"export AWS_ACCESS_KEY_ID={TEST_KEY.id}",
        f"export AWS_SECRET_ACCESS_KEY={TEST_KEY.secret}",
        "export AWS_ENDPOINT_URL_REKOGNITION=http://127.0.0.1:8420",
        "export AWS_REGION=eu-west-1",
        "export AWS_DEFAULT_REGION=eu-west-1",
    ]


@pytest.mark.parametrize(
    ("regions", "environment", "region"),
    [
        ([], {}, "us-east-1"),
        ([], {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
        ([], {"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ([], {"AWS_REGION": "$(rm -rf ~)"}, "us-east-1"),
        ([], {"AWS_REGION": "a\nb"}, "us-east-1"),
        (["here", "there"], {}, "here"),
        (["here", "there"], {"AWS_REGION": "there"}, "there"),
        (["here", "there"], {"AWS_REGION": "eu-west-1"}, "here"),
    ],
)
def test_the_region_of_a_client(
    regions: list[str], environment: dict[str, str], region: str
) -> None:
    assert client_region(regions, environment) == region

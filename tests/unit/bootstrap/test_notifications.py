import pytest

from passerby.bootstrap.notifications import destinations
from passerby.settings import Settings, WebhookSettings

TOPIC = "arn:aws:sns:eu-west-1:123456789012:AmazonRekognitionDone"
OTHER = "arn:aws:sns:eu-west-1:123456789012:AmazonRekognitionOther"
ABROAD = "arn:aws:sns:us-east-1:123456789012:AmazonRekognitionDone"


def webhooks(*urls: str) -> tuple[WebhookSettings, ...]:
    topics = ["*Done", "*"]
    return tuple(
        WebhookSettings(topics=pattern, url=url, secret="secret")
        for pattern, url in zip(topics, urls, strict=True)
    )


@pytest.mark.parametrize(
    ("settings", "one", "other", "same"),
    [
        pytest.param(
            Settings(webhooks=webhooks("http://host:1/a", "http://user:x@HOST:1/b")),
            TOPIC,
            OTHER,
            True,
            id="one server",
        ),
        pytest.param(
            Settings(webhooks=webhooks("http://host:1/", "http://host:2/")),
            TOPIC,
            OTHER,
            False,
            id="two servers",
        ),
        pytest.param(
            Settings(webhooks=webhooks("http://[", "http://]")), TOPIC, OTHER, False, id="no URLs"
        ),
        pytest.param(Settings(sns=True), TOPIC, OTHER, True, id="SNS in one region"),
        pytest.param(Settings(sns=True), TOPIC, ABROAD, False, id="SNS in two regions"),
        pytest.param(
            Settings(sns_endpoint_url="http://host"), TOPIC, ABROAD, True, id="SNS elsewhere"
        ),
        pytest.param(Settings(), "no topic", "no topic", True, id="no topic at all"),
    ],
)
def test_what_shares_a_destination(settings: Settings, one: str, other: str, same: bool) -> None:  # noqa: FBT001
    destination = destinations(settings)

    assert (destination({"topic": one}) == destination({"topic": other})) is same

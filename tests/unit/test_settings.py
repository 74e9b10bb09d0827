from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest

from passerby.errors import SettingsError
from passerby.settings import S3, S3Bucket, Settings, WebhookSettings, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "passerby.toml"
    path.write_text('port = 1001\nhost = "file"\nprocesses = 3\n', encoding="utf-8")
    return path


def test_without_any_source_the_defaults_hold() -> None:
    assert load(environment={}) == Settings()
    assert Settings().host == "127.0.0.1"


def test_a_flag_goes_before_the_environment_and_that_before_the_file(file: Path) -> None:
    environment = {"PASSERBY_PORT": "1002", "PASSERBY_HOST": "environment"}

    chosen = load(file, environment, {"port": 1003, "runtime": "openvino"})

    assert (chosen.port, chosen.host, chosen.processes) == (1003, "environment", 3)
    assert chosen.runtime == "openvino"


def test_a_flag_that_was_not_given_changes_nothing(file: Path) -> None:
    assert load(file, {}, {"port": None}).port == 1001


def test_other_variables_are_none_of_ours() -> None:
    foreign = {"PORT": "1", "PASSERBY_UNHEARD_OF": "1", "passerby_port": "1"}

    assert load(environment=foreign) == Settings()


@pytest.mark.parametrize(
    ("environment", "flags", "name"),
    [
        pytest.param({}, {"prot": 80}, "prot", id="unknown flag"),
        pytest.param({}, {"data": 5}, "data", id="a number as folder"),
        pytest.param({}, {"buckets": ["a"]}, "buckets", id="a list as folder"),
        pytest.param({"PASSERBY_PORT": "http"}, {}, "port", id="a word as number"),
        pytest.param({"PASSERBY_OPEN_JOBS": "2.5"}, {}, "open_jobs", id="a fraction as count"),
        pytest.param({"PASSERBY_RUNTIME": "abacus"}, {}, "runtime", id="not among the choices"),
        pytest.param({}, {"confidence": 0}, "confidence", id="all would be evidence"),
        pytest.param({"PASSERBY_CONFIDENCE": "1"}, {}, "confidence", id="nothing would be"),
        pytest.param({}, {"face_attributes": "ALL"}, "face_attributes", id="a choice in capitals"),
        pytest.param({}, {"device": "gpu"}, "device", id="no device of ours"),
        pytest.param({}, {"log_format": "xml"}, "log_format", id="no form of log"),
        pytest.param({"PASSERBY_LOG_LEVEL": "loud"}, {}, "log_level", id="no level"),
        pytest.param({}, {"engine": "spark"}, "engine", id="no engine of ours"),
        pytest.param({}, {"ray_address": "head"}, "ray_address", id="a cluster without a port"),
        pytest.param({}, {"observations": "s3://"}, "need a bucket", id="S3 without a bucket"),
        pytest.param({}, {"upload_bucket": "../out"}, "upload_bucket", id="uploads elsewhere"),
        pytest.param(
            {"PASSERBY_S3": '{"buckets": {"far": {}}}'},
            {"upload_bucket": "far"},
            "uploads go to a folder",
            id="uploads to S3",
        ),
        pytest.param(
            {"PASSERBY_RUNTIME": "openvino"},
            {"device": "cuda"},
            "openvino computes on the CPU",
            id="OpenVINO on a GPU",
        ),
    ],
)
def test_an_impossible_value_is_named(
    environment: Mapping[str, str], flags: Mapping[str, object], name: str
) -> None:
    with pytest.raises(SettingsError, match=name):
        load(environment=environment, flags=flags)


def test_an_unknown_name_in_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "passerby.toml"
    path.write_text("prot = 80\n", encoding="utf-8")

    with pytest.raises(SettingsError, match="prot"):
        load(path, {})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="missing"),
        pytest.param(b"port 80", id="not TOML"),
        pytest.param(b"host = '\xff'", id="not UTF-8"),
    ],
)
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "passerby.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SettingsError, match=str(path)):
        load(path, {})


@pytest.mark.parametrize(
    ("environment", "flags"),
    [
        pytest.param({"PASSERBY_DATA": "~/videos"}, {}, id="environment"),
        pytest.param({}, {"data": "~/videos"}, id="text"),
        pytest.param({}, {"data": Path("~/videos")}, id="path"),
    ],
)
def test_a_tilde_is_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str], flags: Mapping[str, object]
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")

    chosen = load(environment=environment, flags=flags)

    assert chosen.data == Path("/home/somebody/videos")


def test_the_database_lies_in_the_data_folder_unless_set() -> None:
    data = Path("/srv/passerby")

    assert Settings(data=data).database_url == "sqlite:////srv/passerby/passerby.db"
    elsewhere = load(environment={"PASSERBY_DATABASE": "postgresql://host/jobs"})
    assert elsewhere.database_url == "postgresql://host/jobs"


def test_buckets_lie_in_the_data_folder_unless_set() -> None:
    assert Settings(data=Path("d")).bucket_root == Path("d/buckets")
    assert Settings(data=Path("d"), buckets=Path("b")).bucket_root == Path("b")


S3_TABLES = """
[s3]
endpoint_url = "http://127.0.0.1:9000"
path_style = true

[s3.buckets."cctv.2026"]
region = "eu-west-1"
name = "site-7"
"""


def test_places_in_s3(tmp_path: Path) -> None:
    path = tmp_path / "passerby.toml"
    path.write_text(S3_TABLES, encoding="utf-8")

    assert load(path, {}).s3 == S3(
        endpoint_url="http://127.0.0.1:9000",
        path_style=True,
        buckets={"cctv.2026": S3Bucket(region="eu-west-1", name="site-7")},
    )


@pytest.mark.parametrize(
    ("s3", "held"),
    [
        pytest.param(S3(), False, id="nothing set"),
        pytest.param(S3(profile="cctv"), False, id="only whose credentials"),
        pytest.param(S3(buckets={"cctv": S3Bucket(region="eu-west-1")}), False, id="one bucket"),
        pytest.param(S3(region="eu-west-1"), True, id="AWS"),
        pytest.param(S3(endpoint_url="http://127.0.0.1:9000"), True, id="another store"),
    ],
)
def test_whether_other_buckets_are_looked_for_in_s3(s3: S3, held: bool) -> None:  # noqa: FBT001
    assert s3.holds_others is held


def test_a_table_in_the_environment_is_json() -> None:
    s3 = S3(region="eu-west-1", buckets={"ü": S3Bucket(profile="cctv")})

    assert load(environment=Settings(s3=s3).environment()).s3 == s3
    assert load(environment={"PASSERBY_S3": '{"region": "eu-west-1"}'}).s3 == S3(region="eu-west-1")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param('{"endpont_url": ""}', "endpont_url", id="an unknown name"),
        pytest.param('{"endpoint_url": "127.0.0.1:9000"}', "endpoint_url", id="no URL"),
        pytest.param('{"buckets": {"cctv": 5}}', "buckets", id="a number as bucket"),
        pytest.param('{"region": ', "PASSERBY_S3", id="no JSON"),
        pytest.param("eu-west-1", "s3", id="no table"),
    ],
)
def test_an_impossible_place_in_s3_is_named(text: str, name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load(environment={"PASSERBY_S3": text})


WEBHOOKS = (
    WebhookSettings(topics="arn:aws:sns:*:*:Done", url="http://127.0.0.1:9/a", secret="s3cret"),
    WebhookSettings(topics="*", url="https://example.com", secret="another"),
)


def test_webhooks_are_a_list_of_tables(tmp_path: Path) -> None:
    path = tmp_path / "passerby.toml"
    tables = [
        f'[[webhooks]]\ntopics = "{hook.topics}"\nurl = "{hook.url}"\nsecret = "{hook.secret}"\n'
        for hook in WEBHOOKS
    ]
    path.write_text("".join(tables), encoding="utf-8")

    assert load(path, {}).webhooks == WEBHOOKS


@pytest.mark.parametrize(
    "chosen",
    [
        Settings(),
        Settings(device="cuda", first_key=False, log_format="json"),
        Settings(webhooks=WEBHOOKS, sns=True),
    ],
)
def test_a_worker_is_handed_what_its_server_has(chosen: Settings) -> None:
    assert load(environment=chosen.environment()) == chosen


def test_credentials_for_forwarding_stay_with_the_server() -> None:
    chosen = Settings(forward_access_key_id="AKIAOTHER", forward_secret_access_key="hidden")

    assert "hidden" not in str(chosen.environment()) + repr(chosen)


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        pytest.param(
            {"PASSERBY_FORWARD_ACCESS_KEY_ID": "a"}, "forward_secret_access_key", id="half a key"
        ),
        pytest.param({"PASSERBY_FORWARD_ENDPOINT_URL": "a"}, "forward_endpoint_url", id="no URL"),
        pytest.param({"PASSERBY_WORKER_NICENESS": "-1"}, "worker_niceness", id="a nasty worker"),
        pytest.param({"PASSERBY_WORKER_NICENESS": "20"}, "worker_niceness", id="too nice a worker"),
        pytest.param({"PASSERBY_RETENTION_DAYS": "0"}, "retention_days", id="kept for no time"),
        pytest.param({"PASSERBY_MAX_VIDEO_HOURS": "-1"}, "max_video_hours", id="less than none"),
        *(
            pytest.param({"PASSERBY_CORS_ORIGINS": f'["{origin}"]'}, "cors_origins", id=origin)
            for origin in ("https://a/", "app.example", "null", "https://*.example", "http://", "")
        ),
        pytest.param({"PASSERBY_PUBLIC_URL": "host:1"}, "public_url", id="no scheme"),
        pytest.param({"PASSERBY_PUBLIC_URL": "http://:1/"}, "public_url", id="no host"),
        pytest.param({"PASSERBY_PUBLIC_URL": "http://h:x/"}, "public_url", id="a word as port"),
        pytest.param({"PASSERBY_PUBLIC_URL": "http://a@h/"}, "public_url", id="a user"),
        pytest.param({"PASSERBY_PUBLIC_URL": "http://h/?a"}, "public_url", id="a query"),
        pytest.param({"PASSERBY_MAX_VIDEO_BYTES": "-1"}, "max_video_bytes", id="less than empty"),
        pytest.param({"PASSERBY_STALL_SECONDS": "nan"}, "stall_seconds", id="no number"),
        pytest.param({"PASSERBY_PROCESSES": "0"}, "processes", id="nobody to do the work"),
        pytest.param({"PASSERBY_PORT": "-1"}, "port", id="no port"),
        pytest.param({"PASSERBY_SNS_ENDPOINT_URL": "sns"}, "sns_endpoint_url", id="no URL"),
        pytest.param({"PASSERBY_WEBHOOKS": '[{"topics": "*"}]'}, "webhooks", id="half a webhook"),
        pytest.param({"PASSERBY_WEBHOOKS": "[{"}, "PASSERBY_WEBHOOKS", id="no JSON"),
    ],
)
def test_an_impossible_limit_or_receiver_is_named(environment: dict[str, str], name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load(environment=environment)


@pytest.mark.parametrize(
    ("chosen", "open_jobs", "starts", "gets"),
    [
        pytest.param({}, 0, 0, 0, id="none unless asked for"),
        pytest.param({"quotas": "none"}, 0, 0, 0, id="none"),
        pytest.param({"quotas": "aws"}, 20, 5, 20, id="those of the service"),
        pytest.param({"open_jobs": 7, "gets_per_second": 0.5}, 7, 0, 0.5, id="some"),
        pytest.param(
            {"quotas": "aws", "open_jobs": 0, "starts_per_second": 1}, 0, 1, 20, id="all but one"
        ),
    ],
)
def test_quotas(chosen: dict[str, object], open_jobs: int, starts: float, gets: float) -> None:
    settings = load(environment={}, flags=chosen)

    assert settings.account_quotas == (open_jobs, starts, gets)
    assert load(environment=settings.environment()) == settings


@pytest.mark.parametrize("name", ["open_jobs", "starts_per_second", "gets_per_second"])
@pytest.mark.parametrize("value", ["-1", "nan", "inf", "-0.5"])
def test_an_impossible_quota_is_named_in_one_sentence(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        load(environment={f"PASSERBY_{name.upper()}": value})

    assert "\n" not in str(caught.value)


def test_a_list_in_the_environment_is_json() -> None:
    environment = {"PASSERBY_REGIONS": '["eu-west-1", "us-east-1"]'}

    chosen = load(environment=environment)

    assert chosen.regions == ("eu-west-1", "us-east-1")
    assert load(environment=chosen.environment()) == chosen


@pytest.mark.parametrize(
    ("observations", "folder", "on_s3"),
    [
        pytest.param(None, "d/observations", None, id="not set"),
        pytest.param("/mnt/seen", "/mnt/seen", None, id="a folder"),
        pytest.param("s3://shared", "d/observations", ("shared", ""), id="a bucket"),
        pytest.param("s3://shared/a/b/", "d/observations", ("shared", "a/b/"), id="a prefix"),
    ],
)
def test_where_observations_are_kept(
    observations: str | None, folder: str, on_s3: tuple[str, str] | None
) -> None:
    chosen = Settings(data=Path("d"), observations=observations)

    assert chosen.observations_folder == Path(folder)
    assert chosen.observations_on_s3 == on_s3


@pytest.mark.parametrize(
    ("device", "resources", "demands"),
    [
        pytest.param("cpu", {}, {}, id="a core is enough"),
        pytest.param("cuda", {}, {"GPU": 1.0}, id="a whole GPU"),
        pytest.param("cuda", {"GPU": 0.25, "new": 1.0}, {"GPU": 0.25, "new": 1.0}, id="shared"),
    ],
)
def test_what_a_shard_asks_of_a_node(
    device: Literal["cpu", "cuda"], resources: dict[str, float], demands: dict[str, float]
) -> None:
    chosen = Settings(device=device, ray_resources=resources)

    assert chosen.ray_demands == demands
    assert load(environment=chosen.environment()) == chosen

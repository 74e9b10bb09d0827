from pathlib import Path

import pytest

from passerby.bootstrap.storage import build_observation_store
from passerby.cloud.observation_store import S3ObservationStore
from passerby.cloud.s3 import Place
from passerby.pathing.observation_store import FolderObservationStore
from passerby.settings import S3, S3Bucket, Settings

STORE = S3(
    endpoint_url="http://127.0.0.1:9000",
    path_style=True,
    buckets={"shared": S3Bucket(region="eu-west-1", name="site-7")},
)
NAMED = Place(region="eu-west-1", bucket="site-7")
OTHER = Place("http://127.0.0.1:9000", path_style=True)


def test_observations_are_kept_in_the_data_folder(tmp_path: Path) -> None:
    store = build_observation_store(Settings(data=tmp_path))

    assert store == FolderObservationStore(tmp_path / "observations")
    assert (tmp_path / "observations").is_dir()


def test_observations_may_be_kept_in_a_shared_folder(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, observations=str(tmp_path / "mounted"))

    assert build_observation_store(settings) == FolderObservationStore(tmp_path / "mounted")


@pytest.mark.parametrize(
    ("observations", "place", "bucket", "prefix"),
    [
        pytest.param("s3://shared/seen", NAMED, "shared", "seen/", id="a bucket with a table"),
        pytest.param("s3://other", OTHER, "other", "", id="another one"),
    ],
)
def test_observations_may_be_kept_on_s3(
    tmp_path: Path, observations: str, place: Place, bucket: str, prefix: str
) -> None:
    store = build_observation_store(Settings(data=tmp_path, s3=STORE, observations=observations))

    assert store == S3ObservationStore(place, bucket, prefix, tmp_path / "observations")

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import trackeval
from pycocotools.coco import COCO

from passerby.exports import coco
from passerby.records import Sightings

from .conftest import BuildResult, concatenate, ignore_progress

MakeSightings = Callable[..., Sightings]


def read(path: Path) -> COCO:
    """By the reference implementation, which talks while it reads."""
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def trackeval_sequence(folder: Path, name: str) -> dict[str, Any]:
    """What TrackEval makes of the persons in an export, as truth and as result of TAO."""
    dataset = trackeval.datasets.TAO(
        {
            "GT_FOLDER": str(folder / "truth"),
            "TRACKERS_FOLDER": str(folder / "results"),
            "PRINT_CONFIG": False,
        }
    )
    raw = dataset.get_raw_seq_data("ours", name)
    sequence: dict[str, Any] = dataset.get_preprocessed_seq_data(raw, "person")
    return sequence


def test_coco_reads_every_body_and_face(
    crowd: Sightings, analysis_result: BuildResult, tmp_path: Path
) -> None:
    path = tmp_path / "street.json"
    path.write_bytes(concatenate(coco.chunks(analysis_result(crowd), ignore_progress)))

    made = read(path)

    assert [item["name"] for item in made.loadCats(made.getCatIds())] == ["person", "face"]
    assert crowd.frame_index[4_999] == crowd.frame_index[5_000], "one frame lies in two parts"
    numbers = [image["id"] for image in made.dataset["images"]]
    assert numbers == (np.unique(crowd.frame_index) + 1).tolist()
    bodies = made.loadAnns(made.getAnnIds(catIds=[1]))
    ltwh = crowd.xyxy[crowd.has_body]
    ltwh[:, 2:] -= ltwh[:, :2]
    np.testing.assert_allclose([item["bbox"] for item in bodies], ltwh, atol=0.011)
    assert [item["track_id"] for item in bodies] == (
        crowd.person_index[crowd.has_body] + 1
    ).tolist()
    images = made.loadImgs([item["image_id"] for item in bodies])
    assert [item["frame_index"] for item in images] == crowd.frame_index[crowd.has_body].tolist()
    faces = made.loadAnns(made.getAnnIds(catIds=[2]))
    points = np.reshape([item["keypoints"] for item in faces], (-1, 5, 3))
    np.testing.assert_allclose(points[..., :2], crowd.faces.landmarks[:, :5], atol=0.006)
    assert {item["attributes"]["index"] for item in faces} == set(range(7))


def test_trackeval_reads_the_tracks(
    crowd: Sightings, analysis_result: BuildResult, tmp_path: Path
) -> None:
    made = concatenate(coco.chunks(analysis_result(crowd), ignore_progress))
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "street.json").write_bytes(made)
    (tmp_path / "results" / "ours" / "data").mkdir(parents=True)
    results = json.dumps(json.loads(made)["annotations"])
    (tmp_path / "results" / "ours" / "data" / "street.json").write_text(results)

    sequence = trackeval_sequence(tmp_path, "street")

    scores = trackeval.metrics.HOTA().eval_sequence(sequence)
    np.testing.assert_allclose(scores["HOTA"], 1)
    assert sequence["num_gt_ids"] == sequence["num_tracker_ids"] == 7
    assert sequence["num_gt_dets"] == crowd.has_body.sum()


def test_a_face_has_a_track_of_its_own_and_its_persons_index(
    make_sightings: MakeSightings, add_faces: MakeSightings, analysis_result: BuildResult
) -> None:
    sightings = add_faces(make_sightings((0, 0, 5, True), (1, 0, 50, False)), [1])

    made = json.loads(concatenate(coco.chunks(analysis_result(sightings), ignore_progress)))

    seen = [
        (item["category_id"], item["track_id"], item["attributes"]) for item in made["annotations"]
    ]
    assert seen == [
        (1, 1, {"index": 0, "occluded": False}),
        (1, 2, {"index": 1, "occluded": True}),
        (2, 4, {"index": 1, "occluded": True}),
    ]
    assert [(track["id"], track["category_id"]) for track in made["tracks"]] == [
        (1, 1),
        (2, 1),
        (4, 2),
    ]


def test_boxes_are_cut_at_the_border_and_left_out_beyond(
    make_sightings: MakeSightings, analysis_result: BuildResult
) -> None:
    sightings = make_sightings((0, 0, -5, True), (1, 0, 630, True), (2, 0, 700, True))

    made = json.loads(concatenate(coco.chunks(analysis_result(sightings), ignore_progress)))

    found = [(item["track_id"], item["bbox"], item["area"]) for item in made["annotations"]]
    assert found == [(1, [0, 10, 15, 40], 600), (2, [630, 10, 10, 40], 400)]


def test_nobody(make_sightings: MakeSightings, analysis_result: BuildResult) -> None:
    made = json.loads(concatenate(coco.chunks(analysis_result(make_sightings()), ignore_progress)))

    assert made["images"] == made["annotations"] == made["tracks"] == []
    assert made["videos"] == [
        {
            "id": 1,
            "name": "street",
            "width": 640,
            "height": 480,
            "fps": 25.0,
            "length": 100,
            "neg_category_ids": [],
            "not_exhaustive_category_ids": [],
        }
    ]

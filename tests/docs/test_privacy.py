from pathlib import Path

from passerby import settings

STRICT = Path(__file__).parents[2] / "deploy" / "privacy.toml"


def test_the_strict_settings_load_and_look_for_no_faces() -> None:
    chosen = settings.load(STRICT, environment={})

    assert (chosen.face_attributes, chosen.retention_days) == ("none", 1.0)
    assert chosen.upload_retention_days == 1.0
    assert not chosen.first_key

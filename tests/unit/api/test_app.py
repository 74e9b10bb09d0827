import json
import subprocess
import sys

PRINT_MODULES = "import json, sys; import passerby.api.app; print(json.dumps(list(sys.modules)))"
HEAVY = {"av", "onnxruntime", "openvino", "cv2", "scipy", "sqlalchemy", "pyarrow", "boto3"}


def test_the_surface_starts_without_decoder_model_or_database() -> None:
    printed = subprocess.check_output([sys.executable, "-c", PRINT_MODULES])

    assert not HEAVY & set(json.loads(printed))

import pytest

from passerby.inference.cpu import parse_cpu_features

XEON = """processor\t: 0
model name\t: Intel(R) Xeon(R) Processor
flags\t\t: fpu avx512_vnni amx_bf16
bugs\t\t: spectre_v1

processor\t: 1
flags\t\t: fpu
"""
GRAVITON = "processor\t: 0\nFeatures\t: fp asimd asimddp\nCPU part\t: 0xd0c\n"


@pytest.mark.parametrize(
    ("information", "expected"),
    [
        pytest.param("", set(), id="nothing known"),
        pytest.param("model name : X\n", set(), id="no flags"),
        pytest.param(XEON, {"fpu", "avx512_vnni", "amx_bf16"}, id="x86: those of the first CPU"),
        pytest.param(GRAVITON, {"fp", "asimd", "asimddp"}, id="ARM"),
    ],
)
def test_features(information: str, expected: set[str]) -> None:
    assert parse_cpu_features(information) == expected

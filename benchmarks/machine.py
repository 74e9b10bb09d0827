"""Describe the machine that the figures were measured on."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version

import av

from passerby.inference import cpu

# What decides on the speed of a network, beside the formats that `cpu` names.
VECTORS = frozenset({"avx2", "avx512f", "asimd"})
LIBRARIES = ("av", "numpy", "onnxruntime", "opencv-python-headless", "openvino", "scipy")


def description() -> str:
    """Markdown list: the processor, the memory, the libraries, and how busy it is."""
    flags = cpu.read_cpu_features() & (cpu.FAST_INT8 | cpu.FAST_BF16 | VECTORS)
    size = f"{core_count()} cores, {_memory_gib():.0f} GiB"
    lines = (
        f"{_processor()}, {size}; load at the start {os.getloadavg()[0]:.1f}",
        f"CPU features: {', '.join(sorted(flags)) or 'none of interest'}",
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        f"{', '.join(_versions())}, FFmpeg {av.ffmpeg_version_info}",
    )
    return "\n".join(f"- {line}" for line in lines)


def core_count() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def _processor() -> str:
    for line in cpu.CPU_INFORMATION.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()


def _memory_gib() -> float:
    pages: int = os.sysconf("SC_PHYS_PAGES")
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**3


def _versions() -> list[str]:
    found = []
    for library in LIBRARIES:
        try:
            found.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            found.append(f"no {library}")
    return found

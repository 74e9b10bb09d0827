"""Find out which short number formats this machine's CPU computes quickly."""

from pathlib import Path

# Names as the Linux kernel prints them (arch/x86/kernel/cpu/ and
# arch/arm64/kernel/cpuinfo.c). Without one of these, products of 8-bit integers
# are summed in 16 bits, which can overflow, and little is gained.
FAST_INT8 = frozenset({"avx512_vnni", "avx_vnni", "asimddp"})
FAST_BF16 = frozenset({"avx512_bf16", "amx_bf16"})

CPU_INFORMATION = Path("/proc/cpuinfo")


def parse_cpu_features(information: str) -> frozenset[str]:
    r"""Read the feature flags of the first CPU in the text of /proc/cpuinfo (x86 or ARM).

    Examples
    --------
    >>> sorted(parse_cpu_features("model name : X\nflags : fpu avx_vnni\n"))
    ['avx_vnni', 'fpu']
    """
    for line in information.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in {"flags", "Features"}:
            return frozenset(value.split())
    return frozenset()


def read_cpu_features() -> frozenset[str]:
    """Read the feature flags of this machine's CPU; an empty set if the kernel shows none."""
    try:
        return parse_cpu_features(CPU_INFORMATION.read_text(encoding="utf-8"))
    except OSError:
        return frozenset()

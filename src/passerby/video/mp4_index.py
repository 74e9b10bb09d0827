"""Check how many indexes an MP4 or QuickTime file has: none was lost, one is right.

Source: ISO/IEC 14496-12, section 4.2 (boxes): a size in four bytes, a name in four, and
where the size is 1, the true one in eight more; a size of 0 reaches to the end.
"""

from typing import BinaryIO

HEADER_BYTES = 8
LARGE_HEADER_BYTES = 16
LARGE_SIZE, TO_THE_END = 1, 0

BEGINNING = b"ftyp"
PICTURES = b"mdat"
FRAGMENT = b"moof"
INDEXES = {b"moov", FRAGMENT}

# A larger box is damage, and no file can be sought through it.
LARGEST_BYTES = 1 << 40

# Boxes that are read: few files have more than ten at the top level.
MOST_BOXES = 1000


def lacks_index(file: BinaryIO) -> bool:
    """Whether a file has pictures, but no index that says where each is.

    Parameters
    ----------
    file : binary file, at its beginning
    """
    names = _box_names(file)
    return names[:1] == [BEGINNING] and PICTURES in names and not INDEXES & set(names)


def holds_several(file: BinaryIO) -> bool:
    """Whether several MP4 files were put together, of which only the first can be read.

    Parameters
    ----------
    file : binary file, at its beginning
    """
    names = _box_names(file)
    return names.count(b"moov") > 1 and FRAGMENT not in names


def _box_names(file: BinaryIO) -> list[bytes]:
    names: list[bytes] = []
    while len(names) < MOST_BOXES:
        head = file.read(LARGE_HEADER_BYTES)
        if len(head) < HEADER_BYTES:
            break
        names.append(head[4:HEADER_BYTES])
        size = int.from_bytes(head[:4])
        if size == LARGE_SIZE:
            size = int.from_bytes(head[HEADER_BYTES:])
        if size == TO_THE_END or not HEADER_BYTES <= size <= LARGEST_BYTES:
            break
        file.seek(size - len(head), 1)
    return names

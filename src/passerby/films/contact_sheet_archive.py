"""The contact sheets of all persons in one ZIP file."""

import zipfile
from pathlib import Path

from passerby.files import atomic_file, scratch_folder
from passerby.films.contact_sheet import write_contact_sheets
from passerby.films.progress import ProgressCallback
from passerby.records import Sightings

# Of every member, so that the same pictures give the same bytes; a ZIP knows no earlier one.
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)
READABLE = 0o644 << 16  # a Unix mode, where a ZIP keeps it


def write_contact_sheet_archive(
    source: str,
    sightings: Sightings,
    target: Path,
    on_progress: ProgressCallback | None = None,
) -> None:
    """Write a ZIP of a PNG a person, by person index; parameters as `write_contact_sheets`."""
    with scratch_folder() as folder, atomic_file(target) as draft:
        sheets = write_contact_sheets(source, sightings, folder, on_progress)
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED) as archive:
            for sheet in sheets:
                member = zipfile.ZipInfo(sheet.name, WRITTEN_AT)
                member.external_attr = READABLE
                archive.writestr(member, sheet.read_bytes())

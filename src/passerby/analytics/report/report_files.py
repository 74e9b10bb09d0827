"""The files of a report: the page, pictures, tables and the counts as JSON."""

import json
from pathlib import Path

import cv2
import numpy as np

from passerby.analytics.report import pictures, tables
from passerby.analytics.report.page import render_page
from passerby.analytics.report.path_report import PathReport
from passerby.analytics.report.pictures import Image
from passerby.analytics.report.scene import scene_file

PAGE_NAME, COUNTS = "report.html", "counts.json"
PICTURES = ("scene.svg", "heat.png", "flow.png")
# All files of a report.
FILE_NAMES = (PAGE_NAME, COUNTS, *tables.NAMES, *PICTURES)


def write_report(report: PathReport, still: Image | None, folder: Path) -> None:
    """Write all files into a folder, in place of those of an earlier report.

    Parameters
    ----------
    report : Report
    still : (h, w, 3) uint8, BGR, or None
        A frame of the video.
    folder : Path
        There already.
    """
    if still is not None:
        size = (report.video.width, report.video.height)
        still = np.asarray(cv2.resize(still, size, interpolation=cv2.INTER_AREA), np.uint8)
    heat = pictures.heat_picture(report.heat, report.heat_grid, still)
    flow = pictures.flow_picture(report.flow, report.flow_grid, still)
    (folder / "heat.png").write_bytes(pictures.png(heat))
    (folder / "flow.png").write_bytes(pictures.png(flow))
    (folder / "scene.svg").write_text(scene_file(report, still), encoding="utf-8")
    tables.write_tables(report, folder)
    counts = json.dumps(report.summary, indent=2, ensure_ascii=False)
    (folder / COUNTS).write_text(f"{counts}\n", encoding="utf-8")
    (folder / PAGE_NAME).write_text(render_page(report, still, FILE_NAMES[1:]), encoding="utf-8")

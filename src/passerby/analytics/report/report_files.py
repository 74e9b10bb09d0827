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
from passerby.files import sweep_drafts, write_atomically

PAGE_NAME, COUNTS = "report.html", "counts.json"


def write_report(report: PathReport, still: Image | None, folder: Path) -> None:
    """Write all files into a folder, in place of those of an earlier report.

    Each appears whole or not at all; what a killed writer left in the folder is deleted.

    Parameters
    ----------
    report : Report
    still : (h, w, 3) uint8, BGR, or None
        A frame of the video.
    folder : Path
        There already.
    """
    sweep_drafts(folder)
    if still is not None:
        size = (report.video.width, report.video.height)
        still = np.asarray(cv2.resize(still, size, interpolation=cv2.INTER_AREA), np.uint8)
    heat = pictures.heat_picture(report.heat, report.heat_grid, still)
    flow = pictures.flow_picture(report.flow, report.flow_grid, still)
    write_atomically(folder / "heat.png", pictures.png(heat))
    write_atomically(folder / "flow.png", pictures.png(flow))
    write_atomically(folder / "scene.svg", scene_file(report, still).encode())
    tables.write_tables(report, folder)
    counts = json.dumps(report.summary, indent=2, ensure_ascii=False)
    write_atomically(folder / COUNTS, f"{counts}\n".encode())
    files = [COUNTS, *tables.build_tables(report), "scene.svg", "heat.png", "flow.png"]
    write_atomically(folder / PAGE_NAME, render_page(report, still, files).encode())

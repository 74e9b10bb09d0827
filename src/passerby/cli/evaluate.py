"""`passerby eval`: tracks scored against truth."""

from pathlib import Path
from typing import Annotated

import typer

from passerby.cli import terminal
from passerby.cli.options import DEFAULT_RATE, AsJson, print_json

app = typer.Typer()


@app.command("eval")
def evaluate(
    truth: Annotated[Path, typer.Argument(help="Folder in MOTChallenge layout, or a file.")],
    results: Annotated[Path, typer.Argument(help="Folder of track files, or a file.")],
    analysed_only: Annotated[
        bool, typer.Option("--analysed-only", help="Count only the frames of the 15 Hz grid.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Score tracks against truth: HOTA, IDF1, MOTA, and why each switch happened."""
    from passerby.evaluation.grid import analysed_frames  # noqa: PLC0415
    from passerby.evaluation.report import evaluate as score  # noqa: PLC0415

    analysed = analysed_frames(truth, results, DEFAULT_RATE) if analysed_only else None
    report = score(truth, results, analysed=analysed)
    if as_json:
        print_json(report.to_dict())
        return
    terminal.out.print(terminal.scores_table(report.rows()))
    terminal.out.print(terminal.causes_line(report.causes()))
    for name in report.without_results:
        terminal.notes.print(f"{name}: no results; scored as empty", style="yellow")

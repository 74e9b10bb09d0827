from benchmarks.table import markdown


def test_a_table_without_rows_is_its_headings() -> None:
    assert markdown(["clip", "s"], []) == "| clip | s |\n|---|---:|"

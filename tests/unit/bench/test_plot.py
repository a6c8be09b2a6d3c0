"""Plots: well-formed whatever a line is called, and equal factors are equal steps where places are few."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from bench.plot import Panel, write_svg


def drawn(folder: Path, *panels: Panel, marks: tuple[float, ...] = ()) -> str:
    path = folder / "new" / "plot.svg"
    write_svg(path, "<A & B>", "seconds", panels, marks)
    ElementTree.parse(path)  # noqa: S314  # REASON: our own file
    return path.read_text()


def test_a_line_of_any_name_is_drawn_and_a_mark_with_it(tmp_path: Path) -> None:
    text = drawn(tmp_path, Panel(title='"<>', x=[0.0, 5.0], lines={"a<b": [1.0, 2.0]}), marks=(2.5,))
    assert text.count("<polyline") == 1
    assert text.count("<line ") == 1


def test_equal_factors_are_equal_steps_where_each_place_is_named(tmp_path: Path) -> None:
    text = drawn(tmp_path, Panel(title="t", x=[1, 8, 64], lines={"a": [1.0, 1.0, 1.0]}, each=True))
    (points,) = re.findall(r'points="([^"]+)"', text)
    first, second, third = (float(point.split(",")[0]) for point in points.split())
    assert abs((second - first) - (third - second)) < 0.11
    assert all(f">{place}</text>" in text for place in (1, 8, 64))


def test_nothing_seen_is_an_empty_panel(tmp_path: Path) -> None:
    assert "<polyline" in drawn(tmp_path, Panel(title="t", x=[], lines={"a": []}))

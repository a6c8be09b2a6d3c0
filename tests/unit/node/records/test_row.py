"""Values of a row that are no instant on any clock: a fault of their column, and of nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from node.records.row import Row

JAKARTA = timezone(timedelta(hours=7))


@pytest.mark.parametrize("text", ["2016-12-31T23:59:60Z", "2016-12-31 23:59:60", "2016-12-31T23:59:60+00:00"])
def test_a_leap_second_written_as_text_is_a_fault_of_its_column_alone(text: str) -> None:
    row = Row({"seen": text, "name": "SITI", "born": "1990-02-28"}, datetime(2017, 1, 2, tzinfo=UTC), JAKARTA)
    assert row.instant("seen") is None
    assert row.day("seen") is None
    assert set(row.faults) == {"seen"}
    assert (row.text("name"), row.day("born"), row.text("seen")) == ("SITI", date(1990, 2, 28), text)


def test_the_seconds_before_and_after_a_leap_second_are_read_in_the_agencys_zone() -> None:
    row = Row(
        {"before": "2016-12-31T23:59:59Z", "after": "2017-01-01T00:00:00Z"}, datetime(2017, 1, 2, tzinfo=UTC), JAKARTA
    )
    assert row.instant("after") == row.instant("before") + timedelta(seconds=1)  # type: ignore[operator]  # REASON: both are read
    assert row.day("before") == date(2017, 1, 1)
    assert row.faults == []

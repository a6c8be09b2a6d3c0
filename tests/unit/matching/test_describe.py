"""Persons read from typed values."""

from __future__ import annotations

from typing import Any

import pytest

from federation.errors import MalformedStatement
from federation.person import NationalIdentifier
from matching.describe import describe
from tests.unit.matching.cases import AT


def test_typed_values_become_a_person() -> None:
    person = describe(
        names=["LI WEI alias AWEI"],
        born="Fuzhou, 3-4-85",
        nationality="Cina",
        sex="P",
        documents=["CHN E12345678", NationalIdentifier(kind="nik", number="3604051234560001")],
        at=AT,
    )
    assert [name.kind for name in person.names] == ["primary", "alias"]
    assert person.birth_place == "Fuzhou"
    assert person.nationalities[0].code == "CHN"
    assert person.sex is not None
    assert person.sex.code == "F"
    assert len(person.documents) == len(person.national_identifiers) == 1


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("born", {"born": "31-02-1985"}),
        ("sex", {"sex": "banteng"}),
        ("nationality", {"nationality": "Atlantis"}),
        ("document", {"documents": ["kosong"]}),
        ("name", {"names": ["Mr."]}),
    ],
)
def test_a_value_that_cannot_be_read_is_refused_by_its_field(field: str, values: dict[str, Any]) -> None:
    with pytest.raises(MalformedStatement) as refused:
        describe(at=AT, **values)
    assert refused.value.facts == {"field": field}
    written = next(iter(values.values()))
    assert (written if isinstance(written, str) else written[0]) not in refused.value.message


def test_empty_values_are_not_given() -> None:
    assert describe(names=["", " "], born=" ", documents=[""]) == describe()

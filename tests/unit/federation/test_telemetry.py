"""Telemetry: constant events and ids; whatever else is offered is dropped."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from federation import telemetry
from federation.errors import MalformedStatement


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What telemetry writes; the configuration of this process is put back as it was."""
    stream = io.StringIO()
    telemetry.configure("node", "polri", stream=stream)
    yield stream
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_a_line_has_its_event_its_role_and_its_member(lines: io.StringIO) -> None:
    telemetry.telemetry().info("serving", port=8443)
    found = json.loads(lines.getvalue())
    assert (found["event"], found["role"], found["member"], found["port"]) == ("serving", "node", "polri", 8443)
    assert found["timestamp"].endswith("Z")


def test_a_key_that_is_not_on_the_list_is_dropped_and_only_that_is_said(lines: io.StringIO) -> None:
    telemetry.telemetry().info("asked", name="ERIKSSON", query_id="ab")
    found = json.loads(lines.getvalue())
    assert "ERIKSSON" not in lines.getvalue()
    assert (found["error"], found["query_id"]) == ("telemetry_key_dropped", "ab")


def test_a_key_bound_to_the_context_is_dropped_too(lines: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(passport="L898902C3")
    telemetry.telemetry().warning("asked")
    assert "L898902C3" not in lines.getvalue()


def test_nothing_that_could_name_a_person_is_on_the_list() -> None:
    attributes = {"name", "names", "birth", "document", "number", "subject", "person", "payload", "query", "message"}
    assert not telemetry.ALLOWED_KEYS & attributes


def test_of_an_exception_only_its_place_is_told() -> None:
    def fail() -> None:
        raise MalformedStatement("of ERIKSSON")

    with pytest.raises(MalformedStatement) as raised:
        fail()
    told = telemetry.where(raised.value)
    assert told.startswith("MalformedStatement federation/test_telemetry.py:")
    assert "ERIKSSON" not in told
    assert telemetry.where(ValueError("ERIKSSON")) == "ValueError"


def test_a_level_below_the_least_is_not_written(lines: io.StringIO) -> None:
    telemetry.configure("node", "polri", level="warning", stream=lines)
    telemetry.telemetry().info("asked")
    assert lines.getvalue() == ""

"""What was released is never taken back: no field, value or method removed, renumbered or retyped."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

ROOT = Path(__file__).parents[2]
PROTOS = ROOT / "protos"
RELEASED = PROTOS / "released" / "v1.binpb"
BUF = Path(sys.executable).with_name("buf")


def breaks(old: Iterable[FileDescriptorProto], new: Iterable[FileDescriptorProto]) -> list[str]:
    """What of `old` is no longer so in `new`."""
    now = {file.name: file for file in new}
    found: list[str] = []
    for file in old:
        if file.name not in now:
            found.append(f"{file.name} removed")
            continue
        found += of_messages(file.message_type, now[file.name].message_type)
        found += of_enums(file.enum_type, now[file.name].enum_type)
        found += of_services(file.service, now[file.name].service)
    return found


def of_messages(old: Iterable[DescriptorProto], new: Iterable[DescriptorProto]) -> Iterator[str]:
    now = {message.name: message for message in new}
    for message in old:
        held = now.get(message.name)
        if held is None:
            yield f"{message.name} removed"
            continue
        yield from of_fields(message, held)
        yield from of_messages(message.nested_type, held.nested_type)
        yield from of_enums(message.enum_type, held.enum_type)


def of_fields(old: DescriptorProto, new: DescriptorProto) -> Iterator[str]:
    now = {field.number: field for field in new.field}
    for field in old.field:
        held = now.get(field.number)
        if held is None:
            yield f"{old.name}.{field.name} removed or renumbered"
        elif shape(held, new) != shape(field, old):
            yield f"{old.name}.{field.name} is of another name, type or label"
    for kept in old.reserved_range:
        for number in range(kept.start, kept.end):
            if number in now or not any(r.start <= number < r.end for r in new.reserved_range):
                yield f"{old.name} uses or frees the reserved number {number}"


def shape(field: FieldDescriptorProto, message: DescriptorProto) -> tuple[object, ...]:
    """All that a reader of the field relies on."""
    oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
    return field.name, field.type, field.type_name, field.label, oneof, field.proto3_optional


def of_enums(old: Iterable[EnumDescriptorProto], new: Iterable[EnumDescriptorProto]) -> Iterator[str]:
    now = {enum.name: {value.number: value.name for value in enum.value} for enum in new}
    for enum in old:
        for value in enum.value:
            if now.get(enum.name, {}).get(value.number) != value.name:
                yield f"{enum.name}.{value.name} removed or renumbered"


def of_services(old: Iterable[ServiceDescriptorProto], new: Iterable[ServiceDescriptorProto]) -> Iterator[str]:
    now = {(service.name, method.name): method for service in new for method in service.method}
    for service in old:
        for method in service.method:
            if now.get((service.name, method.name)) != method:
                yield f"{service.name}.{method.name} removed or of another form"


def released() -> list[FileDescriptorProto]:
    files = FileDescriptorSet.FromString(RELEASED.read_bytes()).file
    return [file for file in files if file.name.startswith("federation/")]


def current() -> list[FileDescriptorProto]:
    """The contract as the stubs have it; that they are fresh is for test_stubs to say."""
    found = []
    for path in sorted((ROOT / "federation" / "v1").glob("*_pb2.py")):
        module = importlib.import_module(f"federation.v1.{path.stem}")
        found.append(FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb))
    return found


def changed(file: str, change: Callable[[FileDescriptorProto], None]) -> list[str]:
    """What `breaks` says of the released contract once `change` was made to one file."""
    after = [FileDescriptorProto.FromString(one.SerializeToString()) for one in released()]
    change(next(one for one in after if one.name == f"federation/v1/{file}.proto"))
    return breaks(released(), after)


def test_the_released_contract_is_there_whole() -> None:
    assert {file.name for file in released()} == {
        f"federation/v1/{path.name}" for path in (PROTOS / "federation" / "v1").glob("*.proto")
    }


def test_nothing_released_is_removed_renumbered_or_retyped() -> None:
    assert breaks(released(), current()) == []


def test_a_removed_field_is_found() -> None:
    def remove(file: FileDescriptorProto) -> None:
        del file.message_type[0].field[3]

    assert changed("query", remove) == ["Query.nonce removed or renumbered"]


def test_a_renumbered_field_is_found() -> None:
    def renumber(file: FileDescriptorProto) -> None:
        file.message_type[0].field[3].number = 99

    assert changed("query", renumber) == ["Query.nonce removed or renumbered"]


def test_a_retyped_field_is_found() -> None:
    def retype(file: FileDescriptorProto) -> None:
        file.message_type[0].field[3].type = FieldDescriptorProto.TYPE_STRING

    assert changed("query", retype) == ["Query.nonce is of another name, type or label"]


def test_a_field_that_became_repeated_is_found() -> None:
    def repeat(file: FileDescriptorProto) -> None:
        file.message_type[0].field[0].label = FieldDescriptorProto.LABEL_REPEATED

    assert changed("query", repeat) == ["Query.federation is of another name, type or label"]


def test_a_reserved_number_put_to_use_is_found() -> None:
    def use(file: FileDescriptorProto) -> None:
        del file.message_type[1].reserved_range[:]
        file.message_type[1].field.add(name="path", number=3, type=FieldDescriptorProto.TYPE_BYTES)

    assert changed("envelope", use) == ["Signature uses or frees the reserved number 3"]


def test_a_removed_message_value_or_method_is_found() -> None:
    def message(file: FileDescriptorProto) -> None:
        del file.message_type[-1]

    def value(file: FileDescriptorProto) -> None:
        del file.enum_type[0].value[-1]

    def method(file: FileDescriptorProto) -> None:
        file.service[0].method[0].server_streaming = False

    assert changed("person", message) == ["NationalIdentifier removed"]
    assert changed("querylog", value) == ["Table.TABLE_RECEIPT removed or renumbered"]
    assert changed("node", method) == ["NodeService.Ask removed or of another form"]


def test_an_added_field_breaks_nothing() -> None:
    def add(file: FileDescriptorProto) -> None:
        file.message_type[0].field.add(name="later", number=18, type=FieldDescriptorProto.TYPE_BYTES)

    assert changed("query", add) == []


def test_buf_finds_nothing_breaking_either() -> None:
    found = buf_breaking(PROTOS)
    assert (found.returncode, found.stdout) == (0, ""), found.stdout + found.stderr


def test_buf_would_find_a_retyped_field(tmp_path: Path) -> None:
    shutil.copytree(PROTOS, tmp_path / "protos")
    proto = tmp_path / "protos" / "federation" / "v1" / "answer.proto"
    proto.write_text(re.sub(r"string detail = 9;", "bytes detail = 9;", proto.read_text()))
    assert "changed type" in buf_breaking(tmp_path / "protos").stdout


def buf_breaking(protos: Path) -> subprocess.CompletedProcess[str]:
    if not BUF.exists():
        pytest.fail("buf is not beside this Python: install requirements/dev.lock")
    command = [str(BUF), "breaking", "--against", str(RELEASED), "--exclude-imports"]
    return subprocess.run(command, cwd=protos, capture_output=True, text=True, check=False)

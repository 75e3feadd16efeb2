"""What a press says (law 1; issue 2, point 7): three things are refused, everything else rings with its faults kept."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kades.faults import KEPT_LIMIT, SAID_LIMIT, FaultKind
from kades.press import LIMIT, Press, Refusal, Refused, Trigger, read_press

NOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HERE = {"lon": 30.52, "lat": 39.77, "accuracy_m": 12.0, "fixed_at": "2026-11-24T12:00:00+03:00"}
CLIENT_ID = "0190a1b2-0000-7000-8000-000000000001"


def body(**changes: Any) -> dict[str, Any]:
    said = {"client_id": CLIENT_ID, "pressed_at": "2026-11-24T12:00:00+03:00", "position": HERE, "trigger": "button"}
    return {name: value for name, value in {**said, **changes}.items() if value is not ...}


def raw(**changes: Any) -> bytes:
    return json.dumps(body(**changes)).encode()


def press(given_: bytes) -> Press:
    read = read_press(given_, NOON)
    assert isinstance(read, Press), read
    return read


def kinds(read: Press) -> set[FaultKind]:
    return {fault.kind for fault in read.faults}


def refusal(given_: bytes) -> Refusal:
    read = read_press(given_, NOON)
    assert isinstance(read, Refused), read
    return read.why


def test_a_clean_press_is_read_without_a_fault() -> None:
    read = press(raw())

    assert read.faults == ()
    assert read.client_id == UUID(CLIENT_ID)
    assert read.sound_id
    assert read.trigger is Trigger.BUTTON
    assert read.read is not None
    assert not read.read.old
    assert (read.read.fix.point.lon, read.read.fix.point.lat, read.read.fix.accuracy_m) == (30.52, 39.77, 12.0)
    assert read.skew_s == 0


@pytest.mark.parametrize("given_", [b"", b"[]", b"null", b"42", b'"client_id"', b'{"client_id": 1', b"{]", b"\xff\xfe\xfd", b"[" * 60_000])
def test_what_is_no_json_object_is_refused(given_: bytes) -> None:
    assert refusal(given_) is Refusal.NO_OBJECT


@pytest.mark.parametrize("given_", [b"{}", b'{"client_id": null}', b'{"id": "x", "position": null}'])
def test_a_body_without_client_id_is_refused(given_: bytes) -> None:
    assert refusal(given_) is Refusal.NO_CLIENT_ID


def test_a_body_over_64_kb_is_refused_and_one_of_exactly_64_kb_rings() -> None:
    fitting = raw(note="").replace(b'"note": ""', b'"note": "' + b"x" * (LIMIT - len(raw(note=""))) + b'"')
    assert len(fitting) == LIMIT

    assert kinds(press(fitting)) == {FaultKind.UNKNOWN_FIELD}
    assert refusal(fitting.replace(b"xx", b"xxx", 1)) is Refusal.TOO_LARGE


@pytest.mark.parametrize("said", ["my-phone", "", " ", 7, 7.5, True, False, [1], {"a": 1}, "0" * 5000, "é\x00"])
def test_a_client_id_that_is_no_uuid_becomes_the_same_uuid_each_time_and_is_kept_as_a_fault(said: object) -> None:
    once, again, other = press(raw(client_id=said)), press(raw(client_id=said, trigger="silent")), press(raw(client_id="another"))

    assert FaultKind.CLIENT_ID_NOT_UUID in kinds(once)
    assert not once.sound_id
    assert once.client_id == again.client_id != other.client_id


def test_one_and_the_text_one_are_different_client_ids() -> None:
    assert len({press(raw(client_id=said)).client_id for said in (1, "1", True, 1.5)}) == 4


@pytest.mark.parametrize("said", [CLIENT_ID.upper(), f"urn:uuid:{CLIENT_ID}", f"{{{CLIENT_ID}}}", CLIENT_ID.replace("-", "")])
def test_every_spelling_of_a_uuid_is_the_uuid(said: str) -> None:
    read = press(raw(client_id=said))

    assert (read.client_id, read.sound_id, read.faults) == (UUID(CLIENT_ID), True, ())


@pytest.mark.parametrize("said", [str(UUID(int=0)), "ffffffff-ffff-ffff-ffff-ffffffffffff"])
def test_the_empty_uuid_is_not_believed_to_name_one_press(said: str) -> None:
    assert not press(raw(client_id=said)).sound_id


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_a_coordinate_that_is_not_finite_is_a_bad_position_and_not_bad_json(number: str) -> None:
    read = press(raw().replace(b"30.52", number.encode()))

    assert read.read is None
    assert FaultKind.POSITION_NOT_FINITE in kinds(read)


def test_swapped_coordinates_are_named_and_never_turned_round_by_a_guess() -> None:
    read = press(raw(position={**HERE, "lon": 39.77, "lat": 30.52}))

    assert read.read is None
    assert FaultKind.POSITION_LOOKS_SWAPPED in kinds(read)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"lon": 2.35, "lat": 48.85}, FaultKind.POSITION_OUTSIDE_AREA),
        ({"lon": 0, "lat": 0}, FaultKind.POSITION_OUTSIDE_AREA),
        ({"lon": 930.52}, FaultKind.POSITION_OUT_OF_RANGE),
        ({"lon": None}, FaultKind.POSITION_UNREADABLE),
        ({"lon": True}, FaultKind.POSITION_UNREADABLE),
        ({"lon": "east"}, FaultKind.POSITION_UNREADABLE),
        ({"lat": [39.77]}, FaultKind.POSITION_UNREADABLE),
    ],
)
def test_a_position_that_cannot_be_used_leaves_the_press_without_one(change: dict[str, Any], kind: FaultKind) -> None:
    read = press(raw(position={**HERE, **change}))

    assert read.read is None
    assert kind in kinds(read)


@pytest.mark.parametrize("position", ["here", 5, [30.52, 39.77], True, {}])
def test_a_position_of_the_wrong_form_is_a_fault(position: object) -> None:
    read = press(raw(position=position))

    assert read.read is None
    assert FaultKind.POSITION_UNREADABLE in kinds(read)


@pytest.mark.parametrize("position", [None, ...])
def test_location_switched_off_is_no_fault(position: object) -> None:
    read = press(raw(position=position))

    assert (read.read, read.faults) == (None, ())


def test_numbers_inside_quotes_are_used() -> None:
    read = press(raw(position={**HERE, "lon": "30.52", "lat": "39.77"}))

    assert read.read is not None
    assert kinds(read) == {FaultKind.NUMBER_AS_TEXT}


@pytest.mark.parametrize("accuracy", [-1, "NaN", "far", [], 1e300, False])
def test_an_absurd_accuracy_is_taken_as_unknown_and_the_place_still_counts(accuracy: object) -> None:
    read = press(raw(position={**HERE, "accuracy_m": accuracy}))

    assert read.read is not None
    assert read.read.fix.accuracy_m is None
    assert FaultKind.ACCURACY_UNREADABLE in kinds(read)


def test_a_fix_of_yesterday_is_only_the_last_known_place() -> None:
    read = press(raw(position={**HERE, "fixed_at": "2026-11-23T12:00:00+03:00"}))

    assert read.read is not None
    assert read.read.old
    assert read.read.fix.fixed_at == NOON - timedelta(days=1)
    assert kinds(read) == {FaultKind.FIX_OLD}


def test_a_fix_from_the_future_is_taken_as_of_now() -> None:
    read = press(raw(position={**HERE, "fixed_at": "2026-11-25T12:00:00+03:00"}))

    assert read.read is not None
    assert not read.read.old
    assert read.read.fix.fixed_at == NOON
    assert kinds(read) == {FaultKind.FIX_IN_FUTURE}


@pytest.mark.parametrize("hours", [-30, -5, 5, 30])
def test_a_phone_whose_clock_is_hours_off_keeps_its_fresh_fix_and_the_skew_is_told(hours: int) -> None:
    phones_now = NOON + timedelta(hours=hours)
    read = press(raw(pressed_at=phones_now.isoformat(), position={**HERE, "fixed_at": phones_now.isoformat()}))

    assert read.read is not None
    assert not read.read.old
    assert read.read.fix.fixed_at == NOON
    assert read.read.told_at == phones_now
    assert read.skew_s == -hours * 3600
    assert kinds(read) == {FaultKind.CLOCK_OFF}


@pytest.mark.parametrize(
    "time",
    ["yesterday", "2026-11-24T12:00:00", 1_795_000_000, None, {}, "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00"],
)
def test_a_time_that_is_none_never_costs_the_place(time: object) -> None:
    read = press(raw(pressed_at=time, position={**HERE, "fixed_at": time}))

    assert read.read is not None
    assert read.read.fix.fixed_at == NOON
    assert read.pressed_at is None


def test_the_oldest_year_and_the_last_year_do_not_break_the_reading() -> None:
    read = press(raw(pressed_at="9999-12-31T23:00:00+00:00", position={**HERE, "fixed_at": "0001-01-02T00:00:00+00:00"}))

    assert read.read is not None
    assert read.read.old


@pytest.mark.parametrize("trigger", ["panic", "", None, 5, ["silent"], {"silent": True}])
def test_an_unknown_trigger_rings_as_a_button(trigger: object) -> None:
    read = press(raw(trigger=trigger))

    assert read.trigger is Trigger.BUTTON
    assert kinds(read) == {FaultKind.TRIGGER_UNKNOWN}


def test_silent_in_capitals_is_still_silent() -> None:
    assert press(raw(trigger=" SILENT ")).trigger is Trigger.SILENT


def test_broken_utf8_inside_a_string_is_replaced_and_the_rest_counts() -> None:
    read = press(raw(note="x").replace(b'"x"', b'"\xff\xfe\xc3"'))

    assert read.read is not None
    assert kinds(read) == {FaultKind.BROKEN_TEXT, FaultKind.UNKNOWN_FIELD}


def test_bare_control_characters_inside_a_string_are_read() -> None:
    assert kinds(press(raw(note="x").replace(b'"x"', b'"a\nb\x01"'))) == {FaultKind.LOOSE_TEXT, FaultKind.UNKNOWN_FIELD}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_other_encodings_of_unicode_are_read(encoding: str) -> None:
    assert press(raw().decode().encode(encoding)).read is not None


def test_a_field_nested_30000_deep_hides_nothing_else() -> None:
    deep = b"[" * 30_000 + b"]" * 30_000
    read = press(raw(note="x").replace(b'"x"', deep))

    assert read.client_id == UUID(CLIENT_ID)
    assert read.read is not None
    assert kinds(read) == {FaultKind.TOO_DEEP, FaultKind.UNKNOWN_FIELD}


@pytest.mark.parametrize("depth", [*range(900, 1010, 3), 3_000])
def test_at_the_edge_of_the_stack_nothing_fails_either(depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    position = b'{"lon": %s, "lat": {"a": %s}, "accuracy_m": %s, "fixed_at": %s}' % (deep, deep, deep, deep)
    fields = b'"client_id": %s, "trigger": %s, "phone": %s, "pressed_at": %s' % (deep, deep, deep, deep)
    read = press(b'{%s, "position": %s}' % (fields, position))

    assert FaultKind.CLIENT_ID_NOT_UUID in kinds(read)
    assert read.read is None


def test_a_string_that_never_closes_after_deep_nesting_is_given_up_at_once() -> None:
    began = time.perf_counter()

    assert refusal(b'{"client_id": ' + b"[" * 2_000 + b'"' + b'\\"' * 30_000) is Refusal.NO_OBJECT
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    "given_", [json.dumps({f"{i}": i for i in range(5_000)}).encode(), b'{"client_id": 1, "x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"]
)
def test_the_worst_bodies_are_read_in_a_moment(given_: bytes) -> None:
    began = time.perf_counter()
    read_press(given_, NOON)

    assert time.perf_counter() - began < 1


def test_nonsense_nested_inside_the_position_does_not_hide_its_numbers() -> None:
    deep = b'{"a":' * 8_000 + b"1" + b"}" * 8_000
    read = press(raw(position={**HERE, "extra": "x"}).replace(b'"x"', deep))

    assert read.read is not None
    assert FaultKind.TOO_DEEP in kinds(read)


@pytest.mark.parametrize("end", [b"]" * 29_999, b"]" * 30_001, b"]" * 29_999 + b"}", b"]" * 30_000 + b","])
def test_deep_nesting_that_does_not_close_is_no_json(end: bytes) -> None:
    assert refusal(b'{"client_id": 1, "a": ' + b"[" * 30_000 + end + b"}") is Refusal.NO_OBJECT


def test_a_field_twice_is_read_by_its_last_value() -> None:
    read = press(b'{"client_id": 1, "client_id": "%s", "trigger": "silent", "trigger": "button", "pressed_at": null}' % CLIENT_ID.encode())

    assert read.client_id == UUID(CLIENT_ID)
    assert FaultKind.REPEATED_FIELD in kinds(read)


def test_thousands_of_unknown_fields_keep_a_few_faults_and_the_important_ones_first() -> None:
    read = press(json.dumps({**{f"f{i}": i for i in range(4000)}, "client_id": "x"}).encode())

    assert len(read.faults) == KEPT_LIMIT
    assert read.faults[0].kind is FaultKind.CLIENT_ID_NOT_UUID
    assert read.faults[-1].kind is FaultKind.MORE


def test_lone_surrogates_and_nul_do_not_reach_the_database() -> None:
    read = press(b'{"client_id": "\\ud800", "trigger": "\\u0000\\udfff", "\\ud801\\u0000": 1}')

    assert {FaultKind.CLIENT_ID_NOT_UUID, FaultKind.UNKNOWN_FIELD} <= kinds(read)
    for fault in read.faults:
        text = fault.field + (fault.said or "")
        assert "\x00" not in text
        text.encode("utf-8")


@pytest.mark.parametrize(
    ("said", "phone"),
    [
        ("+90 555 123 45 67", "+905551234567"),
        ("05551234567", "+905551234567"),
        (5551234567, "+905551234567"),
        ("0090 (555) 123-4567", "+905551234567"),
        ("+49 1512 3456789", "+4915123456789"),
        ("155", None),
        ("١", None),
        (True, None),
        (["05551234567"], None),
    ],
)
def test_a_gateways_caller_is_read_as_e164(said: object, phone: str | None) -> None:
    read = press(raw(phone=said))

    assert read.phone == phone
    assert (FaultKind.PHONE_UNREADABLE in kinds(read)) == (phone is None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["button", "2026-11-24T12:00:00Z", CLIENT_ID]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from(["pressed_at", "position", "trigger", "phone", "note"])
positions = st.dictionaries(st.sampled_from(["lon", "lat", "accuracy_m", "fixed_at", "x"]), json_values)


@given(json_values.filter(lambda said: said is not None), st.dictionaries(fields, json_values | positions), st.booleans())
def test_any_object_with_a_client_id_rings(client_id: object, said: dict[str, object], ascii_only: bool) -> None:
    given_ = json.dumps({**said, "client_id": client_id}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    read = press(given_)

    assert len(read.faults) <= KEPT_LIMIT
    for fault in read.faults:
        assert len(fault.said or "") <= SAID_LIMIT
        assert "\x00" not in (fault.said or "") + fault.field
        (fault.field + (fault.said or "")).encode("utf-8")
    if read.read is not None:
        assert read.read.fix.fixed_at <= NOON


@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_the_reading_fail(noise: bytes) -> None:
    read_press(noise, NOON)
    read_press(b'{"client_id": "' + noise + b'"}', NOON)
    read_press(b'{"client_id": 1, "position": ' + noise + b"}", NOON)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_the_shallow_reading_agrees_with_the_parser(said: dict[str, object]) -> None:
    from kades import loose_json

    text = json.dumps(said)
    read = loose_json._read_members(text, [])
    assert json.dumps(read) == text


def test_the_digest_tells_another_body_from_the_same() -> None:
    assert press(raw()).digest == press(raw()).digest != press(raw(trigger="silent")).digest
    assert press(raw(client_id=str(uuid4()))).digest != press(raw()).digest

"""The two verifiers of the log, `scripts/verify_log.py` and one in Perl, on a real log and hundreds of forged ones.

Both were written from docs/log-format.md, and neither knows the product. Each case says what must be found; where there
is a Perl, both must say it, and where the document leaves a case to them, they must agree.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from adapters.eventlog.jsonl.format import Tip, decode_header, encode_batch, encode_header
from adapters.ledger.codec import encode
from domain.commands import Command
from domain.events import TYPES
from tests.projections.test_any_history import batches, played
from tests.scripts import lies, lies_of_asks, lies_of_grants, lies_of_thresholds, lies_of_tiers
from tests.scripts.forgery import (
    SECOND,
    VERIFIER,
    Case,
    Judge,
    Lie,
    Line,
    bodies_of,
    chained,
    find,
    head,
    header_of,
    lines_of,
    prefix,
    rehashed,
    slot,
    start,
)

PROJECT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = (PROJECT / "docs" / "log-format.md").read_text(encoding="utf-8")


# What is there


def test_there_is_a_second_verifier_to_agree_with(perl: str | None) -> None:
    """Its language is not that of the first, and it has under 150 lines."""
    assert SECOND.read_text(encoding="utf-8").count("\n") < 150
    if perl is None:
        pytest.skip("no perl here, so the second verifier was left out; Debian and Ubuntu: sudo apt install perl")


def test_the_verifier_is_one_file_that_knows_nothing_of_the_product(tmp_path: Path, real: Path) -> None:
    """It imports the standard library alone, and a copy of it runs anywhere."""
    tree = ast.parse(VERIFIER.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names
    copy = shutil.copy(VERIFIER, tmp_path / "elsewhere.py")
    assert start(real / "events.jsonl", program=Path(copy)).returncode == 0


def test_the_document_names_the_members_that_events_have() -> None:
    """Its table is the domain's: every type, its members in their order, which of them may be left out."""
    (table,) = re.findall(r"^```events\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)
    rows = [re.sub(r"=\w+", "", row).split() for row in table.splitlines()]
    assert {name: members for name, *members in rows} == {
        name: [member + "?" * (member in kind._field_defaults) for member in kind._fields]
        for name, kind in TYPES.items()
    }


def test_the_example_of_the_document_is_whole(judge: Judge) -> None:
    """With the watermark that it gives, and the hash of its header as it says."""
    log, mark = example()
    whole = head(mark.encode().ljust(511) + b"\n")
    assert sha256(header_of(log)[:-1]).hexdigest() in DOCUMENT
    assert judge([Case("alone", log, None, "whole"), Case("with its watermark", log, whole, "whole")]) == 2


def example() -> tuple[bytes, str]:
    """The example of the document: the log, and a slot of its watermark."""
    log, mark = re.findall(r"^```json\n(.*?)\n```", DOCUMENT, re.DOTALL | re.MULTILINE)
    return str(log).encode() + b"\n", str(mark)


# What is whole


def test_a_real_log_with_every_type_of_event_is_whole(judge: Judge, real: Path, log: bytes) -> None:
    """Both verifiers find it whole, with the sums that the product's own state has."""
    assert {line.type for line in lines_of(log)} == set(TYPES)
    used, held = json.loads((real / "sums.json").read_text())
    assert used > 0 < held
    watermark = (real / "head").read_bytes()
    judge([Case("real", log, watermark, "whole", sums=(used, held)), Case("alone", log, None, "whole")])


def test_whatever_was_decided_is_whole(judge: Judge, thorough: bool) -> None:
    """Random commands in random batches, clocks that jump back among them: no decision of the product breaks a rule."""
    cases: list[Case] = []

    @settings(max_examples=1_500 if thorough else 120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(batches)
    def decide(history: list[tuple[int, list[Command]]]) -> None:
        world = played(history)
        header = encode_header("0f" * 16, "2026-03-10T11:00:00.000000Z")
        begin = decode_header(header)
        events = [encode(event) for event in world.events]
        lines = encode_batch(events, Tip(0, begin.size, begin.digest))[0] if events else []
        sums = world.state.pool.used_bytes, world.state.pool.held_bytes
        cases.append(Case(f"history {len(cases)}", b"".join([header, *lines]), None, "whole", sums=sums))

    decide()
    assert judge(cases) >= 120
    for member in (b'"drawn":', b'"returned":', b'"cost":'):
        assert any(member in case.log for case in cases), member


def test_a_line_may_hold_what_ends_lines_elsewhere(judge: Judge, log: bytes) -> None:
    """Lines are split at LF alone: U+2028, U+0085 and a raw DEL stay inside their string."""
    lines = lines_of(log)
    index = find(lines, "PreferenceSet")
    lines[index] = lines[index].with_data(value="a\u2028b\u0085c\x7f\U0001f408")
    forged = chained(header_of(log), lines)
    judge([Case("separators", forged, head(slot(forged, len(lines))), "whole")])


# What is not: damage that left the hashes as they were


def test_a_line_that_is_deleted_swapped_or_doubled_is_named(judge: Judge, log: bytes) -> None:
    """Whichever it is, with a watermark at the end and without one."""
    mark = head(slot(log, len(lines_of(log))))
    lines = log.splitlines(keepends=True)
    cases = []
    for position in range(1, len(lines)):
        before, line, after = lines[:position], lines[position], lines[position + 1 :]
        deleted, doubled = b"".join([*before, *after]), b"".join([*before, line, line, *after])
        cases.append(Case(f"{position} deleted", deleted, mark, "damaged", position))
        cases.append(Case(f"{position} deleted, alone", deleted, None, without_watermark(deleted, position)))
        cases.append(Case(f"{position} doubled", doubled, mark, "torn" if not after else "damaged", position + 1))
        if after:
            swapped = b"".join([*before, after[0], line, *after[1:]])
            cases.append(Case(f"{position} swapped", swapped, mark, "damaged", position))
            cases.append(Case(f"{position} swapped, alone", swapped, None, without_watermark(swapped, position)))
    assert judge(cases) > 190


def without_watermark(log: bytes, position: int) -> str:
    """What a log is whose first bad position is this one, where no watermark says more: by section 7."""
    rest = [json.loads(line) for line in log.split(b"\n")[position:-1]]
    if not rest:
        last = json.loads(log.split(b"\n")[-2])
        return "whole" if last["pos"] == last["batch"][1] else "torn"
    return "damaged" if any(event["batch"][0] > position for event in rest) else "torn"


def test_an_edited_line_is_named(judge: Judge, log: bytes) -> None:
    """One byte at the beginning, in the middle, in the hash or at the end of a line: that line is bad."""
    mark = head(slot(log, len(lines_of(log))))
    cases = []
    lines = log.splitlines(keepends=True)
    for position, line in enumerate(lines):
        for at in (0, 8, len(line) // 2, len(line) - 70, len(line) - 2):
            edited = line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]
            whole = b"".join([*lines[:position], edited, *lines[position + 1 :]])
            cases.append(Case(f"{position} at {at}", whole, mark, "damaged", position or None))
    assert judge(cases) == 5 * len(lines)


def test_a_flipped_bit_is_never_passed_over(judge: Judge, thorough: bool) -> None:
    """Each byte of a log, one bit or all eight: damaged with a watermark at its end, and never whole without one."""
    log, _ = example()
    mark = head(slot(log, len(lines_of(log))))
    cases = []
    for at in range(0, len(log), 1 if thorough else 4):
        for bit in range(8) if thorough else [at % 7]:
            flipped = log[:at] + bytes([log[at] ^ 1 << bit]) + log[at + 1 :]
            cases.append(Case(f"byte {at} bit {bit}", flipped, mark, "damaged"))
    judge(cases)


def test_a_cut_is_torn_above_the_watermark_and_damage_below_it(judge: Judge, thorough: bool) -> None:
    """Cut at every byte of the last lines: with the watermark at the end, before them, and without one."""
    log, _ = example()
    count = len(lines_of(log))
    ends = {len(prefix(log, position)) for position in (0, 1, 2, 3, 6, 7, 8)}
    low = len(prefix(log, 3))
    cases = []
    for cut in range(len(prefix(log, 0 if thorough else 4)) + (0 if thorough else 400), len(log)):
        above = "whole" if cut in ends else "torn"
        cases.append(Case(f"{cut}", log[:cut], head(slot(log, count)), "damaged"))
        cases.append(Case(f"{cut}, alone", log[:cut], None, above))
        cases.append(Case(f"{cut}, low", log[:cut], head(slot(log, 3)), above if cut >= low else "damaged"))
    judge(cases)


def test_bytes_that_are_no_lines_are_found(judge: Judge, log: bytes) -> None:
    """CRLF, a byte order mark, a blank line, zeros, no header, a foreign one, nothing at all."""
    lines, count = log.splitlines(keepends=True), len(lines_of(log))
    mark, size = head(slot(log, count)), len(log)
    blank = b"".join([*lines[:7], b"\n", *lines[7:]])
    hole = log[: size - 900] + bytes(600) + log[size - 300 :]
    bad = Line("ImageSaved", "[]", '{"at":"\udcff"}')
    judge([
        Case("CRLF", log.replace(b"\n", b"\r\n"), mark, "damaged"),
        Case("CRLF in one line", b"".join([*lines[:5], lines[5][:-1] + b"\r\n", *lines[6:]]), mark, "damaged", 5),
        Case("byte order mark", b"\xef\xbb\xbf" + log, mark, "damaged"),
        Case("blank line", blank, mark, "damaged", 7),
        Case("blank line, alone", blank, None, "damaged", 7),
        Case("blank line at the end", log + b"\n", mark, "torn", count + 1),
        Case("zeros at the end", log + bytes(4096), mark, "torn", count + 1),
        Case("a hole of zeros", hole, mark, "damaged"),
        Case("no LF at the end", log[:-1], mark, "damaged", count),
        Case("no LF at the end, alone", log[:-1], None, "torn", count),
        Case("no header", b"".join(lines[1:]), mark, "damaged"),
        Case("another format", log.replace(b'"format":1', b'"format":2', 1), mark, "damaged"),
        Case("a header of another form", log.replace(b"{", b"{ ", 1), mark, "damaged"),
        Case("empty", b"", None, "damaged"),
        Case("header alone", lines[0], None, "whole"),
        Case("half a header", lines[0][:50], None, "damaged"),
        Case("no UTF-8", chained(lines[0], [bad]), None, "torn", 1),
    ])  # fmt: skip


def test_a_line_is_at_most_16_mib_long(judge: Judge, log: bytes) -> None:
    """A line of one byte more is bad though its hash fits, and what stands inside such a line begins no batch. One of
    this length is read, and told to be no event: no text of the ledger's is as long.
    """
    header, lines = header_of(log), lines_of(log)
    index = find(lines, "PreferenceSet")
    room = 16_777_216 - len(chained(header, [lines[index]])) + len(header)
    longest, too_long = (lines[index].with_data(value="x" * (9 + room + more)) for more in (0, 1))
    later = chained(header, lines[:8]).splitlines(keepends=True)[-1]
    judge([
        Case("the longest", chained(header, [longest]), None, "damaged", 1, "no event"),
        Case("a byte more", chained(header, [too_long]), None, "torn", 1),
        Case("a later batch", header + b"x\n" + later, None, "damaged", 1),
        Case("a later batch within a line", header + b"x" * 16_777_216 + later, None, "torn", 1),
    ])  # fmt: skip


def test_a_hole_is_torn_in_the_last_batch_alone(judge: Judge, log: bytes) -> None:
    """Zeros within the last batch are what a power cut may leave, before valid records too; in an earlier one, not."""
    lines = [line._replace(ends=index < 30 or index == 39) for index, line in enumerate(lines_of(log)[:40])]
    log = chained(header_of(log), lines)
    rows = log.splitlines(keepends=True)
    holed = b"".join([*rows[:34], b"\0" * (len(rows[34]) - 1) + b"\n", *rows[35:]])
    earlier = b"".join([*rows[:28], b"\0" * len(rows[28]), *rows[29:]])
    judge([
        Case("in the last batch", holed, head(slot(log, 30)), "torn", 34),
        Case("in the last batch, alone", holed, None, "torn", 34),
        Case("in an earlier batch", earlier, head(slot(log, 20)), "damaged", 28),
        Case("in an earlier batch, alone", earlier, None, "damaged", 28),
        Case("in an earlier batch of a copy", earlier, head(slot(log, 20)), "torn", 28, is_copy=True),
        Case("in a copy, and its watermark knows better", earlier, head(slot(log, 30)), "damaged", 28, is_copy=True),
    ])  # fmt: skip


# What is not: forgeries whose hashes fit


_TELLERS = (lies, lies_of_grants, lies_of_tiers, lies_of_thresholds, lies_of_asks)
NO_EVENTS = [told for teller in _TELLERS for told in teller.NO_EVENTS]
FALSE_TAGS = [told for teller in _TELLERS for told in teller.FALSE_TAGS]


def test_an_impossible_fact_is_found_by_its_rule(judge: Judge, log: bytes) -> None:
    """With every hash and the watermark made anew: each rule of the account catches its own lies, at their place."""
    told = [told for teller in _TELLERS for told in teller.LIES]
    assert {rule for _, rule, _ in told} == set(re.findall(r"^\| ([APTHQ]\d+) ", DOCUMENT, re.MULTILINE)) - {"A13"}
    judge(forgeries(log, [(f"{rule}: {what}", rule, lie) for what, rule, lie in told]))


def test_data_that_have_no_form_are_found(judge: Judge, log: bytes) -> None:
    """One value has one spelling: members, types, order, spaces, escapes and words are those of section 4."""
    judge(forgeries(log, [(what, "no event", lie) for what, lie in NO_EVENTS]))


def test_false_tags_are_found(judge: Judge, log: bytes) -> None:
    """An event that hides from a user's history, or stands in another's, is damage."""
    judge(forgeries(log, [(what, "tags", lie) for what, lie in FALSE_TAGS]))


def forgeries(log: bytes, lies: Iterable[tuple[str, str | None, Lie]]) -> Iterator[Case]:
    """Each lie in a log of its own: with a watermark, and without one."""
    for what, rule, lie in lies:
        lines = lines_of(log)
        position = lie(lines)
        forged = chained(header_of(log), lines)
        yield Case(what, forged, head(slot(forged, len(lines))), "damaged", position, rule)
        yield Case(f"{what}, alone", forged, None, "damaged", position, rule)


def test_a_false_place_is_found(judge: Judge, log: bytes) -> None:
    """Positions and batches that do not follow, under hashes that fit: section 3, rule by rule."""
    bodies = bodies_of(log)
    cases = []
    for what, position, old, new in [
        ("begins with 2", 1, b'"pos":1,"batch":[1,1]', b'"pos":2,"batch":[2,2]'),
        ("a position is left out", 9, b'"pos":9,"batch":[9,9]', b'"pos":10,"batch":[10,10]'),
        ("a position is there twice", 9, b'"pos":9,"batch":[9,9]', b'"pos":8,"batch":[8,8]'),
        ("a batch begins early", 9, b'"batch":[9,9]', b'"batch":[8,9]'),
        ("a batch begins late", 9, b'"batch":[9,9]', b'"batch":[10,10]'),
        ("a batch ends before it begins", 9, b'"batch":[9,9]', b'"batch":[9,8]'),
        ("a batch ends late", 10, b'"pos":9,"batch":[9,9]', b'"pos":9,"batch":[9,10]'),
        ("a batch changes within", 3, b'"pos":3,"batch":[2,3]', b'"pos":3,"batch":[2,4]'),
        ("a batch is split", 3, b'"pos":3,"batch":[2,3]', b'"pos":3,"batch":[3,3]'),
        ("a batch is too large", 9, b'"batch":[9,9]', b'"batch":[9,100009]'),
        ("a leading zero", 9, b'"pos":9', b'"pos":09'),
        ("a position of 19 digits", 9, b'"pos":9', b'"pos":9000000000000000000'),
        ("a type that is no text", 1, b'"type":"PolicyChanged"', b'"type":null'),
        ("a tag that is no text", 1, b'"tags":["policy"]', b'"tags":[1]'),
        ("members in another order", 9, b'"pos":9,"batch":[9,9]', b'"batch":[9,9],"pos":9'),
        ("a further member", 1, b'"type":', b'"by":"me","type":'),
    ]:
        edited = [body.replace(old, new, 1) if old in body else body for body in bodies]
        assert edited != bodies, what
        forged = rehashed(header_of(log), edited)
        cases += [
            Case(what, forged, head(slot(forged, len(bodies))), "damaged", position),
            Case(f"{what}, alone", forged, None, None, position),
        ]
    judge(cases)


def test_data_of_other_programs_have_a_chain_and_no_account(judge: Judge, log: bytes, tmp_path: Path) -> None:
    """`data64` and foreign types are no events of the ledger; with `--chain` only the chain is asked for."""
    header = header_of(log)
    other = chained(header, [Line("Happened", '["a"]', '{"n":1}'), Line("Happened", "[]", '{"n":2}')])
    encoded = chained(header, [Line("PreferenceSet", "[]", '"e30="')], member="data64")
    judge([Case("another type", other, None, "damaged", 1), Case("data64", encoded, None, "damaged", 1)])
    for number, foreign in enumerate((other, encoded)):
        path = tmp_path / f"foreign{number}"
        path.write_bytes(foreign)
        assert start(path, "--chain").returncode == 0
        path.write_bytes(foreign.replace(b'"hash":"', b'"hash":"0', 1))
        assert start(path, "--chain").returncode != 0


def test_a_watermark_that_does_not_fit_is_found(judge: Judge, log: bytes) -> None:
    """Section 6 and its rows of section 7: which slot holds, what it must say, and what is no slot at all."""
    count = len(lines_of(log))
    good, low, header = slot(log, count), slot(log, 3, counter=2), header_of(log)
    other, longer = slot(log, count, log="0" * 32), slot(log, count, size=len(log) + 1)
    wrong, check = slot(log, count, hash="0" * 64), good.index(b'"check":"') + 10
    unchecked = good[:check] + bytes([good[check] ^ 1]) + good[check + 1 :]
    judge([
        Case("both slots", log, head(low, good), "whole"),
        Case("the lower counter is not asked", log, head(slot(log, 3, counter=2, hash="0" * 64), good), "whole"),
        Case("the lower counter stands last", log, head(slot(log, count, counter=4), slot(log, 3)), "whole"),
        Case("the higher counter holds", prefix(log, 8), head(slot(log, count, counter=4), slot(log, 3)), "damaged", 9),
        Case("one slot is torn", prefix(log, 8), head(slot(log, 3), good[:300]), "whole"),
        Case("a slot in the first place alone", log, slot(log, count, counter=2), "whole"),
        Case("another log's", log, head(other), "damaged"),
        Case("another log's in the lower slot", log, head(slot(log, 3, counter=2, log="0" * 32), good), "damaged"),
        Case("another hash", log, head(wrong), "damaged", count),
        Case("another size", log, head(slot(log, 8, size=len(log))), "damaged", 8),
        Case("a size within a line", log, head(slot(log, 8, size=len(prefix(log, 8)) - 1)), "damaged", 8),
        Case("a size beyond the end", log, head(longer), "damaged"),
        Case("a position beyond the end", log, head(slot(log, count, position=count + 1)), "damaged"),
        Case("a position within a batch", log, head(slot(log, 2)), "damaged", 2),
        Case("nothing yet", header, head(slot(header, 0, counter=1)), "whole"),
        Case("nothing yet, and then events", log, head(slot(log, 0, counter=1)), "whole"),
        Case("nothing yet, of another header", log, head(slot(log, 0, hash="0" * 64)), "damaged", 0),
        Case("empty", log, b"", "damaged"),
        Case("empty, and no events", header, b"", "whole"),
        Case("zeros", log, bytes(4608), "damaged"),
        Case("a check that does not fit", log, head(unchecked), "damaged"),
        Case("no spaces", log, head(good.rstrip() + b"\n"), "damaged"),
        Case("CRLF", log, head(good[:-2] + b"\r\n"), "damaged"),
    ])  # fmt: skip


def test_a_flipped_bit_of_the_watermark_leaves_the_other_slot(judge: Judge, log: bytes) -> None:
    """Each byte of a slot is under its check: with another slot the log is whole, without one it is damaged."""
    good, low = slot(log, len(lines_of(log))), slot(log, 3, counter=2)
    cases = []
    for at in range(0, len(good), 3):
        bad = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        cases += [Case(f"{at}", log, head(low, bad), "whole"), Case(f"{at}, alone", log, head(bad), "damaged")]
    judge(cases)

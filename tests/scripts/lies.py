"""Lies that a careful forger tells: every hash, position and watermark is made to fit, and one fact is false.

Each is named with the rule of docs/log-format.md that it breaks. What the rules call them is the document's section 5.
"""

from __future__ import annotations

from tests.scripts.forgery import (
    Lie,
    Line,
    changed,
    find,
    left_out,
    repeated,
    respelled,
    retagged,
    spelled,
)

LATER = "2026-03-11T12:00:00.000000Z"
EARLIER = "2026-03-09T12:00:00.000000Z"


def in_the_future(lines: list[Line]) -> int:
    """An event of tomorrow, so that the next one is too early."""
    index = find(lines, "PreferenceSet")
    lines[index] = lines[index].with_data(at=LATER)
    return index + 2


def another_users(type_name: str, **where: object) -> Lie:
    """The event is of a user who has no such reservation, and is tagged so."""

    def lie(lines: list[Line]) -> int:
        index = find(lines, type_name, **where)
        user = lines[index].members["user"]
        tags = lines[index].tags.replace(f'"user:{user}"', '"user:nobody"')
        lines[index] = lines[index].with_data(user="nobody")._replace(tags=tags)
        return index + 1

    return lie


def with_a_place(type_name: str, **where: object) -> Lie:
    """A save that needs no place takes one that is open."""

    def lie(lines: list[Line]) -> int:
        index = find(lines, type_name, **where)
        user = lines[index].members["user"]
        made = lines[find(lines, "GenerationReserved", user="42")]
        lines.insert(index, made.with_data(user=user, at=lines[index - 1].members["at"], reservation="f0" * 16))
        lines[index] = lines[index]._replace(tags=f'["user:{user}","pool"]', ends=True)
        lines[index + 1] = lines[index + 1].with_data(reservation="f0" * 16)
        return index + 2

    return lie


def later(events: int, lie: Lie) -> Lie:
    """A lie that shows so many events after it."""
    return lambda lines: lie(lines) + events


def files_changed(*, size: int = 0, freed: int = 0, twice: bool = False) -> Lie:
    """The cleanup lists other files: the first larger, the first twice, another sum."""

    def lie(lines: list[Line]) -> int:
        index = find(lines, "CleanupCompleted")
        files = lines[index].members["files"]
        files[0]["bytes"] += size
        files += files[:1] if twice else []
        total = sum(file["bytes"] for file in files) + freed
        lines[index] = lines[index].with_data(files=files, freed_bytes=total)
        return index + 1

    return lie


def too_many_files(lines: list[Line]) -> int:
    """One file more than an event may hold."""
    index = find(lines, "CleanupCompleted")
    files = [{"user": "7", "name": f"n{number}", "bytes": 0} for number in range(501)]
    lines[index] = lines[index].with_data(files=files)._replace(tags='["user:7","pool"]')
    return index + 1


def cleanup_of_nothing_with_the_pool(lines: list[Line]) -> int:
    """As former versions recorded it, but for the tag: no sum of the pool has changed."""
    index = find(lines, "CleanupCompleted")
    lines[index] = lines[index].with_data(files=[], freed_bytes=0)._replace(tags='["pool"]')
    return index + 1


def saved_again(**where: object) -> Lie:
    """A second image of the same bytes settles the same reservation."""

    def lie(lines: list[Line]) -> int:
        index = find(lines, "ImageSaved", **where)
        return repeated("ImageSaved", where, replaced_bytes=lines[index].members["bytes"])(lines)

    return lie


def recounted(**where: object) -> Lie:
    """A release frees one place more than was open."""

    def lie(lines: list[Line]) -> int:
        index = find(lines, "GenerationReleased", **where)
        count, refunded = (lines[index].members[name] for name in ("count", "refunded"))
        lines[index] = lines[index].with_data(count=count + 1, refunded=refunded + 1)
        return index + 1

    return lie


def uncorrected(lines: list[Line]) -> int:
    """The first event says that the clock was corrected, where no time came before."""
    at = lines[0].members["at"]
    data = spelled({"at": at, "by": "cli", "was": at, "now": at})
    lines.insert(0, Line("ClockCorrected", '["policy"]', data))
    return 1


def partly_cancelled(lines: list[Line]) -> int:
    """After the clock was corrected a reservation of two open places is left with one."""
    index = find(lines, "ClockCorrected") + 1
    lines[index] = lines[index].with_data(count=1, refunded=1)
    return index + 1


def cancelled_for_another_reason(lines: list[Line]) -> int:
    """After the clock was corrected a reservation fails."""
    index = find(lines, "ClockCorrected") + 1
    lines[index] = lines[index].with_data(reason="failed")
    return index + 1


def named_after_the_clock(lines: list[Line]) -> int:
    """A reservation that was closed when the clock was corrected is delivered after all."""
    index = find(lines, "ClockCorrected")
    late = lines[find(lines, "GenerationCompleted", seconds=0.25)]
    closed = lines[find(lines, "GenerationReleased", reason="expired")].members
    at = lines[-1].members["at"]
    delivered = late.with_data(at=at, user=closed["user"], reservation=closed["reservation"])
    lines.append(delivered._replace(tags=f'["user:{closed["user"]}"]'))
    assert index < len(lines)
    return len(lines)


def delivered_after_the_end(lines: list[Line]) -> int:
    """A reservation of which every place was settled is delivered after that."""
    saved = lines[find(lines, "ImageSaved", name="cat.png")].members
    late = lines[find(lines, "GenerationCompleted", seconds=0.25)]
    delivered = late.with_data(user="42", reservation=saved["reservation"])
    index = find(lines, "ImageSaved", name="cat.png") + 1
    lines.insert(index, delivered._replace(tags='["user:42"]'))
    return index + 1


def gift_to(user: str, tags: str) -> Lie:
    """A gift goes to another user, and is tagged so."""

    def lie(lines: list[Line]) -> int:
        index = find(lines, "PointsMoved", kind="gift")
        request = lines[index].tags[-34:-2]
        lines[index] = lines[index].with_data(payee=f"user:{user}")._replace(tags=tags.replace("REQUEST", request))
        return index + 1

    return lie


def rewarded_again(lines: list[Line]) -> int:
    """A picture is marked once more, and its owner rewarded once more."""
    index = find(lines, "FavouriteSet", on=False)
    marked, reward = lines[find(lines, "FavouriteSet", on=True)], lines[find(lines, "PointsMoved", kind="favourite")]
    lines[index + 1 : index + 1] = [marked, reward]
    return index + 3


def bought_too_late(lines: list[Line]) -> int:
    """An offer is bought after it was withdrawn."""
    paid = find(lines, "PointsMoved", kind="purchase")
    bought = [lines.pop(paid) for _ in range(2)]
    index = find(lines, "OfferWithdrawn")
    lines[index + 1 : index + 1] = bought
    return index + 2


def given_in_another_batch(lines: list[Line]) -> int:
    """The price of an offer is paid, and what was bought is given by itself."""
    index = find(lines, "PointsMoved", kind="purchase")
    lines[index] = lines[index]._replace(ends=True)
    return index + 1


def nothing_given(lines: list[Line]) -> int:
    """The price of an offer is paid, and nothing follows in its batch."""
    given_in_another_batch(lines)
    index = find(lines, "PointsMoved", kind="purchase")
    del lines[index + 1]
    return index + 1


def given_to_another(lines: list[Line]) -> int:
    """Who pays is not who is given what was bought."""
    index = find(lines, "GrantGiven", grant="b1")
    lines[index] = lines[index].with_data(user="7")._replace(tags='["user:7"]')
    return index + 1


def given_later(lines: list[Line]) -> int:
    """Between the price of an offer and what it bought something else happens."""
    index = find(lines, "PointsMoved", kind="purchase")
    lines.insert(index + 1, lines[find(lines, "PointsMoved", kind="mint")]._replace(ends=False))
    return index + 2


PLAIN = {"name": "cat.png", "replaced_bytes": 0}
LIES: list[tuple[str, str, Lie]] = [
    ("an event of yesterday", "A1", changed("PreferenceSet", at=EARLIER)),
    ("an event of tomorrow", "A1", in_the_future),
    ("the clock was corrected from another time", "A2", changed("ClockCorrected", was="2026-03-20T12:00:00.000001Z")),
    ("the clock was corrected to another time", "A2", changed("ClockCorrected", now="2026-03-20T10:00:00.000000Z")),
    ("the clock was corrected forward", "A2", changed("ClockCorrected", at="2026-03-21T12:00:00.000000Z",
                                                      now="2026-03-21T12:00:00.000000Z")),
    ("the clock was corrected at the beginning", "A2", uncorrected),
    ("a reservation outlives its clock", "A3", left_out("GenerationReleased", 0, user="7", reason="cancelled")),
    ("a reservation is cancelled in part", "A3", partly_cancelled),
    ("a reservation ends for another reason", "A3", cancelled_for_another_reason),
    ("a reservation is made twice", "A4", repeated("GenerationReserved", {"count": 3})),
    ("a reservation of no place", "A4", changed("GenerationReserved", count=0)),
    ("a settlement of an unknown reservation", "A5", changed("ImageSaved", PLAIN, reservation="e" * 32)),
    ("a release of an unknown reservation", "A5", changed("GenerationReleased", reservation="e" * 32)),
    ("a delivery to another user", "A5", another_users("GenerationCompleted")),
    ("a release by another user", "A5", another_users("GenerationReleased", reason="failed")),
    ("a settlement by another user", "A5", another_users("ImageSaved", name="cat.png")),
    ("a delivery after all is settled", "A5", delivered_after_the_end),
    ("a delivery after the clock was corrected", "A5", named_after_the_clock),
    ("a reservation that never was", "A5", left_out("GenerationReserved", 0, count=3)),
    ("more delivered than reserved", "A6", changed("GenerationCompleted", {"count": 2}, count=4)),
    ("delivered twice", "A6", repeated("GenerationCompleted", {"count": 2})),
    ("nothing delivered", "A6", changed("GenerationCompleted", count=0)),
    ("more released than open", "A7", recounted(reason="failed")),
    ("nothing released", "A7", changed("GenerationReleased", {"reason": "failed"}, count=0, refunded=0)),
    ("released twice", "A7", repeated("GenerationReleased", {"reason": "failed"})),
    ("more delivered released than were", "A7", changed("GenerationReleased", {"reason": "failed"}, delivered=1,
                                                        refunded=0)),
    ("delivered places released as not delivered", "A7", changed("GenerationReleased", {"user": "7", "reason":
                                                                 "cancelled"}, delivered=0, refunded=2)),
    ("a refund of what was delivered", "A8", changed("GenerationReleased", {"delivered": 1, "reason": "moderated"},
                                                     refunded=1)),
    ("no refund", "A8", changed("GenerationReleased", {"reason": "failed"}, refunded=0)),
    ("a refund after a reset", "A8", changed("GenerationReleased", {"reason": "cancelled"}, refunded=1)),
    ("a refund after a reset that was left out", "A8", left_out("DailyCountReset", 0)),
    ("a moderated place was free, and is not", "A8", changed("GenerationReleased", {"reason": "moderated", "user": "7"},
                                                             refunded=0)),
    ("moderated places became free unsaid", "A8", left_out("PolicyChanged", 2, source="environment")),
    ("an image without a place", "A9", changed("ImageSaved", PLAIN, reservation=None)),
    ("a temp file with a place", "A9", with_a_place("ImageSaved", name="t1.png")),
    ("an adopted file with a place", "A9", with_a_place("ImageSaved", operation="adopted")),
    ("a place is settled twice", "A5", saved_again(**PLAIN)),
    ("a place is settled that was released", "A9", saved_again(name="cat.png", bytes=900)),
    ("an overwrite charges all", "A10", changed("ImageSaved", {"replaced_bytes": 500}, replaced_bytes=0)),
    ("a new image replaces something", "A10", changed("ImageSaved", PLAIN, replaced_bytes=1)),
    ("a temp file replaces an image", "A10", changed("ImageSaved", {"name": "t1.png"}, name="cat.png",
                                                    replaced_bytes=500)),
    ("more is freed than stood", "A11", changed("ImageDeleted", bytes=901)),
    ("what never stood is deleted", "A11", changed("ImageDeleted", name="dog.png")),
    ("a temp file is deleted as which it never stood", "A11", changed("ImageDeleted", temp=True)),
    ("deleted twice", "A11", repeated("ImageDeleted")),
    ("a smaller image was saved than was replaced", "A10", later(5, changed("ImageSaved", PLAIN, bytes=499))),
    ("the files do not add up", "A12", files_changed(freed=1)),
    ("a cleaned file was smaller", "A12", files_changed(size=1)),
    ("a file is cleaned up twice", "A12", files_changed(twice=True)),
    ("a file is cleaned up that never stood", "A12", left_out("ImageSaved", 12, name="t1.png")),
    ("a gift as if minted", "P1", changed("PointsMoved", {"kind": "gift"}, kind="mint")),
    ("a gift as if burned", "P1", changed("PointsMoved", {"kind": "gift"}, kind="burn")),
    ("minted as if claimed", "P1", changed("PointsMoved", {"kind": "mint"}, kind="claim")),
    ("claimed as if minted", "P1", changed("PointsMoved", {"kind": "claim"}, kind="mint")),
    ("minted without a reason", "P1", changed("PointsMoved", {"kind": "mint"}, reason=None)),
    ("burned without a reason", "P1", changed("PointsMoved", {"kind": "burn"}, reason=None)),
    ("claimed with a reason", "P1", respelled("PointsMoved", '"claim"', '"claim","reason":"a"', kind="claim")),
    ("a gift for an offer", "P1", respelled("PointsMoved", '"thanks"', '"thanks","offer":"ten"', kind="gift")),
    ("a purchase of nothing", "P1", changed("PointsMoved", {"kind": "purchase"}, offer=None)),
    ("a purchase burned", "P1", changed("PointsMoved", {"kind": "purchase"}, payee="mint")),
    ("a gift to oneself", "P1", gift_to("42", '["user:42","request:REQUEST"]')),
    ("more given than there is", "P2", changed("PointsMoved", {"kind": "gift"}, amount=51)),
    ("more burned than there is", "P2", changed("PointsMoved", {"kind": "burn"}, amount=7)),
    ("more minted than there can be", "P2", changed("PointsMoved", {"kind": "mint"}, amount=2**53)),
    ("given before it was minted", "P2", later(1, left_out("PointsMoved", -1, kind="mint"))),
    ("a day claimed twice", "P3", repeated("PointsMoved", {"kind": "claim"})),
    ("a reward given twice", "P4", repeated("PointsMoved", {"kind": "favourite"})),
    ("a reward for nothing", "P4", left_out("FavouriteSet", 0, on=True)),
    ("a reward of another", "P4", later(1, changed("FavouriteSet", {"on": True}, owner="7"))),
    ("a reward for one's own", "P4", later(1, changed("FavouriteSet", {"on": True}, owner="42"))),
    ("a reward of a second mark", "P4", rewarded_again),
    ("another price paid", "P5", changed("PointsMoved", {"kind": "purchase"}, amount=6)),
    ("another offer bought", "P5", changed("PointsMoved", {"kind": "purchase"}, offer="eleven")),
    ("bought after it was withdrawn", "P5", bought_too_late),
    ("paid, and nothing given", "P8", nothing_given),
    ("given in another batch", "P8", given_in_another_batch),
    ("given after something else", "P8", given_later),
    ("given to another", "P8", given_to_another),
    ("another unit given", "P8", changed("GrantGiven", {"grant": "b1"}, unit="credits")),
    ("more given than was bought", "P8", changed("GrantGiven", {"grant": "b1"}, amount=11)),
    ("less given than was bought", "P8", changed("GrantGiven", {"grant": "b1"}, amount=9)),
    ("bought as if from a manager", "P8", changed("GrantGiven", {"grant": "b1"}, source="manager")),
    ("given for ever", "P8", changed("GrantGiven", {"grant": "b1"}, expires_at=None)),
    ("given for a day less", "P8", changed("GrantGiven", {"grant": "b1"}, expires_at="2026-04-08T12:00:00.000000Z")),
    ("given with a rollover", "P8", respelled("GrantGiven", 'Z"}', 'Z","rollover":1}', grant="b1")),
    ("withdrawn twice", "P6", repeated("OfferWithdrawn")),
    ("another offer withdrawn", "P6", changed("OfferWithdrawn", offer="eleven")),
    ("marked twice", "P7", repeated("FavouriteSet", {"on": True})),
    ("no longer marked twice", "P7", repeated("FavouriteSet", {"on": False})),
    ("another picture no longer marked", "P7", changed("FavouriteSet", {"on": False}, image=1)),
]  # fmt: skip
"""What is told, the rule that it breaks, and how it is told."""

NO_EVENTS: list[tuple[str, Lie]] = [
    ("an unknown type", lambda lines: _retyped(lines, "ImageSeen")),
    ("another type", lambda lines: _retyped(lines, "ImageDeleted")),
    ("a member is missing", changed("ImageSaved", PLAIN, width=None)),
    ("the time is missing", changed("PreferenceSet", at=None)),
    ("a member is added", changed("ImageSaved", PLAIN, colour="red")),
    ("a member is there twice", respelled("ImageSaved", '"temp":false', '"temp":false,"temp":false', **PLAIN)),
    (
        "members in another order",
        respelled("ImageSaved", '"bytes":500,"replaced_bytes":0', '"replaced_bytes":0,"bytes":500'),
    ),
    ("a space", respelled("ImageSaved", '"temp":false', '"temp": false', **PLAIN)),
    ("text for a number", respelled("ImageSaved", '"bytes":500', '"bytes":"500"')),
    ("a fraction for a whole number", respelled("ImageSaved", '"bytes":500', '"bytes":500.0')),
    ("a negative number", changed("ImageSaved", PLAIN, bytes=-500)),
    ("a leading zero", respelled("ImageSaved", '"bytes":500', '"bytes":0500')),
    ("a number beyond 18 digits", changed("GenerationReserved", bytes_each=10**18)),
    ("null", respelled("ImageSaved", '"temp":false', '"temp":null', **PLAIN)),
    ("a number for a flag", changed("ImageSaved", PLAIN, temp=0)),
    ("a flag for a number", changed("GenerationReserved", count=True)),
    ("null for a member that is left out", respelled("GenerationReserved", '"}', '","origin":null}', count=1)),
    ("an escape that is not needed", respelled("PreferenceSet", '"pixel-art"', '"pixel\\u002dart"')),
    ("a capital escape", respelled("PreferenceSet", '"pixel-art"', '"\\u001F"')),
    ("a bare tab", respelled("PreferenceSet", '"pixel-art"', '"\t"')),
    ("a user who cannot be", changed("DailyCountReset", user="A")),
    ("a name that leads away", changed("ImageSaved", PLAIN, name="../cat.png")),
    ("a name of two folders", changed("ImageSaved", PLAIN, name="a/b/cat.png")),
    ("a name that is too long", changed("ImageSaved", PLAIN, name="n" * 121)),
    ("a name with a dot at its end", changed("ImageSaved", PLAIN, name="cat.png.")),
    ("a time without its fraction", changed("PreferenceSet", at="2026-03-10T12:00:00Z")),
    ("a time of month 13", changed("LimitsOverridden", until="2026-13-01T00:00:00.000000Z")),
    ("an hour 24", changed("LimitsOverridden", until="2026-12-01T24:00:00.000000Z")),
    ("another operation", changed("GenerationReserved", operation="adopted")),
    ("another source", changed("PolicyChanged", source="whim")),
    ("another reason of a release", changed("GenerationReleased", reason="mood")),
    ("another reason of a deletion", changed("ImageDeleted", reason="mood")),
    ("another reason of a refusal", changed("RequestRefused", reason="NAME_TAKEN")),
    ("a digest in capitals", changed("ImageSaved", PLAIN, sha256="AB" * 32)),
    ("a digest that is too short", changed("ImageSaved", PLAIN, sha256="ab" * 31)),
    ("limits of nothing", changed("LimitsOverridden", limits={})),
    ("limits in another order", changed("LimitsOverridden", limits={"daily": 1, "user_bytes": 1})),
    ("limits of the pool for a user", changed("LimitsOverridden", limits={"pool_bytes": 1})),
    ("a policy without a limit", changed("PolicyChanged", limits={"user_bytes": 1})),
    ("a refusal of nothing", changed("RequestRefused", asked={"count": 1})),
    ("a request without a digest", changed("PreferenceSet", request={"key": "p"})),
    ("more files than an event holds", too_many_files),
    ("no points", changed("PointsMoved", amount=0)),
    ("half a point", respelled("PointsMoved", '"amount":50', '"amount":0.5')),
    ("a point of debt", changed("PointsMoved", amount=-1)),
    ("an account of nobody", changed("PointsMoved", payer="bank")),
    ("an account of who cannot be", changed("PointsMoved", {"kind": "burn"}, payer="user:con")),
    ("another kind", changed("PointsMoved", kind="theft")),
    ("an offer for nothing", changed("OfferSet", price=0)),
    ("an offer for no day", changed("OfferSet", days=0)),
    ("an offer of apples", changed("OfferSet", unit="apples")),
    ("a picture of no position", changed("FavouriteSet", image=0)),
    ("a mark that is no flag", changed("FavouriteSet", on=1)),
]
"""What is told, in data that have no form of section 4."""

FALSE_TAGS: list[tuple[str, Lie]] = [
    ("no tags", retagged("PreferenceSet", "[]")),
    ("another user", retagged("ImageDeleted", '["user:7","pool"]')),
    ("not the pool", retagged("ImageDeleted", '["user:42"]')),
    ("the pool for nothing", retagged("DailyCountReset", '["user:42","pool"]')),
    ("another order", retagged("ImageDeleted", '["pool","user:42"]')),
    ("one twice", retagged("ImageDeleted", '["user:42","user:42","pool"]')),
    ("not the policy", retagged("PolicyChanged", "[]")),
    ("the clock for nobody", retagged("ClockCorrected", "[]")),
    ("not the request", retagged("PreferenceSet", '["user:42"]')),
    ("another request", retagged("PreferenceSet", '["user:42","request:' + "0" * 32 + '"]')),
    ("another key", changed("PreferenceSet", request={"key": "q", "digest": "0f" * 32})),
    ("another actor", changed("PreferenceSet", by="cli")),
    ("a giver left out", gift_to("7", '["user:7","request:REQUEST"]')),
    ("who is given left out", gift_to("7", '["user:42","request:REQUEST"]')),
    ("giver and given in another order", gift_to("7", '["user:7","user:42","request:REQUEST"]')),
    ("the market as a user", retagged("PointsMoved", '["user:42","user:market"]', kind="purchase")),
    ("an offer not of the policy", retagged("OfferSet", "[]")),
    ("a cleaned user left out", retagged("CleanupCompleted", '["pool"]')),
    ("a cleanup of nothing with the pool", cleanup_of_nothing_with_the_pool),
]
"""What the tags say, where the data are true."""


def _retyped(lines: list[Line], type_name: str) -> int:
    index = find(lines, "ImageSaved")
    lines[index] = lines[index]._replace(type=type_name)
    return index + 1

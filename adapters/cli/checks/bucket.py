"""What the bucket says in which images are kept: whether it does what is needed of it, and what its clock shows."""

from __future__ import annotations

from adapters.cli.checks.finding import Finding, fail, ok, warn
from adapters.engines.choice import examine_bucket, of_another_log
from adapters.ports.object_place import ObjectPlace

NOTICED_SECONDS = 60.0
WITHOUT_CONDITIONS = (
    "Nothing is lost by it, as no two images have one key (docs/object-store.md); one that honours them shows mistakes."
)


def bucket(objects: ObjectPlace, *, has_log: bool) -> list[Finding]:
    """Goes the way of a save and a deletion with a small object, and asks whether what is there goes with the log."""
    found = examine_bucket(objects)
    if (failure := found.failure) is not None:
        told = f"It was tried to {found.step} in {objects}, and failed: {failure.sentence}"
        return [fail("bucket", told, failure.advice)]
    findings = [
        ok("bucket", f"{objects} takes, lists, gives and deletes objects."),
        *_beside_log(objects, has_log=has_log),
    ]
    if not found.is_conditional:
        findings.append(
            warn("conditions", "The store puts over what is there, whatever it is asked.", WITHOUT_CONDITIONS)
        )
    if abs(found.ahead_seconds) > NOTICED_SECONDS:
        which = "ahead of" if found.ahead_seconds > 0 else "behind"
        told = f"The store's clock is {abs(found.ahead_seconds):.0f} seconds {which} this machine's."
        findings.append(warn("store clock", told, "Set the clocks: from 15 minutes on every request is refused."))
    return findings


def _beside_log(objects: ObjectPlace, *, has_log: bool) -> list[Finding]:
    """That the prefix is a log's, and there is none; of one that there is, whoever reads it says more."""
    without_log = None if has_log else of_another_log(objects)()
    if without_log is None:
        return []
    return [fail("images", without_log, "Nothing starts before that; do what it says.")]

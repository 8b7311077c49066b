"""What could not be made or kept, as values: ordinary answers, and so returned and not raised.

What goes wrong outside the rules is raised, and is in `faults`. The words are those of whoever shows them.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.ports.failure_reasons import AnswerReason, CallReason, FailureKind, OwnReason, PlainReason
from adapters.ports.request_reasons import RequestReason, ShapeReason
from domain.refusals import Refusal

FailureReason = PlainReason | AnswerReason | CallReason | OwnReason | RequestReason | ShapeReason


OF_REQUESTS = frozenset({FailureKind.BAD_REQUEST, FailureKind.MODERATED_PROMPT, FailureKind.GIVEN_UP})
"""Kinds of failures that say something of the request, or of what was wanted of it since."""


@dataclass(frozen=True)
class GenerationFailure:
    """Why there is no image. It holds no secret.

    `retry_after_seconds` is how long to wait before the next try, where that is known; `upstream_status` the status of
    the service's answer, where there was one. `said` is what the service says of it, on one line and bounded, where the
    reason does not hold it; `maybe_paid`, that the service may have worked, whatever the reason.
    """

    reason: FailureReason
    retry_after_seconds: float | None = None
    upstream_status: int | None = None
    said: str = ""
    maybe_paid: bool = False

    @property
    def kind(self) -> FailureKind:
        """What a caller may do next."""
        return self.reason.kind

    @property
    def surely_unpaid(self) -> bool:
        """Whether it is known that no provider worked for this: it was not asked, or it refused before."""
        return self.reason.unpaid and not self.maybe_paid

    @property
    def is_of_request(self) -> bool:
        """Whether the request itself is refused or given up, and cost nothing: that is for who made it to hear."""
        return self.kind in OF_REQUESTS and self.surely_unpaid


Note = str | GenerationFailure
"""What is told with a picture: a sentence, or the failure after which no further ones were asked for."""


@dataclass(frozen=True)
class NotStored:
    """A picture that no limit refuses, and that the storage did not take.

    `sentence` is that of the fault where it is fit for users; "" where it may name folders, which are the operator's.
    """

    sentence: str = ""


NotKept = Refusal | NotStored
"""Why a picture that was made is not kept."""

"""What history decided anew under other limits adds up to, in sentences."""

from __future__ import annotations

from adapters.wording.figures import counted
from projections.what_if_sums import Sums


def sums_in_words(sums: Sums) -> list[str]:
    """What would not have been made and what more, for how much, and what no figure can tell."""
    lines = []
    if sums.not_made:
        saved = f"{counted(sums.not_made, 'picture')} would not have been made, which saves {sums.saved:,.2f} credits"
        lines.append(f"{saved}.")
    if sums.more_made:
        lines.append(f"{_more(sums)}.")
    if unpriced := sums.unpriced + sums.unpriced_saved:
        lines.append(f"Of {counted(unpriced, 'picture')} the log has no price; they are in no sum of credits.")
    if sums.cut:
        lines.append(
            f"{counted(sums.cut, 'time')} a user was refused 20 times for one reason and day: what was refused after "
            "that is not recorded, and so is not in these figures."
        )
    return lines


def _more(sums: Sums) -> str:
    more = f"{counted(sums.more_made, 'picture')} more would have been made"
    if sums.more_unpriced == sums.more_made:
        return f"{more}; what they had cost is not known"
    known = f"{more}, for {sums.more_spent:,.2f} credits at the prices of then"
    return f"{known}, and what {sums.more_unpriced:,} of them had cost is not known" if sums.more_unpriced else known

"""`QuotaManager` and `QuotaExceeded` under their former module path."""

from adapters.library import QuotaExceeded, QuotaManager

__all__ = ["QuotaExceeded", "QuotaManager"]

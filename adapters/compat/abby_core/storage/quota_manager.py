"""`QuotaManager` and `QuotaExceeded` under their former module path."""

from adapters.storage import QuotaExceeded, QuotaManager

__all__ = ["QuotaExceeded", "QuotaManager"]

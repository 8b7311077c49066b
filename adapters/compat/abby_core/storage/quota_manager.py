"""`QuotaManager` and `QuotaExceeded` under their former module path."""

from adapters.library.quota_manager import QuotaExceeded, QuotaManager

__all__ = ["QuotaExceeded", "QuotaManager"]

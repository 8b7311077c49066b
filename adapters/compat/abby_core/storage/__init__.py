"""`abby_core.storage` is `adapters.storage`."""

from adapters.library import QuotaExceeded, QuotaManager, StorageManager

__all__ = ["QuotaExceeded", "QuotaManager", "StorageManager"]

"""`abby_core.storage` is `adapters.storage`."""

from adapters.storage import QuotaExceeded, QuotaManager, StorageManager

__all__ = ["QuotaExceeded", "QuotaManager", "StorageManager"]

"""`StorageManager` under its former module path."""

from adapters.storage import StorageManager

__all__ = ["StorageManager"]

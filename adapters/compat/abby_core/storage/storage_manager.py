"""`StorageManager` under its former module path."""

from adapters.library.storage_manager import StorageManager

__all__ = ["StorageManager"]

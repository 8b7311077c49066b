"""Images as files below the storage root."""

"""Pictures as bytes: whether they may be kept, their containers, their shapes. Knows no storage and no provider."""

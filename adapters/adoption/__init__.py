"""Existing images are brought in: looked for, judged, charged, copied."""

"""The middle ring: pure folds over events that answer questions. A fold holds no rules; if it needs one, an event is
missing.
"""

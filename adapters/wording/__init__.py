"""Sentences for people, made from values; where each is shown is the inbound adapters' business."""

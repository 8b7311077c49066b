"""A whole storage root, or all of one user, carried elsewhere and brought back.

A backup is a folder: `layout` says what lies where in it, `backup` makes and renews it, `restoring` makes a root of it.
"""

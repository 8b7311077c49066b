"""From a configuration to the parts of the program, each built once; nothing here runs anything.

`storage` opens the storage root, `making` says who makes pictures, `program` puts the whole service together. A command
that needs one part alone asks its module for it.
"""

"""A whole storage root, or all of one user, carried elsewhere and brought back."""

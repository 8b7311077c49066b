"""People whom Discord knows: how they sign in to the page, and what they may."""

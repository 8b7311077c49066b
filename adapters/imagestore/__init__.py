"""Where the bytes of images live, an engine a folder."""

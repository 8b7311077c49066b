"""The containers of the formats that are kept: each module walks one, without decoding, and answers with an Outline.

The walk finds the end of the picture, its size and its frames, and refuses what is over the bounds before any pixel is
decoded. What it hands to the decoder is the picture alone: profiles, texts, EXIF and thumbnails stay in the stored
bytes and never meet its parsers. Left to others: decoding (`images.check`), and what else is in the file (`foreign`).
"""

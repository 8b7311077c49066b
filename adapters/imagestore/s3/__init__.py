"""Images as objects of a bucket that is spoken to as S3 is: each under a key of its own, and never changed."""

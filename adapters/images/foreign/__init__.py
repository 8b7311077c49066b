"""What is in a picture's file besides the picture: its parts, what they are, and those that do not belong there.

`judging` is the door: `refuse_foreign` for bytes that people save, `without_foreign` for those from which it is taken.
A module for each format walks over its parts; `contents` recognises what is a page, a script, a program or an archive;
`phones` recognises what phones write behind a JPEG. Left to others: whether the picture itself is whole (`containers`).
"""

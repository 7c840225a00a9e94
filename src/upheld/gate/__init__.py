"""THE DOOR: what of a list, or of one person, may leave for a stated use; and the record of what left.

Nobody else reads or hands out personal information. `release` decides a list row by row and column by column, writes only what is
permitted, and records it before the file appears; `asking` and `why` answer for one person; `disclosures` says what left about one.
"""

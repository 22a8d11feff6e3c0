"""Changes within a recording.

`matrix_changes` finds changes of the MI. `relation_changes` also finds those that leave the MI as it is: a sign, an
offset, a factor. It is built from `relations`, `verdicts` and `steps`. `lone_changes` finds what one channel shows
alone.
"""

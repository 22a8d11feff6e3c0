"""Bytes and files in, windows out. No rclpy, no torch.

`messages` reads serialised messages, `storage` the files of bags, `tables` those of columns; `proposing` chooses what
to analyse, `windows` aligns it. What they share lies here.
"""

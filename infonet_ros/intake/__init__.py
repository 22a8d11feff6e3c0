"""Bytes and files in, windows out. No rclpy, no torch.

`messages` decodes serialised messages, `storage` reads the files of bags, `tables` reads files of columns. `proposing`
chooses what to analyse, and `windows` aligns it. The modules of this folder are shared by all of them.
"""

"""The lifecycle node: topics in, matrices out. Everything that needs rclpy is here.

- The process and the node: `__main__`, `prerequisites`, `session`, `infonet_node`, `parameters`.
- `inputs`: messages to samples.
- Windows to matrices: `worker` (the thread), `estimation`, `baseline_watch`.
- `outputs`: matrices to messages.
- `diagnostics`: what is wrong, in words. `health` collects it.
- `tools`: `infonet demo, monitor, play`.
"""

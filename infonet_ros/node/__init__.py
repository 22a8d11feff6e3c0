"""The lifecycle node: topics in, matrices out. Everything that needs rclpy is here.

The modules, by task:

- The process and the node: `__main__`, `prerequisites`, `infonet_node`, `parameters`.
- Messages in: `subscriptions`, `topic_input`, `polling` and `type_support` (bytes from their queues), `synchronization`
  (matched sets), `arrival_clock`, `clock_advice`.
- Windows to matrices: `worker` (the thread), `estimation`, `baseline_watch`.
- Matrices out: `outputs`, `matrix_publisher`, `messages`, `markers`, `sensor_frames`, `alerts`.
- Diagnostics: `health` and `diagnostics`, from `topic_status` and `silence`.
- Commands: `commands`, `session`, `player` (`infonet play`), `demo`, `monitor` and `matrix_listener`.
"""

"""Messages in: `subscriptions` has a `topic_input` for each topic, and a thread that reads them.

`polling` takes bytes from the queues, for which rclpy needs the `type_support`. `synchronization` matches messages to
sets, `arrival_clock` tells when they came, `topic_status` counts them.
"""

"""What was recorded, told to a program by signed posts, as Standard Webhooks has them: each once, in order.

The log is the queue: `telling` follows it from a durable `cursor`, posts each message to the `receiver` until that
takes it, and notes that before the next one. What a message is, `messages` says; how it is signed, `signing`.
"""

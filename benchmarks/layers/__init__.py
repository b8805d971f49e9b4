"""What each layer costs, from plain aio-pika to a real handler: measured inside one release."""

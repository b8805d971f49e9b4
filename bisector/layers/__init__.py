"""What each layer costs, from plain aio-pika to a real handler.

The ladder says what is measured, rounds measure it, estimates say what the rounds come to.
"""

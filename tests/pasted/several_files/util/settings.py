import os

URL = os.environ.get("AMQP_URL", "amqp://guest:guest@localhost:5672/")

"""Pure searches: what is known of an ordered line in, the points to ask next out.

They know no release, no RabbitMQ and no machine, only places in a line and verdicts.
"""

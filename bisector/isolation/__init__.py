"""What a probe has to itself: a virtual host, files, ports, RabbitMQ at the default address.

Programs as they are pasted use fixed names, write where they stand and dial localhost:5672.  Here
each of them gets surroundings in which that disturbs nobody.  Nothing here judges what it sees.
"""

"""What is asked of one environment beside one broker, and what the answer is.

A question knows how to ask and how to tell trouble of our own from an answer. It never knows which
release it asks next, or how many are asked at a time.
"""

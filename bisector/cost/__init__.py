"""Which release made it slower: the search for steps of a cost, joined with what measures one.

Evidence is a round: several releases in fresh processes, in turns, beside one RabbitMQ.  A step is
named once fresh rounds of the two releases beside it agree, by the rule of the check.
"""

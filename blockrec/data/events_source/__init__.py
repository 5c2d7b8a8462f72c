"""`data: {events: …}`: a log of events, sorted once, whose samples have point-in-time histories."""

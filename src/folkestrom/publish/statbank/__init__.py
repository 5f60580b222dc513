"""What the interface of a statistics bank answers: questions to texts; it knows no network.

The interface is that of PxWebApi, version 2, as its servers answer and its clients ask.
"""

"""The Norwegian national population register's list of events: pulled, saved, read into reports."""

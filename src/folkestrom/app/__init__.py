"""What people touch: the command line and the Python interface, inside the wall."""

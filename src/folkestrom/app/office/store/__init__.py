"""The Python interface: one `Store`; its methods, by what they are for."""

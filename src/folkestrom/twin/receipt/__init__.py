"""When reports reach the register: channels, delays, clean-ups, and quarters as they were published."""

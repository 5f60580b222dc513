"""When reports reach the register: channels, delays, clean-ups, quarters as published."""

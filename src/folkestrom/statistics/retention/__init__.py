"""Individual files of statistics: how they are drawn, how long they are kept, and what was done."""

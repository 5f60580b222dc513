"""Questions about the quality of what a store holds, and of what came of it."""

"""The public server: it opens the folder of what is out, and nothing else."""

"""Who is resident, where, from when, and which rule and report say so."""

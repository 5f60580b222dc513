"""Which reports stand: the same report twice, annulments and corrections, and cycles of them."""

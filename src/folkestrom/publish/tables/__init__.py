"""Tables for the public: what each is, its figures, and how both are kept in a folder."""

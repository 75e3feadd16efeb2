"""City cameras (KGYS): where they stand, and what each of them could see at a given moment."""

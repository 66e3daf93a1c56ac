"""What messages say: values of members, codes, texts filled in and held against the rules of law."""

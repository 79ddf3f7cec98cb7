"""How far readings of the same answers agree: with each other (`pairs`), and with a person's (`by_hand`)."""

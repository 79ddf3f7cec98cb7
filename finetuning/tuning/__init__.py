"""A job done: looked over beforehand, trained, resumed, and evaluated on the way."""

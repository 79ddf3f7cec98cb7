"""What all our pages share: colours for light and dark, drawings that follow them, and the policy."""

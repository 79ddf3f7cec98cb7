"""The remedies that the paper names, each as its definition has it."""

"""The parts of the page of a study; each shows one tab."""

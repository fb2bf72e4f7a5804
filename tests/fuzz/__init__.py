"""Coverage-guided fuzzing of everything that reads other people's input. Each input yields a value or an OrchError."""

"""Coverage-guided fuzzing of whatever reads what others write: each input gives a value or an OrchError."""

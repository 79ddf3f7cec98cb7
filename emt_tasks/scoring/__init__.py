"""Reading stored answers anew, without the model: of runs (`stored`) or tables (`tables`), by any reading."""

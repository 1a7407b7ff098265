"""What an operator sees: the pages at `/` and under `/env/{environment}`."""

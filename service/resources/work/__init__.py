"""Long work over HTTP: jobs of every kind, and the evaluations that some of them leave."""

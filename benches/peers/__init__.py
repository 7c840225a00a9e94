"""THE SAME POLICY IN OTHER ENGINES: each in its own idiom, asked the same questions. Cedar and Rego are those of the differential tests."""

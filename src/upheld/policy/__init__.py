"""WHAT THE POLICY MEANS: read, criticise, decide, prove, compare, explain. Pure Python: no database, no web, no clock."""

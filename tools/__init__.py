"""WHAT THE MAKEFILE AND THE TESTS CALL: locking, auditing, pages made from the program."""

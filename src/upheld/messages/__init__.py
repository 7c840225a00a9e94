"""WHAT IS SENT TO A PERSON: confirmations by e-mail over any SMTP server, or as a letter to print."""

"""The console: pages for staff. Every page that shows a person asks for the purpose first."""

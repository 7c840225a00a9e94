"""WHAT PAGES TELL THEMSELVES: visits and conversions as events without identity, durable before they are acknowledged."""

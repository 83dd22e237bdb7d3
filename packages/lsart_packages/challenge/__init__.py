"""An SSP: mutual challenge and response in two legs, then messages that are signed and sealed."""

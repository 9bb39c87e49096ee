"""What makes a program start at login, for each system: text from plain facts; nothing here touches the machine."""

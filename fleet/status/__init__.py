"""How the fleet is: read from the management cluster (`inventory`), judged (`health`), shown (`report`)."""

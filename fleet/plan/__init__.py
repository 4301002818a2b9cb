"""What a pull request to the fleet repository does in Azure: `plan` makes it, `text` and `markdown` show it."""

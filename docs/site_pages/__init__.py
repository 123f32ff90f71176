"""Pages of the site that are made from the code: settings from the schema, commands from the command line."""

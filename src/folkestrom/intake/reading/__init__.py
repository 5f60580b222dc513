"""Files of reports and of variables: found, recognised, read line by line, and written."""

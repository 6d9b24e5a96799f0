"""What makes the flow a running product: HTTP, jobs, imports, commands, and the servers they stand on."""

"""The sandbox: the code of production, with frozen personas and faults on purpose."""

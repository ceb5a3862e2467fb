"""What people have granted to clients: pushed requests, grants, codes and refresh tokens."""

"""Administrative units of Viet Nam, before and after 1 July 2025, and how one became another."""

"""One file per kind of fact: what happens across modules when it became true."""

"""The one room that writes facts and that names the database driver."""

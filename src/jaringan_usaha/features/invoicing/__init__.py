"""Bills, matched and split until every koperasi knows its cost."""

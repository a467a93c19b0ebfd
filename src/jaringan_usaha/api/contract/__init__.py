"""The contract: what openapi.json says of every route, and the pages that tell it."""

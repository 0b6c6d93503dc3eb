"""The processes of the product, one package each."""

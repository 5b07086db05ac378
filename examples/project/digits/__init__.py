"""Networks that tell handwritten digits apart."""

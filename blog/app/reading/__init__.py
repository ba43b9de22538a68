"""A post as readers get it, and as it was: preview, exports, history. Writes nothing but restorations."""

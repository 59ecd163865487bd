"""What a whole newsroom costs and withstands: nights, engines, live changes, kills and sizes not yet measured."""

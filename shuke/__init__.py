"""熟客 Shuke: customer relationship, loyalty and interactive marketing for online shops."""

__version__ = "0.1.0"

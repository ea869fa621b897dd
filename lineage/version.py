"""The version of this program: named in manifests and to the Hub."""

__version__ = "0.1.0"

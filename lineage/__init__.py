"""Which model descends from which on the Hugging Face Hub, counted with definition and evidence."""

__version__ = "0.1.0"

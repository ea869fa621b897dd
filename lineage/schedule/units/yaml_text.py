"""Any text as one YAML scalar (YAML 1.2, 5.7 and 7.3.1: double-quoted)."""


def quoted(text: str) -> str:
    """Spell a text so that every YAML reader takes it for that text, and for nothing else."""
    return '"' + "".join(_spelled(character) for character in text) + '"'


def _spelled(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if " " <= character <= "~":
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

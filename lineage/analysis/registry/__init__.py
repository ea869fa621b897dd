"""What a registry says, held against itself and beside a snapshot."""

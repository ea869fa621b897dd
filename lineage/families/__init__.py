"""The roots, as data: releases, official repositories and plain mirrors, one TOML file a family."""

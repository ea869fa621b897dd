"""Snapshots on disk: schemas, Parquet, manifests; column names live here and nowhere else."""

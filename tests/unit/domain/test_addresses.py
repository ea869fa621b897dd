"""No secret of an address is shown, however it was pasted; the rest of it can be recognized."""

import pytest

from lineage.domain.addresses import mask_secrets_in_address


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("s3://AKIA:s3cr3t@bucket/history", "s3://***@bucket/history"),
        ("s3://AKIA:s3/cr+3t@bucket/history", "s3://***@bucket/history"),
        ("s3://AKIA:s3?cr3t@bucket/history", "s3://***@bucket/history"),
        ("s3://AKIA:s3#cr3t@bucket/history", "s3://***@bucket/history"),
        ("s3://AKIA:s3@cr3t@bucket/history", "s3://***@bucket/history"),
        ("s3://AKIA:s3%2Fcr3t@bucket", "s3://***@bucket"),
        ("s3://s3cr3t@bucket", "s3://***@bucket"),
        ("hf://:s3cr3t@datasets/a/b", "hf://***@datasets/a/b"),
        ("s3://bucket/h?access_key=AKIA&secret_key=s3cr3t", None),
        ("s3://bucket/h?SECRET_KEY=s3cr3t&region=eu-west-1", None),
        ("s3://bucket/h?session_token=s3cr3t&scheme=https", None),
        ("s3://bucket/h?X-Amz-Signature=s3cr3t", None),
        ("s3://bucket/h?s3cr3t", "s3://bucket/h?***"),
        ("s3://bucket/h#s3cr3t", "s3://bucket/h#***"),
        ("s3://bucket/h?endpoint_override=http%3A%2F%2Fu%3As3cr3t%40host", None),
        ("abfs://account:s3cr3t@container/h", "abfs://***@container/h"),
        ("gs://u:s3cr3t@bucket/h?region=eu", "gs://***@bucket/h?region=eu"),
        ("HTTPS://u:s3cr3t@host/h", "HTTPS://***@host/h"),
        ("git+https://u:s3cr3t@host/h", "git+https://***@host/h"),
    ],
)
def test_a_secret_is_masked_wherever_it_stands(address: str, shown: str | None) -> None:
    result = mask_secrets_in_address(address)
    assert "cr3t" not in result
    assert "AKIA" not in result
    assert "***" in result
    assert shown in (None, result)


@pytest.mark.parametrize(
    "text",
    [
        "snapshots",
        "/srv/a@b:c/store?secret=none#x",
        "s3://bucket/history",
        "s3://bucket/a@b",
        "s3://bucket/h?region=eu-west-1&endpoint_override=127.0.0.1:9000&scheme=http",
        "file:///srv/store",
        "",
        "://u:p@h",
    ],
)
def test_what_holds_no_secret_is_shown_as_it_is(text: str) -> None:
    assert mask_secrets_in_address(text) == text

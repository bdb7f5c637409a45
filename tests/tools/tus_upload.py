"""Uploads a file by tuspy in pieces, stops half way, and goes on with a new client: tus_upload.py URL TOKEN TASK PHOTO FILE."""

import sys

from tusclient import client

url, token, task, photo, path = sys.argv[1:]
tus = client.TusClient(url, headers={"Authorization": f"Bearer {token}"})
metadata = {"photo_id": photo, "task_id": task}
first = tus.uploader(path, chunk_size=10_000, metadata=metadata, upload_checksum=True)
first.upload_chunk()
assert first.offset == 10_000, first.offset
again = client.TusClient(url, headers={"Authorization": f"Bearer {token}"})
second = again.uploader(path, chunk_size=10_000, url=first.url, upload_checksum=True)
assert second.offset == 10_000, second.offset
second.upload()
print(second.url)

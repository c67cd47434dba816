"""A base model so small that a test can train it: BERT with two layers of 32, random weights, few words."""

import json
from pathlib import Path

from netad.detectors.transformer import base_model
from netad.detectors.transformer.levels import WORDS
from netad.detectors.transformer.names import KINDS
from netad.detectors.transformer.text import FIELDS, KNOWN, NEW

CONFIG = {
    "architectures": ["BertModel"], "model_type": "bert", "hidden_size": 32, "num_hidden_layers": 2,
    "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 128, "type_vocab_size": 2,
    "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "pad_token_id": 0,
}  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.-_/:()"


def write_tiny_base(folder: Path, **changed) -> base_model.BaseModel:
    """Write the files of the tiny base model, its configuration changed as asked, and return it."""
    import torch
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True, exist_ok=True)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *FIELDS.values(), *WORDS, KNOWN, NEW, *KINDS.values()]
    pieces = [*words, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    vocabulary = {word: number for number, word in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(folder / base_model.TOKENIZER))
    config = {**CONFIG, "vocab_size": len(vocabulary), **changed}
    (folder / base_model.CONFIG).write_text(json.dumps(config))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = BertModel(BertConfig(**{**CONFIG, "vocab_size": len(vocabulary)}), add_pooling_layer=False)
    save_file({name: one.contiguous() for name, one in model.state_dict().items()}, str(folder / base_model.WEIGHTS))
    return base_model.BaseModel(base_model.PACKAGED, folder, config)

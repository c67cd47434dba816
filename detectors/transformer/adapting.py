"""Adapts a network to normal profiles: it learns to tell hidden and exchanged words from their context."""

import hashlib
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from netad.detectors.transformer.checkpoints import Checkpoint, State, optimizer_tensors, restore_optimizer
from netad.detectors.transformer.corruption import HIDDEN, Corruption, Examples, mixed
from netad.detectors.transformer.devices import autocast
from netad.detectors.transformer.encoding import CHOICES, NOWHERE, ROWS, TextEncoder
from netad.detectors.transformer.likelihood import BELONGS
from netad.detectors.transformer.network import Network
from netad.detectors.transformer.settings import TransformerSettings
from netad.detectors.transformer.text import ProfileText

log = logging.getLogger(__name__)

BODY_RATE, HEAD_RATE, SCRATCH_RATE = 2e-4, 3e-3, 3e-4
WARM_UP, MOST_NORM, WEIGHT_DECAY = 0.1, 1.0, 0.01
# So often the held-out profiles are looked at; training ends early when so many looks in a row were no better.
LOOKS, PATIENCE = 10, 3
# A look covers so many held-out profiles, several times corrupted.
MOST_LOOKED_AT, TIMES = 128, 2
CHECKPOINT_S = 60.0
_NAME_WEIGHT = 0.5
_SEED = 0x7E47


@dataclass(frozen=True)
class Adapted:
    """How training went: steps taken, the step whose weights were kept, and its figure on the held-out profiles."""

    steps: int
    kept: int
    figure: float


class Adapting:
    """One training of a network on texts, with others held out to tell when to stop; no label is needed.

    With the objective `masked` the figure is the loss on held-out profiles. With `replaced` the loss says nothing: it
    goes on falling while detection falls too; the figure is then how often an untouched held-out profile reads as
    more normal than one with fields of another profile in it.
    """

    def __init__(
        self,
        network: Network,
        encoder: TextEncoder,
        usual_log: NDArray[np.float64],
        settings: TransformerSettings,
        *,
        seed: int,
        device: str = "cpu",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._network = network.to(device)
        self._encoder = encoder
        self._usual = torch.from_numpy(usual_log.astype(np.float32)).to(device)
        self._settings = settings
        self._seed = seed % (1 << 63)
        self._device = device
        self._clock = clock
        self._by_belonging = settings.objective == "replaced"

    def run(self, texts: Sequence[ProfileText], held_out: Sequence[ProfileText]) -> Adapted:
        """Train; the network has the weights of the best look afterwards."""
        steps = self._settings.steps_for(len(texts))
        corruption = Corruption(self._encoder, texts, 0.0 if self._by_belonging else HIDDEN)
        looked_at = (held_out or texts)[:MOST_LOOKED_AT]
        optimizer = self._optimizer()
        checkpoint = Checkpoint(self._settings.checkpoint, self._fingerprint(texts, steps))
        best, start = self._resumed(checkpoint, optimizer)
        every = max(1, steps // LOOKS)
        began = saved = self._clock()
        step = start
        with torch.random.fork_rng(devices=[]):
            while step < steps and step - best.best_step < PATIENCE * every:
                self._step(step, steps, texts, corruption, optimizer)
                step += 1
                if step % every == 0 or step == steps:
                    best = self._look(step, looked_at, corruption, best)
                    log.info("transformer: step %d of %d, held-out figure %.4f, about %d s left", step, steps,
                             best.best, (self._clock() - began) / (step - start) * (steps - step))  # fmt: skip
                if self._settings.on_step is not None:
                    self._settings.on_step(step, steps)
                if self._clock() - saved >= CHECKPOINT_S:
                    checkpoint.save(self._state(step, best, optimizer))
                    saved = self._clock()
        self._network.load_state_dict(dict(best.tensors), strict=False)
        self._network.eval()
        checkpoint.clear()
        return Adapted(step, best.best_step, best.best)

    def _optimizer(self) -> torch.optim.Optimizer:
        scratch = not self._settings.pretrained
        for name, weights in self._network.encoder.named_parameters():
            weights.requires_grad = scratch or "word_embeddings" not in name
        body = [one for one in self._network.encoder.parameters() if one.requires_grad]
        head = [one for name, one in self._network.named_parameters() if not name.startswith("encoder.")]
        rate = SCRATCH_RATE if scratch else BODY_RATE
        groups = [{"params": body, "lr": rate, "full": rate}, {"params": head, "lr": HEAD_RATE, "full": HEAD_RATE}]
        return torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)

    def _step(
        self,
        step: int,
        steps: int,
        texts: Sequence[ProfileText],
        corruption: Corruption,
        optimizer: torch.optim.Optimizer,
    ) -> None:
        """Take one step; everything drawn depends on seed and step alone, so that a resumed training is the same."""
        draw = np.random.default_rng([self._seed, step])
        torch.manual_seed(self._seed ^ step)
        share = min((step + 1) / (WARM_UP * steps), (steps - step) / ((1 - WARM_UP) * steps), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = group["full"] * share
        self._network.train()
        chosen = [texts[place] for place in draw.integers(len(texts), size=ROWS).tolist()]
        loss = self._loss(corruption.examples(chosen, draw))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._network.parameters(), MOST_NORM)
        optimizer.step()

    def _loss(self, examples: Examples) -> Tensor:
        batch = examples.batch
        slot = torch.from_numpy(batch.slot).to(self._device)
        at_slot = slot != NOWHERE
        with autocast(self._device):
            outputs = self._network(torch.from_numpy(batch.ids).to(self._device))
        if self._by_belonging:
            kept = torch.from_numpy(examples.slot_kept).to(self._device)
            loss = nn.functional.binary_cross_entropy_with_logits(outputs[..., BELONGS][at_slot], kept[at_slot])
        else:
            scores = outputs[at_slot][:, : len(CHOICES)] + self._usual[slot[at_slot]]
            loss = nn.functional.cross_entropy(scores, torch.from_numpy(batch.choice).to(self._device)[at_slot])
        in_name = torch.from_numpy(batch.name != NOWHERE).to(self._device)
        if in_name.any():
            kept = torch.from_numpy(examples.name_kept).to(self._device)[in_name]
            told = nn.functional.binary_cross_entropy_with_logits(outputs[..., BELONGS][in_name], kept)
            loss = loss + _NAME_WEIGHT * told
        return loss

    def _look(self, step: int, texts: Sequence[ProfileText], corruption: Corruption, best: State) -> State:
        """Return the better of the best state so far and the present one, by held-out profiles."""
        self._network.eval()
        draw = np.random.default_rng([self._seed, _SEED])
        with torch.no_grad():
            figure = self._separation(texts, draw) if self._by_belonging else -self._held_out(texts, corruption, draw)
        if figure <= best.best:
            return best
        weights = {name: one.detach().clone() for name, one in self._network.named_parameters() if one.requires_grad}
        return State(step, figure, step, weights)

    def _held_out(self, texts: Sequence[ProfileText], corruption: Corruption, draw: np.random.Generator) -> float:
        losses = []
        for _ in range(TIMES):
            for start in range(0, len(texts), ROWS):
                part = texts[start : start + ROWS]
                losses.append((float(self._loss(corruption.examples(part, draw))), len(part)))
        return float(np.average([one for one, _ in losses], weights=[size for _, size in losses]))

    def _separation(self, texts: Sequence[ProfileText], draw: np.random.Generator) -> float:
        """Return how often an untouched text reads as more normal than a mixed one, ties counting half."""
        true = self._doubt(texts)
        false = np.concatenate([self._doubt(mixed(texts, draw)) for _ in range(TIMES)])
        higher, equal = false[:, None] > true[None, :], false[:, None] == true[None, :]
        return float(higher.mean() + equal.mean() / 2)

    def _doubt(self, texts: Sequence[ProfileText]) -> NDArray[np.float64]:
        doubts = []
        for start in range(0, len(texts), ROWS):
            batch = self._encoder.batch([self._encoder.encode(text) for text in texts[start : start + ROWS]])
            with autocast(self._device):
                outputs = self._network(torch.from_numpy(batch.ids).to(self._device))
            each = nn.functional.softplus(-outputs[..., BELONGS]).cpu().numpy().astype(np.float64)
            at_slot = batch.slot != NOWHERE
            doubts.append((each * at_slot).sum(axis=1) / np.maximum(at_slot.sum(axis=1), 1))
        return np.concatenate(doubts)

    def _state(self, step: int, best: State, optimizer: torch.optim.Optimizer) -> State:
        now = {f"now.{name}": one for name, one in self._network.named_parameters() if one.requires_grad}
        kept = {f"best.{name}": one for name, one in best.tensors.items()}
        return State(step, best.best, best.best_step, {**now, **kept, **optimizer_tensors(optimizer)})

    def _resumed(self, checkpoint: Checkpoint, optimizer: torch.optim.Optimizer) -> tuple[State, int]:
        """Return the best state so far and the step to go on with."""
        found = checkpoint.load()
        if found is None:
            return State(0, -math.inf, 0, {}), 0
        restore_optimizer(optimizer, found.tensors)
        named = {prefix: {name.removeprefix(prefix): one for name, one in found.tensors.items()
                          if name.startswith(prefix)} for prefix in ("now.", "best.")}  # fmt: skip
        self._network.load_state_dict(named["now."], strict=False)
        log.info("transformer: training goes on at step %d", found.step)
        return State(found.best_step, found.best, found.best_step, named["best."]), found.step

    def _fingerprint(self, texts: Sequence[ProfileText], steps: int) -> str:
        """Return what tells this training from others: its texts, its network's beginning, and its settings."""
        one = self._settings
        digest = hashlib.sha256(repr((one.base_model, one.objective, one.pretrained, steps, self._seed)).encode())
        digest.update(repr(list(texts)).encode())
        for name, weights in self._network.state_dict().items():
            digest.update(name.encode())
            digest.update(weights.detach().cpu().contiguous().numpy())
        return digest.hexdigest()

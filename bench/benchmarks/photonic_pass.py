"""The photonic pass: probabilities of a PQCNN and their gradient."""

import torch

from qcnn import PQCNN

from ._common import SEED, require, require_engine

SPACES = ["unbunched", "fock"]
SIZES = ["(8,4)", "(9,4)", "(12,4)", "(12,6)", "(14,7)"]
BATCHES = [1, 64]


def make_sampler(size: str, space: str, engine: str) -> PQCNN:
    """A sampler of a size such as ``"(9,4)"``."""
    require_engine(engine)
    modes, photons = map(int, size.strip("()").split(","))
    return PQCNN(modes, photons, space=space, engine=engine, seed=SEED)


class PhotonicPass:
    """A batch of 1 is a call with the sampler's own phases."""

    version = "1"
    params = (SIZES, SPACES, ["fused", "torch", "merlin"], BATCHES)
    param_names = ("(modes,photons)", "space", "engine", "batch")

    def setup(self, size: str, space: str, engine: str, batch: int) -> None:
        if engine != "fused" and batch > 1 and size != "(9,4)":
            raise NotImplementedError("batches of the other engines are measured at (9,4)")
        self.sampler = make_sampler(size, space, engine)
        random = torch.Generator().manual_seed(SEED)
        count = self.sampler.phases.numel()
        shape = (count,) if batch == 1 else (batch, count)
        self.phases = (2 * torch.pi * torch.rand(shape, generator=random)).requires_grad_()
        self.probabilities = self.sampler(self.phases)
        self.cotangent = torch.randn(self.probabilities.shape, generator=random)
        # Compiles the backward pass, which the forward pass does not need.
        self.time_backward(size, space, engine, batch)

    def time_forward(self, size: str, space: str, engine: str, batch: int) -> None:
        with torch.no_grad():
            self.sampler(self.phases)

    def time_backward(self, size: str, space: str, engine: str, batch: int) -> None:
        torch.autograd.grad(self.probabilities, self.phases, self.cotangent, retain_graph=True)

    def time_forward_backward(self, size: str, space: str, engine: str, batch: int) -> None:
        torch.autograd.grad(self.sampler(self.phases), self.phases, self.cotangent)


class HessianVectorProduct:
    """Of a real function of the probabilities, by two backward passes."""

    version = "2"
    params = (["(8,4)", "(9,4)", "(12,6)"], ["fused", "torch", "merlin"])
    param_names = ("(modes,photons)", "engine")

    def setup(self, size: str, engine: str) -> None:
        self.sampler = make_sampler(size, "unbunched", engine)
        self.phases = self.sampler.phases.detach().clone()
        random = torch.Generator().manual_seed(SEED)
        self.direction = torch.randn(self.phases.shape, generator=random)
        try:
            found = self.product()
        except RuntimeError:
            found = torch.zeros(1)
        # Torch says of what has no second derivative that it is 0.
        if not found.any():
            raise NotImplementedError(f"this commit's {engine} engine has none")

    def product(self) -> torch.Tensor:
        """Of the Hessian at the phases with the direction, shape ``(phases,)``."""
        found: torch.Tensor
        _, found = torch.autograd.functional.hvp(self.loss, self.phases, self.direction)
        return found

    def time_product(self, size: str, engine: str) -> None:
        self.product()

    def loss(self, phases: torch.Tensor) -> torch.Tensor:
        """A function with a second derivative in every direction."""
        squares: torch.Tensor = self.sampler(phases).square()
        return squares.sum()


class Memory:
    """Highest memory of a process that does one forward and backward pass."""

    version = "1"
    params = (
        ("(9,4) unbunched", "(9,4) fock", "(14,7) unbunched", "(14,7) fock", "(20,10) unbunched"),
    )
    param_names = ("(modes,photons) space",)

    def peakmem_forward_backward(self, case: str) -> None:
        size, space = case.split()
        sampler = make_sampler(size, space, "fused")
        sampler().square().sum().backward()


class Unitary:
    """The unitary of the rectangular mesh alone."""

    version = "1"
    params = ((8, 9, 12, 16),)
    param_names = ("modes",)

    def setup(self, modes: int) -> None:
        self.fused = require("qcnn.engines.fused")
        sampler = PQCNN(modes, 0, seed=SEED)
        self.mesh, self.phases = sampler.mesh, sampler.phases.detach().numpy()
        self.time_unitary(modes)

    def time_unitary(self, modes: int) -> None:
        self.fused.unitary(self.mesh, self.phases)


class Construction:
    """Making a sampler; the fused engine's tables are made by its first call."""

    version = "1"
    params = (SIZES, SPACES, ["fused", "merlin"])
    param_names = ("(modes,photons)", "space", "engine")

    def setup(self, size: str, space: str, engine: str) -> None:
        self.sampler = make_sampler(size, space, engine)
        self.sampler()

    def time_construction(self, size: str, space: str, engine: str) -> None:
        make_sampler(size, space, engine)


class Tables:
    """The tables of the fused engine, made once for each size in a process."""

    version = "1"
    params = (SIZES, SPACES)
    param_names = ("(modes,photons)", "space")

    def setup(self, size: str, space: str) -> None:
        tables = require("qcnn.engines._tables")
        # Past the store of tables that were made before.
        self.build = tables.build_tables.__wrapped__
        self.modes, self.photons = map(int, size.strip("()").split(","))
        self.time_tables(size, space)

    def time_tables(self, size: str, space: str) -> None:
        self.build(self.modes, self.photons, space)

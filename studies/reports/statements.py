"""The claims of the literature that are examined, each with what judges it: one entry a claim."""

from collections.abc import Callable

from studies.analysis.evidence import (
    against_quoted,
    both,
    counted,
    of_arms,
    of_contrasts,
    of_questions,
    validation_against_test,
)
from studies.analysis.judgements import Claim
from studies.analysis.paper import (
    better_by_far,
    compresses_tenfold,
    compression_beside_quoted,
    generalisation_beside_quoted,
    generalises_better,
    reaches_accuracy,
    reaches_training,
    training_beside_quoted,
)
from studies.analysis.quoted import NOISE_COSTS, QUOTED, QUOTED_DIRECT, QUOTED_RANDOM
from studies.analysis.verdicts import (
    all_phases_are_effective,
    as_answered,
    better_than_all,
    noise_costs_little,
    validation_is_precise,
)
from studies.catalogue import (
    ablation,
    adapters,
    bond_dimension,
    compression,
    frontier,
    hardware,
    mode_sweep,
    noise,
    papers_schedule,
    training_from_shots,
)
from studies.design.arms import PHOTONIC, Family
from studies.design.study import Contrast, Study

_BY_MODEL = {row.model: row for row in QUOTED}


def _quote(model: str) -> str:
    """A figure of the paper with its count."""
    row = _BY_MODEL[f"paper, {model}"]
    return f"{row.accuracy:.1f} % with {row.trainable_parameters:,} trainable parameters"


def _chosen(study: Study, rule: Callable[[Contrast], bool]) -> tuple[Contrast, ...]:
    """The contrasts of a study that a claim is about.

    Raises:
        LookupError: if there are none: what was meant goes by another name now.
    """
    found = tuple(contrast for contrast in study.contrasts if rule(contrast))
    if not found:
        raise LookupError(
            f"a claim selects none of the {len(study.contrasts)} contrasts of {study.name}"
        )
    return found


_FROZEN = _chosen(ablation.STUDY, lambda contrast: contrast.second.name == ablation.FROZEN)
_REPLACED = _chosen(ablation.STUDY, lambda contrast: contrast.second.name != ablation.FROZEN)
_AT_COUNTS = _chosen(compression.STUDY, lambda _: True)
_COMPRESSED = _chosen(
    compression.STUDY, lambda contrast: contrast.first.family is Family.PROBABILITIES
)
_BEST_CLASSICAL = _chosen(
    frontier.STUDY,
    lambda contrast: (
        contrast.first.family is Family.PROBABILITIES and contrast.second.family not in PHOTONIC
    ),
)
_OF_FRONTIER = _chosen(frontier.STUDY, lambda _: True)
_NOISE = _chosen(noise.STUDY, lambda _: True)
_BY_SHOTS = hardware.STUDY.questions
_FROM_SHOTS = training_from_shots.STUDY.questions
_ADAPTERS = _chosen(
    adapters.STUDY,
    lambda contrast: contrast.first.family in PHOTONIC and contrast.second.name == adapters.LORA,
)
_BASES = _chosen(
    adapters.STUDY,
    lambda contrast: contrast.first.family in PHOTONIC and contrast.second.name in adapters.BASES,
)

CLAIMS = (
    Claim(
        "Accuracy at each bond dimension",
        f"{_quote('MPS χ = 1')} rise to {_quote('MPS χ = 10')} (quoted).",
        "The paper's form of the matrix product state and a leaner one, trained together with the "
        "phases by Adam, and the paper's alternation with COBYLA, of which it ran 200 rounds of 5 "
        "epochs. The counts differ: the paper adds 192 phases to 31χ² numbers of the state, "
        "universal meshes of (9,4) and (8,4) have 128.",
        bond_dimension.STUDY,
        reaches_accuracy(),
        against_quoted,
    ),
    Claim(
        "Accuracy by the paper's own form and schedule",
        f"{_quote('MPS χ = 2')}, {_quote('MPS χ = 4')} and {_quote('MPS χ = 10')} (quoted).",
        "The paper's form of the matrix product state, trained by its alternation of Adam and "
        "COBYLA over all of its 200 rounds, at three bond dimensions, beside the same form trained "
        "by Adam alone for as many epochs.",
        papers_schedule.STUDY,
        reaches_accuracy(papers_schedule.SCHEDULE),
        against_quoted,
    ),
    Claim(
        "Accuracy on the training images",
        f"{QUOTED[1].training:.1f} % at χ = 1 rise to {QUOTED[10].training:.1f} % at χ = 10 "
        "(quoted).",
        "The same arms, on the 6,000 training images after the last epoch; the best one at each "
        "bond dimension counts.",
        bond_dimension.STUDY,
        reaches_training,
        training_beside_quoted,
    ),
    Claim(
        "Generalisation error",
        "Validation minus training loss is smaller than the directly trained CNN's, "
        f"{QUOTED_DIRECT.generalisation:.3f}: {QUOTED[4].generalisation:.3f} at χ = 4, though "
        f"{QUOTED[10].generalisation:.3f} at χ = 10 (quoted).",
        "The losses after the last epoch of the same arms against those of the target trained "
        "directly, paired by seed; at each bond dimension of the most accurate arm by the "
        "validation images, since one that fits its training images less has less to lose.",
        bond_dimension.STUDY,
        generalises_better,
        generalisation_beside_quoted,
    ),
    Claim(
        "Tenfold compression at a loss below 3 %",
        "At χ = 4 a tenth of the parameters costs less than 3 % of the accuracy, relatively "
        "(quoted).",
        "Test accuracy of every arm at χ = 4 against that of the target trained directly, paired "
        "by seed, where it trains; parameters as counted here.",
        bond_dimension.STUDY,
        compresses_tenfold,
        compression_beside_quoted,
    ),
    Claim(
        "6 to 12 points over weight sharing and pruning",
        f"{_quote('MPS χ = 10')} are 6 to 12 points more than weight sharing and pruning reach "
        f"(quoted); by its own table {_quote('weight sharing')} and {_quote('pruning')}.",
        "A matrix product state of the paper's largest count against both, trained equally long "
        "at rates tuned alike.",
        compression.STUDY,
        better_by_far(compression.AGAINST_TUNED),
        of_contrasts(compression.AGAINST_TUNED),
    ),
    Claim(
        "The boson samplers are necessary",
        "With random numbers in the boson samplers' place the accuracy is "
        f"{QUOTED_RANDOM.accuracy:.0f} % (quoted).",
        "That control redraws its numbers at every pass, so that the weights change while they are "
        "trained and once more when they are evaluated. Numbers drawn once, numbers with the "
        "probabilities' own distribution, no input at all, there also with a larger matrix product "
        "state instead of the phases, and a classical generator of as many effective numbers are "
        "the controls that a necessity would have to survive.",
        ablation.STUDY,
        better_than_all(_REPLACED),
        both(of_arms(_REPLACED), of_contrasts(_REPLACED)),
    ),
    Claim(
        "Trained phases carry the network",
        "All weights come from a few hundred phases and a small mapping.",
        "The same models with frozen phases: matrix product states, whose own numbers are trained "
        "all the same, and mixing, a mapping with one number for each PQCNN.",
        ablation.STUDY,
        better_than_all(_FROZEN),
        both(of_arms(_FROZEN), of_contrasts(_FROZEN)),
    ),
    Claim(
        "Better than classical compression at equal counts",
        f"{_quote('MPS χ = 10')} are more than weight sharing ({_quote('weight sharing')}) and "
        f"pruning ({_quote('pruning')}) reach (quoted).",
        "Both were trained at rates of 1e-4 and 1e-3 throughout; here they are trained at these "
        "and at rates tuned as those of the photonic arms are, and compared with a matrix product "
        "state of the paper's largest count, less than either has. Beside mixing of PQCNNs stand "
        "random subspaces, hashing, low rank and smaller networks with as many parameters.",
        compression.STUDY,
        better_than_all(_COMPRESSED),
        both(of_arms(_AT_COUNTS), of_contrasts(_COMPRESSED)),
    ),
    Claim(
        "Photons against the best classical way, at the paper's counts",
        "Photonic generation is an efficient way to train few parameters.",
        "It is more than one way among others where it is better than each of them. At each count "
        "stands the best of as many candidates of each kind, by the validation images: photonic "
        "generators that are read as probabilities, random subspaces of a CNN, and smaller CNNs "
        "trained directly. The verdict is on those; linearised photonic generators stand beside "
        "them, which are random subspaces by construction, read from a device.",
        frontier.STUDY,
        better_than_all(_BEST_CLASSICAL),
        both(of_arms(_OF_FRONTIER), of_contrasts(_OF_FRONTIER)),
    ),
    Claim(
        "Robust against noise",
        NOISE_COSTS,
        "Distributions are post-selected on the clean outcomes; then brightness and transmittance "
        "act on the number of accepted shots alone, and both are compared as such: 10,000 shots "
        "are what either leaves of 100,000 at 0.56, with four photons. Models are trained without "
        "the noise and evaluated under it, or trained and evaluated under it, but for g²; either "
        "way they are compared with those trained and evaluated without.",
        noise.STUDY,
        noise_costs_little(noise.COSTS),
        of_contrasts(_NOISE),
    ),
    Claim(
        "A practical way: reading a device out",
        "Photonic devices are a practical way to generate the weights, which are then kept; a "
        "device is needed for training alone.",
        "Weights are known from shots. How many are enough, with every outcome of a PQCNN read and "
        "with one- and two-mode marginals, is answered question by question; the loss is that of "
        "test accuracy against the same model with its probabilities read exactly.",
        hardware.STUDY,
        as_answered(_BY_SHOTS),
        of_questions(_BY_SHOTS),
    ),
    Claim(
        "A practical way: training on a device",
        "Phases are trained by COBYLA, as a device gives no gradients.",
        "A photonic parameter-shift rule has exact gradients from a device. It stands beside "
        "simultaneous perturbation and COBYLA, each with as many shots in all.",
        training_from_shots.STUDY,
        as_answered(_FROM_SHOTS),
        of_questions(_FROM_SHOTS),
    ),
    Claim(
        "Adapters from fewer parameters than LoRA's",
        "Adapters whose factors a quantum network generates do as well as LoRA with 16.84 % to "
        "52.06 % of its parameters (quoted: language models, qubits).",
        "Whoever does as well with fewer is better with as many: at equal counts photons are "
        "compared with LoRA, and with a random basis of its factors, which needs no device "
        "(arXiv:2310.02556). A network that has learned MNIST is adapted to Fashion-MNIST.",
        adapters.STUDY,
        better_than_all((*_ADAPTERS, *_BASES)),
        both(of_arms((*_ADAPTERS, *_BASES)), of_contrasts((*_ADAPTERS, *_BASES))),
        "arXiv:2410.09846",
    ),
    Claim(
        "How parameters are counted",
        "All phases of the meshes count as trainable parameters: M(M + 1)/2 of each network in the "
        "abstract, which is 81 for (9,4) and (8,4); 192 in the table (quoted).",
        "An outcome's probability depends on the columns of the unitary at the occupied inputs, up "
        "to phases of inputs and outputs: the rank of its Jacobian, the effective phases, is "
        "smaller than the number of phases of a full mesh. Of these sizes the abstract's formula "
        "gives as many as are effective, 81; that of the table gives more than there are phases.",
        bond_dimension.STUDY,
        all_phases_are_effective,
        counted,
    ),
    Claim(
        "What 600 images can tell",
        "Models are told apart by their accuracies on the 600 images of the Perceval Quest's "
        "validation split, which are given to a tenth of a point.",
        "They tell models apart that differ by one point if nineteen runs in twenty are no farther "
        "off. How far accuracies on them are from those on the 10,000 test images, where anything "
        "was chosen on the former and nothing on the latter.",
        mode_sweep.STUDY,
        validation_is_precise,
        validation_against_test,
    ),
)

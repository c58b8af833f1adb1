"""What a short training reaches, so that a faster engine is not a worse one."""

from qcnn import PQCNN, Data, QuantumTrain, TrainConfig, load_data, target_from_text, train

from ._common import SEED

MODELS = {
    "mixing, 5 × (9,4)": ("mixing", 5),
    "mps χ = 4, 2 × (9,4)": ("mps:bond_dimension=4", 2),
}


class Digits:
    """scikit-learn's digits, 2,202 weights, one seed, the default engine."""

    version = "1"
    params = (tuple(MODELS),)
    param_names = ("model",)
    unit = "%"
    timeout = 120
    epochs = 10

    def setup(self, model: str) -> None:
        self.data: Data = load_data("digits")
        mapping, count = MODELS[model]
        samplers = [PQCNN(9, 4, seed=SEED + number) for number in range(count)]
        target = target_from_text("cnn2202").build(seed=SEED)
        self.model = QuantumTrain(target, samplers, mapping, seed=SEED)

    def track_validation_accuracy(self, model: str) -> float:
        config = TrainConfig(epochs=self.epochs, batch_size=64, seed=SEED)
        accuracy = train(self.model, self.data, config).last.validation.accuracy
        assert accuracy is not None  # digits are classes
        return 100 * accuracy

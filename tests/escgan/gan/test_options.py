"""What can be set beside the paper's form: ablations, channels instead of the grid, averaged weights."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from escgan.errors import ConfigError
from escgan.gan import LossWeights, NetworkConfig, TrainingConfig, loop, train_gan, train_gans
from escgan.gan.batches import Batch, Batches, draw_rare
from escgan.gan.discriminator import Discriminator
from escgan.gan.editing import Edits, accept_share, edit_windows
from escgan.gan.generator import Generator
from escgan.gan.layout import ChannelColumn, layout_of
from escgan.gan.loop import FoldWindows
from escgan.gan.losses import class_loss, discriminator_terms, generator_terms, total
from escgan.gan.step import make_learner, take_step, update_average
from escgan.gan.training import build_gan
from escgan.montage import scalp_grid
from tests.conftest import CHANNELS, make_windows

MASK = scalp_grid(CHANNELS).mask
SMALL = NetworkConfig(hidden=2)
DENSE = NetworkConfig(hidden=2, form="channels")
LINE = ("Fz", "Cz", "Pz", "Oz")

# Settings that change what is computed; each is trained alone, in packs, and after a kill.
OPTIONS = {
    "no control signal": {"network": NetworkConfig(hidden=2, control=False)},
    "channels": {"network": DENSE},
    "leaky channels": {"network": NetworkConfig(hidden=2, form="channels", output="leaky_relu", control=False)},
    "weights": {"losses": LossWeights(reconstruction=2, diversity=0, boundary=0, control=3)},
    "class head on real windows": {"losses": LossWeights(class_on_edits=False)},
    "balanced class head": {"losses": LossWeights(balanced=True)},
    "rare targets": {"training": {"target": "rare"}},
    "averaged weights": {"training": {"average": 0.9}},
    "averaged channels": {"network": DENSE, "training": {"average": 0.9, "target": "rare"}},
}
every_option = pytest.mark.parametrize("option", OPTIONS)


def windows(n=48, seed=0, form="grid", n_classes=3):
    draw = np.random.default_rng(seed)
    de = draw.standard_normal((n, len(CHANNELS), 2)).astype(np.float32)
    # The classes are not equally frequent.
    return layout_of(CHANNELS, form).to_grid(de), np.minimum(np.arange(n) % (n_classes + 1), n_classes - 1)


def settings(option, **training):
    chosen = {"network": SMALL} | OPTIONS[option]
    loop_settings = {"epochs": 3, "batch_size": 16, "learning_rate": 1e-3} | training
    return chosen | {"training": TrainingConfig(**loop_settings | OPTIONS[option].get("training", {}))}


def mask_of(chosen):
    return layout_of(CHANNELS, chosen["network"].form).mask


def weights(gan):
    return {**gan.generator.state_dict(), **{f"d.{k}": v for k, v in gan.discriminator.state_dict().items()}}


class Killed(Exception):
    pass


@every_option
def test_it_changes_what_is_learned(option):
    chosen = settings(option)
    gan = train_gan(*windows(form=chosen["network"].form), 3, mask_of(chosen), **chosen)
    plain = train_gan(*windows(), 3, MASK, network=SMALL, training=settings("weights")["training"])
    ours, theirs = weights(gan), weights(plain)
    assert ours.keys() != theirs.keys() or any(not torch.equal(ours[name], theirs[name]) for name in ours)


@every_option
def test_training_that_was_stopped_resumes_to_the_same_bytes(option, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_REST", 0)
    chosen = settings(option, epochs=16)
    args = (*windows(form=chosen["network"].form), 3, mask_of(chosen))
    undisturbed = train_gan(*args, **chosen)

    def stop(done, total):
        assert total == 48
        if done == 40:
            raise Killed

    with pytest.raises(Killed):
        train_gan(*args, checkpoints=tmp_path, checkpoint_s=0, on_step=stop, **chosen)
    steps = []
    resumed = train_gan(*args, checkpoints=tmp_path, on_step=lambda done, total: steps.append(done), **chosen)
    assert steps == [40, 48] and resumed.history == undisturbed.history
    for name, tensor in weights(undisturbed).items():
        assert torch.equal(weights(resumed)[name], tensor), name


@every_option
def test_folds_together_learn_what_each_learns_alone(option):
    """Folds of different lengths: nine, six and six steps."""
    # Small steps: Adam turns a gradient's rounding about zero into a whole step.
    chosen = settings(option, learning_rate=1e-5)
    folds = [FoldWindows(*windows(n, seed, chosen["network"].form)) for n, seed in ((48, 1), (33, 2), (40, 3))]
    for fold, ours in zip(folds, train_gans(folds, 3, mask_of(chosen), **chosen), strict=True):
        alone = train_gan(fold.grid, fold.labels, 3, mask_of(chosen), **chosen)
        for name, tensor in weights(alone).items():
            torch.testing.assert_close(weights(ours)[name], tensor, msg=name, rtol=1e-3, atol=2e-4)
        for mine, other in zip(ours.history, alone.history, strict=True):
            assert mine == pytest.approx(other, rel=1e-3, abs=1e-7)


@pytest.mark.parametrize("form", ["grid", "channels"])
@pytest.mark.parametrize("control", [True, False])
def test_the_target_changes_the_edit_exactly_where_there_is_a_control_signal(form, control):
    layout = layout_of(CHANNELS, form)
    net = build_gan(2, 3, layout.mask, NetworkConfig(hidden=4, form=form, control=control)).generator.eval()
    x = torch.randn(5, 2, *layout.mask.shape, generator=torch.Generator().manual_seed(0))
    first, second = (net(x, torch.full((5,), k)) for k in (0, 1))
    assert ((first - second).abs().max() > 1e-3) == control


def test_no_class_of_the_generator_is_left_to_learn_without_a_control_signal():
    net = build_gan(2, 3, MASK, NetworkConfig(hidden=4, control=False)).generator
    assert not any(name.startswith("control") for name, _ in net.named_parameters())


@pytest.mark.parametrize("n_classes", range(2, 10))
@pytest.mark.parametrize("channels", [LINE, CHANNELS[:1]])
def test_channels_on_a_line_can_be_edited_into_any_number_of_classes(channels, n_classes):
    draw = np.random.default_rng(n_classes)
    column = ChannelColumn(len(channels))
    grid = column.to_grid(draw.standard_normal((4 * n_classes, len(channels), 5)).astype(np.float32))
    labels = np.arange(len(grid)) % n_classes
    config = TrainingConfig(epochs=1, batch_size=8, target="rare")
    gan = train_gan(grid, labels, n_classes, column.mask, network=DENSE, training=config)
    edits = edit_windows(gan, grid, (labels + 1) % n_classes, np.inf)
    assert edits.grid.shape == (4 * n_classes, 5, len(channels), 1) and np.isfinite(edits.grid).all()
    assert edits.probability.shape == (4 * n_classes, n_classes)


def test_networks_on_channels_have_the_parameters_counted_by_hand():
    h, c, f, k = 8, 19, 5, 3
    code = 4 * h
    encoder = c * f * code + code * code + 2 * 2 * code
    decoder = code * code + 2 * code + code * c * f + c * f
    net = Generator(f, k, torch.ones(c, 1), NetworkConfig(hidden=h, form="channels"))
    assert sum(p.numel() for p in net.parameters()) == encoder + decoder + k * code

    def head(n_out):
        return (code + 1) * 8 * h + (8 * h + 1) * 8 * h + (8 * h + 1) * n_out

    judge = Discriminator(f, k, NetworkConfig(hidden=h, form="channels"), n_cells=c)
    assert sum(p.numel() for p in judge.parameters()) == encoder + head(1) + head(k)


def test_networks_on_channels_move_windows_to_where_the_target_class_lies():
    """Each class shifts its own channels up by two: an edit must carry that shift, which a class-blind one cannot."""
    train = make_windows(counts=(60, 60), separation=2.0)
    column = ChannelColumn(len(CHANNELS))
    training = TrainingConfig(epochs=12, batch_size=32, learning_rate=6e-3)
    for control in (True, False):
        gan = train_gan(
            column.to_grid(train.de),
            train.labels,
            2,
            column.mask,
            network=NetworkConfig(hidden=8, form="channels", control=control),
            losses=LossWeights(reconstruction=3, boundary=0),
            training=training,
        )
        own = column.to_grid(train.de[train.labels == 0])
        edited = [column.to_channels(edit_windows(gan, own, np.full(180, k), np.inf).grid) for k in (0, 1)]
        moved = (edited[1] - edited[0]).mean((0, 2))
        # make_windows raises even channels in class 0 and odd ones in class 1.
        assert (moved[1::2].mean() > 0.5 and moved[0::2].mean() < -0.5) == control


def test_attention_among_channels_that_are_not_convolved_is_refused():
    with pytest.raises(ConfigError, match="attention"):
        NetworkConfig(form="channels", attention=True)


def batch_of(grid, labels):
    (batch,) = Batches([grid], [labels], 3, TrainingConfig(batch_size=48), 0, "cpu").draw(0, 1)
    return batch


def gradients(losses):
    """One step's gradients by network, of freshly drawn weights."""
    gan = build_gan(2, 3, MASK, NetworkConfig(hidden=4, dropout=0.0), seed=1)
    learner = make_learner(gan.generator, gan.discriminator, 1e-3, "cpu")
    take_step(learner, batch_of(*windows()), losses, TrainingConfig(), adversarial=False)
    return {name: [p.grad for p in net.parameters()] for name, net in learner.networks.items()}


def test_the_weight_of_the_control_term_scales_its_gradient_alone():
    nothing, once, thrice = (
        gradients(LossWeights(reconstruction=0, diversity=0, boundary=0, control=w))["generator"] for w in (0, 1, 3)
    )
    for none, one, three in zip(nothing, once, thrice, strict=True):
        # The realness term is there all the time.
        torch.testing.assert_close(three - none, 3 * (one - none), rtol=1e-3, atol=1e-6)
    assert max(float((one - none).abs().max()) for one, none in zip(once, nothing, strict=True)) > 1e-3


def test_descending_on_the_control_term_raises_the_targets_logit_and_lowers_the_others():
    classes = torch.zeros(2, 3, requires_grad=True)
    x, code, label, target = torch.ones(2, 1), torch.ones(2, 1), torch.tensor([0, 1]), torch.tensor([2, 0])
    weight = LossWeights(reconstruction=0, diversity=0, boundary=0)
    judged = (torch.zeros(2), classes)
    total(generator_terms(x, label, target, x, x, code, judged, torch.tensor([1, 0]), weight)).backward()
    signs = torch.sign(-classes.grad)
    assert signs.tolist() == [[-1, -1, 1], [1, -1, -1]]


def test_balanced_classes_weigh_the_same_whatever_their_counts():
    logits = torch.randn(10, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    label = torch.tensor([0] * 8 + [1] * 2)
    each = functional.cross_entropy(logits, label, reduction="none")
    # The third class has no window: the mean is over two.
    torch.testing.assert_close(class_loss(logits, label, balanced=True), (each[:8].mean() + each[8:].mean()) / 2)
    balanced = discriminator_terms((each, logits), (each, logits), label, label, 0.85, False, False, balanced=True)
    plain = discriminator_terms((each, logits), (each, logits), label, label, 0.85, False, False)
    pulls = []
    for terms in (balanced, plain):
        (gradient,) = torch.autograd.grad(total(terms), logits, retain_graph=True)
        pulls.append(-gradient[8:, 1].sum() / -gradient[:8, 0].sum())
    # A rare class pulls as hard at its logit as a frequent one, and four times harder than unweighted.
    assert pulls[0] / pulls[1] == pytest.approx(4, rel=1e-4)


def test_without_the_class_term_on_edits_their_class_logits_get_no_gradient():
    on_real, on_edited = ((torch.zeros(2), torch.zeros(2, 2, requires_grad=True)) for _ in range(2))
    label, target = torch.tensor([0, 1]), torch.tensor([1, 0])
    for on_edits in (True, False):
        on_real[1].grad = on_edited[1].grad = None
        terms = discriminator_terms(on_real, on_edited, label, target, 0.85, True, on_edits)
        total(terms).backward()
        assert ("class_edited" in terms) == on_edits
        assert torch.sign(-on_real[1].grad).tolist() == [[1, -1], [-1, 1]]
        assert (on_edited[1].grad is not None) == on_edits


def test_an_edit_that_has_not_moved_is_called_its_target_only_by_a_head_that_learned_from_edits():
    """The head is shown windows and their untouched copies as edits: with the term it is torn, without it is right."""
    x = torch.randn(200, 2, 9, 9, generator=torch.Generator().manual_seed(0))
    label = (x[:, 0, 4, 4] > 0).long()
    gan = build_gan(2, 2, np.ones((9, 9), bool), NetworkConfig(hidden=4, dropout=0.0), seed=0)
    sure = {}
    for on_edits in (True, False):
        judge = Discriminator(2, 2, NetworkConfig(hidden=4, dropout=0.0))
        judge.load_state_dict(gan.discriminator.state_dict())
        adam = torch.optim.Adam(judge.parameters(), 1e-2)
        for _ in range(60):
            answer = judge(x)
            adam.zero_grad()
            total(discriminator_terms(answer, answer, label, 1 - label, 0.85, False, on_edits)).backward()
            adam.step()
        sure[on_edits] = judge(x)[1].softmax(1)[torch.arange(200), label].mean().item()
    assert sure[False] > 0.95 and sure[True] == pytest.approx(0.5, abs=0.05)


def test_rare_targets_are_drawn_inversely_to_their_counts():
    counts = np.array([60, 30, 10, 0])
    chance = (np.arange(10_000) + 0.5) / 10_000
    # By hand: 1/30 against 1/10 is 1 to 3, 1/60 against 1/10 is 1 to 6, 1/60 against 1/30 is 1 to 2.
    for own, shares in ((0, [0, 0.25, 0.75, 0]), (1, [1 / 7, 0, 6 / 7, 0]), (2, [1 / 3, 2 / 3, 0, 0])):
        drawn = draw_rare(np.full(10_000, own), counts, chance)
        np.testing.assert_allclose(np.bincount(drawn, minlength=4) / 10_000, shares, atol=2e-4)
    assert draw_rare(np.array([0, 0]), counts, np.array([0.0, 1 - 2**-53])).tolist() == [1, 2]


def test_batches_draw_rare_targets_by_the_counts_of_their_own_fold_and_the_step():
    config = TrainingConfig(batch_size=50, target="rare", epochs=50)
    labels = [np.repeat([0, 1, 2], counts) for counts in ((60, 30, 10), (10, 30, 60))]
    grids = [np.zeros((100, 1, 2, 2), np.float32)] * 2
    batches = Batches(grids, labels, 3, config, 3, "cpu")
    drawn = [(b.label.numpy(), b.target.numpy()) for b in batches.draw(0, 100, (0, 1))]
    label, target = (np.concatenate(part) for part in zip(*drawn, strict=True))
    assert (label != target).all()
    of_zero = [np.bincount(target[label[:, f] == 0, f], minlength=3) for f in (0, 1)]
    assert of_zero[0][2] / of_zero[0].sum() == pytest.approx(3 / 4, abs=0.04)
    assert of_zero[1][2] / of_zero[1].sum() == pytest.approx(1 / 3, abs=0.08)
    (again,) = Batches(grids, labels, 3, config, 3, "cpu").draw(41, 42, (0, 1))
    np.testing.assert_array_equal(again.target.numpy(), drawn[41][1])


def test_the_average_is_the_one_worked_out_by_hand():
    gan = build_gan(1, 2, np.ones((9, 9), bool), SMALL)
    learner = make_learner(gan.generator, gan.discriminator, 1e-3, "cpu", averaging=True)
    name, statistic = "control.weight", "encoder.1.running_mean"
    mean = {key: learner.generator.state_dict()[key].clone() for key in (name, statistic)}
    for step in range(4):
        with torch.no_grad():
            for value in (learner.generator.state_dict()[key] for key in (name, statistic)):
                value.add_(float(step + 1))
        update_average(learner, 0.25, step)
        # (1 + step) / (10 + step) is 0.1, 0.182, 0.25 and 0.308: the share of 0.25 bounds the last.
        kept = (0.1, 2 / 11, 0.25, 0.25)[step]
        for key, old in mean.items():
            mean[key] = kept * old + (1 - kept) * learner.generator.state_dict()[key]
            torch.testing.assert_close(learner.average.state_dict()[key], mean[key])
    assert learner.result is learner.average and gan.generator is learner.generator
    learner.generator.encoder[1].num_batches_tracked.fill_(7)
    update_average(learner, 0.25, 4)
    assert learner.average.encoder[1].num_batches_tracked == 7


def test_without_averaging_the_last_weights_are_the_result():
    gan = build_gan(1, 2, np.ones((9, 9), bool), SMALL)
    learner = make_learner(gan.generator, gan.discriminator, 1e-3, "cpu")
    update_average(learner, 0.9, 0)
    assert learner.result is learner.generator and set(learner.networks) == {"generator", "discriminator"}


def edits_of(realness, probability):
    n = len(realness)
    return Edits(np.zeros((n, 1, 9, 9)), np.array(realness), np.array(probability), np.zeros(n, bool))


def test_a_share_of_edits_is_the_most_real_ones_of_their_target():
    draw = np.random.default_rng(0)
    chance = draw.random(200)
    edits = edits_of(draw.standard_normal(200), np.column_stack([1 - chance, chance]))
    target = np.ones(200, int)
    agreed = chance > 0.5
    for share in (0.01, 0.2, 0.333):
        accepted = accept_share(edits, target, share)
        assert accepted.sum() == np.ceil(200 * share) and agreed[accepted].all()
        assert edits.realness[accepted].max() < edits.realness[agreed & ~accepted].min()
    # Half of them are seen as their target: more cannot be had.
    np.testing.assert_array_equal(accept_share(edits, target, 0.9), agreed)
    assert accept_share(edits_of([], np.zeros((0, 2))), np.zeros(0, int), 0.5).shape == (0,)


@pytest.mark.parametrize(
    "make", [lambda: LossWeights(control=-1), lambda: TrainingConfig(average=1.0), lambda: TrainingConfig(average=-0.1)]
)
def test_settings_that_cannot_work_are_refused(make):
    with pytest.raises(ConfigError, match="give"):
        make()


def test_a_batch_of_channels_is_windows_of_their_channels():
    column = ChannelColumn(3)
    de = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    batches = Batches([column.to_grid(de)], [np.array([0, 1, 0, 1])], 2, TrainingConfig(batch_size=4), 0, "cpu")
    (batch,) = batches.draw(0, 1)
    assert isinstance(batch, Batch) and batch.x.shape == (4, 2, 3, 1)
    rows = (batch.x[:, 0, 0, 0] / 6).long().numpy()
    np.testing.assert_array_equal(column.to_channels(batch.x.numpy()), de[rows])

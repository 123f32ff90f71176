"""TorchEEG, reading the same files and measuring the same windows; needs the package, which is no dependency.

Seen to pass with TorchEEG 1.1.3 (``pip install --no-deps torcheeg`` and what its import asks for). What TorchEEG does
otherwise is written beside the comparison that has to allow for it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import loadmat

from escgan.bands import BAND_SETS
from escgan.datasets.amigos import AmigosConfig
from escgan.datasets.corpus import FeatureCorpus, SignalCorpus
from escgan.datasets.deap import DeapConfig
from escgan.datasets.deap_writer import write_deap
from escgan.datasets.dreamer import DreamerConfig
from escgan.datasets.faced import FacedConfig
from escgan.datasets.faced_features import FacedFeaturesConfig
from escgan.datasets.mahnob_hci import MahnobHciConfig
from escgan.datasets.seed import SeedConfig
from escgan.datasets.seed_features import SeedFeaturesConfig
from escgan.datasets.seed_iv import SeedIvConfig
from escgan.datasets.seed_iv_features import SeedIvFeaturesConfig
from escgan.datasets.seed_v_features import SeedVFeaturesConfig
from escgan.features import FeatureConfig, extract_features
from escgan.preprocessing.chain import preprocess
from escgan.recording import RawRecording, Recording, Trial, TrialSpan
from tests.escgan.datasets.writers.amigos import write_amigos
from tests.escgan.datasets.writers.dreamer import write_dreamer
from tests.escgan.datasets.writers.faced import write_faced
from tests.escgan.datasets.writers.faced_features import write_faced_features
from tests.escgan.datasets.writers.mahnob_hci import write_mahnob_hci
from tests.escgan.datasets.writers.seed import write_seed
from tests.escgan.datasets.writers.seed_features import write_seed_features
from tests.escgan.datasets.writers.seed_iv import write_seed_iv
from tests.escgan.datasets.writers.seed_iv_features import write_seed_iv_features
from tests.escgan.datasets.writers.seed_v_features import write_seed_v_features

pytest.importorskip("torcheeg")
# The package and what it imports warn of many things that are not ours.
pytestmark = pytest.mark.filterwarnings("ignore")

SEED_EMOTIONS = {1: "positive", 0: "neutral", -1: "negative"}
SEED_IV_EMOTIONS = ("neutral", "sad", "fear", "happy")
SEED_V_EMOTIONS = ("disgust", "fear", "sad", "neutral", "happy")
FACED_EMOTIONS = "anger disgust fear sadness neutral amusement inspiration joy tenderness".split()

Theirs = list[tuple[dict[str, Any], NDArray[np.floating]]]
Ours = list[tuple[RawRecording, TrialSpan, NDArray[np.floating]]]


def theirs(name: str, cache: Path, **settings: Any) -> Theirs:
    """Let a data set class of TorchEEG read a folder: what it says of each clip, and the clip."""
    import torcheeg.datasets

    dataset = getattr(torcheeg.datasets, name)(io_path=str(cache), io_mode="pickle", verbose=False, **settings)
    return [(dict(label), signal) for signal, label in (dataset[i] for i in range(len(dataset)))]


def ours(corpus: SignalCorpus, folder: Path) -> Ours:
    """Read the same folder: every trial's microvolts without its baseline."""
    found: Ours = []
    for raw in map(corpus.read, corpus.discover(folder)):
        for span in raw.spans:
            segment = raw.segments[span.segment]
            start, n_times = round(span.start_s * segment.sfreq), round(span.duration_s * segment.sfreq)
            found.append((raw, span, segment.eeg[:, start : start + n_times]))
    return found


def baseline_of(raw: RawRecording, span: TrialSpan) -> NDArray[np.floating]:
    segment = raw.segments[span.segment]
    start, n_times = round(span.start_s * segment.sfreq), round(span.baseline_s * segment.sfreq)
    return segment.eeg[:, start - n_times : start]


def channels_of(corpus: str) -> list[str]:
    from torcheeg.datasets import constants

    return getattr(constants, f"{corpus}_CHANNEL_LIST")


def assert_agree(ours_: Ours, theirs_: Mapping[Any, tuple[dict[str, Any], NDArray[np.floating]]], key: Any) -> None:
    """Compare every trial's samples, to the rounding of float32."""
    for raw, span, eeg in ours_:
        info, signal = theirs_[key(raw, span)]
        assert signal.shape == eeg.shape, info
        np.testing.assert_allclose(eeg, signal, rtol=1e-6, atol=1e-4, err_msg=str(info))


def recording_of(eeg: NDArray[np.float32], sfreq: float) -> Recording:
    """Make a recording of one trial."""
    channels = tuple(f"C{i}" for i in range(len(eeg)))
    return Recording("1", "1", channels, float(sfreq), (Trial(1, "1", 0.0, eeg),), (0.1, 1000.0), "average")


# --- features -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sfreq", "window_s", "bands"),
    [(128, 1.0, "torcheeg"), (128, 1.0, "esc-gan"), (128, 2.0, "libeer"), (200, 1.0, "seed-iv"), (250, 1.0, "faced")],
)
def test_entropy_is_torcheegs_to_a_hundred_thousandth(sfreq, window_s, bands):
    from torcheeg.transforms import BandDifferentialEntropy

    n = round(window_s * sfreq)
    rng = np.random.default_rng(0)
    # Pink as EEG is, around an offset as amplifiers leave it.
    eeg = (rng.normal(0, 5, (4, 10 * n)).cumsum(axis=1) * 0.3 + rng.normal(0, 10, (4, 10 * n)) + 20).astype(np.float32)
    got = extract_features(recording_of(eeg, sfreq), FeatureConfig(method="torcheeg", bands=bands, window_s=window_s))
    transform = BandDifferentialEntropy(
        sampling_rate=sfreq, band_dict={band.name: [band.low_hz, band.high_hz] for band in BAND_SETS[bands]}
    )
    windows = eeg.astype(np.float64).reshape(4, 10, n).swapaxes(0, 1)
    truth = np.stack([transform(eeg=window)["eeg"] for window in windows])
    np.testing.assert_allclose(got.values, truth, rtol=0, atol=1e-5)


def test_entropy_by_fourier_transform_is_torcheegs_one_frequency_further_up():
    from torcheeg.transforms import BandDifferentialEntropyV1

    rng = np.random.default_rng(1)
    eeg = (rng.normal(0, 5, (4, 1280)).cumsum(axis=1) * 0.3 + rng.normal(0, 10, (4, 1280))).astype(np.float32)
    bands = BAND_SETS["torcheeg"]
    got = extract_features(recording_of(eeg, 128), FeatureConfig(method="stft", bands=bands)).values
    # TorchEEG averages the frequencies from one below the lower edge to one below the upper, which is MATLAB's counting
    # from 1 in a language that counts from 0. Its Hann window has zeros at both ends, MATLAB's has none.
    higher = {band.name: [band.low_hz + 1, band.high_hz + 1] for band in bands}
    transform = BandDifferentialEntropyV1(sampling_rate=128, band_dict=higher)
    truth = np.stack([transform(eeg=w)["eeg"] for w in eeg.astype(float).reshape(4, 10, 128).swapaxes(0, 1)])
    np.testing.assert_allclose(got, truth, atol=0.2)
    assert np.abs(got - truth).mean() < 0.05


def test_from_dreamers_file_to_features_both_come_to_the_same(tmp_path):
    from torcheeg.transforms import BandDifferentialEntropy

    # The offset of 4200 uV that DREAMER's files hold rings through TorchEEG's filters, which start at rest: the values
    # agree, and say little of the brain until the offset is removed.
    write_dreamer(tmp_path / "files", n_subjects=1)
    clips = theirs(
        "DREAMERDataset",
        tmp_path / "cache",
        mat_path=str(tmp_path / "files" / "DREAMER.mat"),
        num_baseline=4,
        offline_transform=BandDifferentialEntropy(),
    )
    corpus = DreamerConfig()
    recording = preprocess(corpus.read(corpus.discover(tmp_path / "files")[0]), ())
    got = extract_features(
        recording, FeatureConfig(method="torcheeg", bands=BAND_SETS["torcheeg"], allow_outside_passband=True)
    )
    assert [(info["trial_id"] + 1, info["start_at"]) for info, _ in clips] == list(
        zip(got.table["trial"], got.table["window"] * 128, strict=True)
    )
    np.testing.assert_allclose(got.values, np.stack([signal for _, signal in clips]), rtol=0, atol=1e-5)
    for rating in ("valence", "arousal", "dominance"):
        assert got.table[rating].tolist() == [info[rating] for info, _ in clips]


# --- corpora ------------------------------------------------------------------------------------------------------


def test_deap(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "files").mkdir()
    data, labels = rng.normal(0, 12, (40, 40, 8064)), rng.uniform(1, 9, (40, 4))
    write_deap(tmp_path / "files" / "s03.dat", data, labels)
    clips = theirs("DEAPDataset", tmp_path / "cache", root_path=str(tmp_path / "files"), chunk_size=-1)
    trials = ours(DeapConfig(), tmp_path / "files")
    assert [info["trial_id"] + 1 for info, _ in clips] == [span.trial for _, span, _ in trials]
    assert_agree(trials, {info["trial_id"]: (info, eeg) for info, eeg in clips}, lambda raw, span: span.trial - 1)
    for (raw, span, _), (info, _) in zip(trials, clips, strict=True):
        assert [name.upper() for name in raw.channels] == channels_of("DEAP")
        assert raw.subject in info["subject_id"]
        assert {name: info[name] for name in ("valence", "arousal", "dominance", "liking")} == span.ratings


def test_a_baseline_is_averaged_in_the_signal_by_torcheeg_and_in_the_features_here(tmp_path):
    """The mean of three seconds of signal: most of what is not locked to the second cancels, so its entropy is less."""
    from torcheeg.datasets import DEAPDataset

    rng = np.random.default_rng(0)
    (tmp_path / "files").mkdir()
    write_deap(tmp_path / "files" / "s03.dat", rng.normal(0, 12, (40, 40, 8064)), rng.uniform(1, 9, (40, 4)))
    first = next(DEAPDataset.process_record(file="s03.dat", root_path=str(tmp_path / "files"), chunk_size=-1))["eeg"]
    raw, span, _ = ours(DeapConfig(), tmp_path / "files")[0]
    seconds = baseline_of(raw, span).reshape(32, 3, 128)
    np.testing.assert_allclose(first, seconds.mean(axis=1), atol=1e-4)
    assert 0.5 * np.log2(np.mean(seconds.var(axis=-1)) / np.mean(first.var(axis=-1))) == pytest.approx(0.79, abs=0.05)


def test_amigos(tmp_path):
    write_amigos(tmp_path / "files", n_subjects=2)
    # TorchEEG knows one folder of files, and not those that the archives unpack.
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in (tmp_path / "files").rglob("*.mat"):
        shutil.copy(path, flat)
    clips = theirs("AMIGOSDataset", tmp_path / "cache", root_path=str(flat), chunk_size=-1, num_trial=0)
    # TorchEEG numbers a subject's cells by their position; which video they hold is in VideoIDs.
    by_video = {}
    for info, eeg in clips:
        names = loadmat(flat / f"Data_Preprocessed_P{info['subject_id']:02d}.mat")["VideoIDs"][0]
        by_video[info["subject_id"], str(names[info["trial_id"]].item())] = (info, eeg)
    trials = ours(AmigosConfig(videos="all"), flat)
    assert_agree(trials, by_video, lambda raw, span: (int(raw.subject), span.stimulus))
    assert [name.upper() for name in trials[0][0].channels] == channels_of("AMIGOS")
    for raw, span, _ in trials:
        info, _ = by_video[int(raw.subject), span.stimulus]
        said = {name: value for name, value in span.ratings.items() if not name.startswith("external_")}
        assert said == {name: info[name] for name in said} and len(said) == 12
    # One trial, which holds NaN, TorchEEG keeps.
    read = {(int(raw.subject), span.stimulus) for raw, span, _ in trials}
    assert {key: np.isnan(eeg).any() for key, (_, eeg) in by_video.items() if key not in read} == {(1, "20"): True}


def test_the_short_videos_of_amigos_are_not_the_first_sixteen_cells(tmp_path):
    """TorchEEG's default takes positions; in a file whose cells come in another order, that is other videos."""
    write_amigos(tmp_path / "files", n_subjects=1)
    flat = tmp_path / "files" / "Data_Preprocessed_P01"
    names = [str(name.item()) for name in loadmat(flat / "Data_Preprocessed_P01.mat")["VideoIDs"][0]]
    clips = theirs("AMIGOSDataset", tmp_path / "cache", root_path=str(flat), chunk_size=-1)
    read = {span.stimulus for _, span, _ in ours(AmigosConfig(), flat)}
    assert {names[info["trial_id"]] for info, _ in clips} & {"N1", "P1", "B1", "U1"}
    assert not read & {"N1", "P1", "B1", "U1"}


def test_dreamer(tmp_path):
    write_dreamer(tmp_path / "files", n_subjects=2)
    clips = theirs(
        "DREAMERDataset",
        tmp_path / "cache",
        mat_path=str(tmp_path / "files" / "DREAMER.mat"),
        num_baseline=4,
        chunk_size=-1,
    )
    trials = ours(DreamerConfig(), tmp_path / "files")
    assert len(clips) == len(trials) == 36
    by_trial = {(info["subject_id"] + 1, info["trial_id"] + 1): (info, eeg) for info, eeg in clips}
    assert_agree(trials, by_trial, lambda raw, span: (int(raw.subject), span.trial))
    assert [name.upper() for name in trials[0][0].channels] == channels_of("DREAMER")
    for raw, span, _ in trials:
        info, _ = by_trial[int(raw.subject), span.trial]
        assert {name: info[name] for name in ("valence", "arousal", "dominance")} == span.ratings


def test_seed(tmp_path):
    write_seed(tmp_path / "files", n_subjects=2, n_sessions=2, trial_s=2)
    clips = theirs(
        "SEEDDataset", tmp_path / "cache", root_path=str(tmp_path / "files" / "Preprocessed_EEG"), chunk_size=-1
    )
    trials = ours(SeedConfig(), tmp_path / "files")
    assert len(clips) == len(trials) == 60
    # TorchEEG keeps the day instead of the session.
    days: dict[int, list[int]] = {}
    for info, _ in clips:
        days[info["subject_id"]] = sorted({*days.get(info["subject_id"], []), info["date"]})
    by_trial = {
        (info["subject_id"], days[info["subject_id"]].index(info["date"]) + 1, int(info["trial_id"].split("eeg")[1])): (
            info,
            eeg,
        )
        for info, eeg in clips
    }

    def key(raw: RawRecording, span: TrialSpan) -> tuple[int, int, int]:
        return int(raw.subject), int(raw.session), span.trial

    assert_agree(trials, by_trial, key)
    assert [name.upper() for name in trials[0][0].channels] == channels_of("SEED")
    assert all(span.condition == SEED_EMOTIONS[by_trial[key(raw, span)][0]["emotion"]] for raw, span, _ in trials)


def test_seed_iv(tmp_path):
    write_seed_iv(tmp_path / "files", n_subjects=2, n_sessions=3, trial_s=2)
    clips = theirs(
        "SEEDIVDataset", tmp_path / "cache", root_path=str(tmp_path / "files" / "eeg_raw_data"), chunk_size=-1
    )
    trials = ours(SeedIvConfig(), tmp_path / "files")
    assert len(clips) == len(trials) == 144
    by_trial = {(info["subject_id"], int(info["session_id"]), info["trial_id"]): (info, eeg) for info, eeg in clips}

    def key(raw: RawRecording, span: TrialSpan) -> tuple[int, int, int]:
        return int(raw.subject), int(raw.session), span.trial

    assert_agree(trials, by_trial, key)
    assert all(span.condition == SEED_IV_EMOTIONS[by_trial[key(raw, span)][0]["emotion"]] for raw, span, _ in trials)


def test_faced(tmp_path):
    write_faced(tmp_path / "files", n_subjects=1)
    clips = theirs(
        "FACEDDataset", tmp_path / "cache", root_path=str(tmp_path / "files" / "Processed_data"), chunk_size=-1
    )
    trials = ours(FacedConfig(), tmp_path / "files")
    assert len(clips) == len(trials) == 28
    by_trial = {info["trial_id"] + 1: (info, eeg) for info, eeg in clips}
    assert_agree(trials, by_trial, lambda raw, span: span.trial)
    assert [name.upper() for name in trials[0][0].channels] == channels_of("FACED")
    assert all(span.condition == FACED_EMOTIONS[by_trial[span.trial][0]["emotion"]] for _, span, _ in trials)


def test_mahnob_hci(tmp_path):
    write_mahnob_hci(tmp_path / "files", n_subjects=1)
    clips = theirs(
        "MAHNOBDataset",
        tmp_path / "cache",
        root_path=str(tmp_path / "files" / "Sessions"),
        sampling_rate=256,
        baseline_chunk_size=256,
        num_trial_sample=0,
        chunk_size=-1,
    )
    trials = ours(MahnobHciConfig(), tmp_path / "files")
    assert len(clips) == len(trials) == 2
    # TorchEEG starts a film one sample after its mark.
    late = [(raw, span, eeg[:, 1:]) for raw, span, eeg in trials]
    by_trial = {info["trial_id"].lower(): (info, eeg) for info, eeg in clips}
    assert_agree(late, by_trial, lambda raw, span: span.stimulus)
    assert [name.upper() for name in trials[0][0].channels] == channels_of("MAHNOB")
    names = {"valence": "feltVlnc", "arousal": "feltArsl", "dominance": "feltCtrl", "predictability": "feltPred"}
    for raw, span, _ in trials:
        info, _ = by_trial[span.stimulus]
        assert str(info["subject_id"]) == raw.subject
        assert {name: info[theirs_] for name, theirs_ in names.items()} == span.ratings


# --- corpora distributed as features ------------------------------------------------------------------------------


def assert_features_agree(
    corpus: FeatureCorpus, folder: Path, clips: Theirs, emotions: Mapping[int, str] | Sequence[str], *, from_zero: str
) -> None:
    """Compare every window's values and condition; ``from_zero`` names what TorchEEG counts from 0: trial, session."""
    n_clips = 0
    for source in corpus.discover(folder):
        session = int(source.session) - ("session" in from_zero)
        mine = [
            (info, values)
            for info, values in clips
            if int(info["subject_id"]) == int(source.subject) and int(info.get("session_id", session)) == session
        ]
        mine.sort(key=lambda clip: (clip[0]["trial_id"], clip[0]["start_at"]))
        n_clips += len(mine)
        got = corpus.read_features(source)
        np.testing.assert_allclose(got.values, np.stack([values for _, values in mine]), rtol=1e-6)
        assert got.table["trial"].tolist() == [info["trial_id"] + ("trial" in from_zero) for info, _ in mine]
        assert got.table["condition"].tolist() == [emotions[info["emotion"]] for info, _ in mine]
    assert n_clips == len(clips)


def test_features_of_seed(tmp_path):
    write_seed_features(
        tmp_path / "files", n_subjects=1, n_sessions=2, variables=("asm_LDS", "de_LDS", "de_movingAve"), window_s=1
    )
    folder = tmp_path / "files" / "ExtractedFeatures"
    clips = theirs("SEEDFeatureDataset", tmp_path / "cache", root_path=str(folder), feature=["de_LDS"])
    assert_features_agree(SeedFeaturesConfig(), folder, clips, SEED_EMOTIONS, from_zero="session")


def test_features_of_seed_iv(tmp_path):
    write_seed_iv_features(tmp_path / "files", n_subjects=2, n_sessions=3)
    folder = tmp_path / "files" / "eeg_feature_smooth"
    clips = theirs("SEEDIVFeatureDataset", tmp_path / "cache", root_path=str(folder), feature=["psd_movingAve"])
    corpus = SeedIvFeaturesConfig(feature="psd", smoothing="movingAve")
    assert_features_agree(corpus, tmp_path / "files", clips, SEED_IV_EMOTIONS, from_zero="")


def test_features_of_seed_v(tmp_path):
    write_seed_v_features(tmp_path / "files", n_subjects=2)
    folder = next((tmp_path / "files").rglob("*.npz")).parent
    clips = theirs("SEEDVFeatureDataset", tmp_path / "cache", root_path=str(folder))
    assert_features_agree(SeedVFeaturesConfig(), tmp_path / "files", clips, SEED_V_EMOTIONS, from_zero="trial, session")


def test_features_of_faced(tmp_path):
    write_faced_features(tmp_path / "files", n_subjects=2)
    # TorchEEG renames the files that it is given.
    folder = tmp_path / "copy"
    shutil.copytree(tmp_path / "files" / "EEG_Features" / "DE", folder)
    clips = theirs("FACEDFeatureDataset", tmp_path / "cache", root_path=str(folder))
    assert_features_agree(FacedFeaturesConfig(), tmp_path / "files", clips, FACED_EMOTIONS, from_zero="trial")
